"""The public sets: labelled messages with their official splits, where a folder holds them as <set>/data.jsonl."""

import json
from collections import defaultdict
from pathlib import Path

SETS = {
    "multinlu_es": ("multinlu_es_en", "es"),
    "banking77": ("banking77", None),
    "clinc150": ("clinc150", None),
    "hwu64": ("hwu64", None),
}
"""Name of each set, its folder, and its language where it has several."""

OUT_OF_SCOPE = "oos"

Labelled = list[tuple[str, str]]
"""Pairs of text and label."""

Splits = dict[str, Labelled]
"""By name: train, test, and validation where the set has one, from which nobody learns."""


def splits(folder: Path, name: str) -> Splits | None:
    """The official splits; None where the folder lacks the set."""
    directory, language = SETS[name]
    path = folder / directory / "data.jsonl"
    if not path.exists():
        return None
    found: defaultdict[str, Labelled] = defaultdict(list)
    with path.open(encoding="utf-8") as lines:
        for record in map(json.loads, lines):
            if record["label"] != OUT_OF_SCOPE and language in (None, record["lang"]):
                found[record["split"]].append((record["text"], record["label"]))
    return dict(found)


def held_out(train: Labelled) -> tuple[Labelled, Labelled]:
    """Train without every tenth message, and those, to calibrate on."""
    return [one for place, one in enumerate(train) if place % 10], train[::10]
