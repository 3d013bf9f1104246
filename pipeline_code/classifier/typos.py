"""Typos: messages written as hurried people write them, so that the classifier has seen some."""

from collections.abc import Sequence
from random import Random

NEIGHBOURS = {
    letter: row[max(place - 1, 0) : place] + row[place + 1 : place + 2]
    for row in ("qwertyuiop", "asdfghjklñ", "zxcvbnm")
    for place, letter in enumerate(row)
}
"""The letters beside each on a keyboard."""


def with_typos(texts: Sequence[str], rate: float, seed: int) -> list[str]:
    """Spoil about a share `rate` of the characters of each text. The same arguments give the same texts."""
    random = Random(f"typos {seed}")  # noqa: S311 - reproducible on purpose
    return [
        "".join(_spoilt(character, random) if random.random() < rate else character for character in text)
        for text in texts
    ]


def _spoilt(character: str, random: Random) -> str:
    """The character left out, doubled, or replaced by its neighbour."""
    return random.choice(["", character * 2, random.choice(NEIGHBOURS.get(character.lower(), character))])
