"""One message as a person writes it: an opening, what it is about, some context, a closing, and haste."""

import unicodedata
from dataclasses import dataclass
from random import Random

from criba.sample.lexicon import Lexicon, categories, lexicon
from criba.sample.noise import Habits, unsettle
from pipeline_code.contracts import OUT_OF_SCOPE

AMBIGUOUS_SHARE = 0.05
"""Share of messages whose words fit two categories, so that no model can know all labels."""


@dataclass(frozen=True)
class Style:
    """How the people of one source write."""

    opening: float
    context: float
    closing: float
    habits: Habits
    between: str = " "


STYLES = {
    "web-form": Style(0.5, 0.45, 0.5, Habits(0.12, 0.15, 0.12, 0.02, 0.05, 0.06, 0.02)),
    "email": Style(0.95, 0.7, 0.95, Habits(0.03, 0.05, 0.06, 0.01, 0.01, 0.10, 0.0), "\n"),
    "app": Style(0.2, 0.2, 0.15, Habits(0.45, 0.4, 0.2, 0.05, 0.25, 0.03, 0.3)),
    "call-center": Style(0.4, 0.5, 0.2, Habits(0.85, 0.1, 0.05, 0.0, 0.0, 0.08, 0.0)),
}


@dataclass(frozen=True)
class Message:
    """What somebody wrote, and what it is about."""

    text: str
    label: str
    language: str


class Writer:
    """Writes messages of a seed, never two with the same words."""

    def __init__(self, seed: str) -> None:
        self._rng = Random(seed)  # noqa: S311 - reproducible on purpose
        self._written: set[str] = set()

    def write(self, label: str, language: str, style: Style) -> Message:
        """A message whose words, case and accents apart, this writer has not used before."""
        while True:
            text = _compose(label, lexicon(language), style, self._rng)
            if (words := _words(text)) not in self._written:
                self._written.add(words)
                return Message(unsettle(text, language, style.habits, self._rng), label, language)


def plan(count: int, shares: dict[str, float], rng: Random) -> list[tuple[str, str]]:
    """`count` pairs of label and language in random order: labels as even as can be, languages by `shares`."""
    labels = categories()
    pairs: list[tuple[str, str]] = []
    for i, label in enumerate(labels):
        of_label = count // len(labels) + (i < count % len(labels))
        languages = by_share(of_label, shares)
        pairs += [(label, language) for language in languages]
    rng.shuffle(pairs)
    return pairs


def by_share(count: int, shares: dict[str, float]) -> list[str]:
    """`count` languages; the first takes what rounding leaves."""
    rest = {language: int(count * share) for language, share in list(shares.items())[1:]}
    first = next(iter(shares))
    return [first] * (count - sum(rest.values())) + [language for language, n in rest.items() for _ in range(n)]


def _compose(label: str, words: Lexicon, style: Style, rng: Random) -> str:
    facts = words.facts(rng)
    parts = [_core(label, words, rng)]
    if rng.random() < style.context:
        parts.insert(rng.randrange(2), rng.choice(words.contexts))
    if rng.random() < style.context / 4:
        parts.append(rng.choice(words.contexts))
    if rng.random() < style.opening:
        parts.insert(0, rng.choice(words.openings))
    if rng.random() < style.closing:
        parts.append(rng.choice(words.closings))
    said = [words.say(part, facts, rng) for part in parts]
    return style.between.join(part if part.endswith("?") else f"{part}." for part in said)


def _core(label: str, words: Lexicon, rng: Random) -> str:
    if label == OUT_OF_SCOPE:
        return rng.choice(words.out_of_scope)
    either = [one.phrasing for one in words.ambiguous if label in one.labels]
    if either and rng.random() < AMBIGUOUS_SHARE:
        return rng.choice(either)
    return rng.choice(words.core[label])


def _words(text: str) -> str:
    """The text without case, accents and punctuation: what a duplicate is told by."""
    plain = unicodedata.normalize("NFD", text.casefold())
    return " ".join("".join(c if c.isalnum() else " " for c in plain if not unicodedata.combining(c)).split())
