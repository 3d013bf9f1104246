"""The labelled messages, and how a redaction compares with them.

A file holds one message a line, personal data marked as `[[KIND:what stands there]]`. A kind is a placeholder's name,
or of a NATIONAL_ID its country and name, as in `[[ES_DNI:…]]`.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from glue_jobs.privacy import Redact

FOLDER = Path(__file__).with_name("pii")
PARTS = ("tuning", "held_out")
LANGUAGES = ("en", "es", "pt")
MARK = re.compile(r"\[\[(?P<kind>[A-Z_]+):(?P<data>.*?)]]")
PLACEHOLDER = re.compile(r"<([A-Z_]+)>")

Span = tuple[str, int, int]
"""A placeholder's name, and where the personal data begins and ends in the text."""


@dataclass(frozen=True)
class Labelled:
    """A message as its writer wrote it, and the personal data in it."""

    text: str
    spans: frozenset[Span]
    kinds: tuple[str, ...]


@dataclass
class Score:
    """How many spans were found as they are marked, made up, and missed, by placeholder."""

    found: Counter[str] = field(default_factory=Counter)
    made_up: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)

    def precision(self, kind: str | None = None) -> float:
        return _share(_of(self.found, kind), _of(self.made_up, kind))

    def recall(self, kind: str | None = None) -> float:
        return _share(_of(self.found, kind), _of(self.missed, kind))


def messages(part: str, *languages: str) -> list[Labelled]:
    """The messages of a part in some languages."""
    files = (FOLDER / f"{part}.{language}.txt" for language in languages)
    return [_labelled(line) for file in files for line in file.read_text(encoding="utf-8").splitlines()]


def _labelled(line: str) -> Labelled:
    spans, text, end = set(), "", 0
    for mark in MARK.finditer(line):
        text += line[end : mark.start()]
        spans.add((_placeholder(mark["kind"]), len(text), len(text) + len(mark["data"])))
        text += mark["data"]
        end = mark.end()
    return Labelled(text + line[end:], frozenset(spans), tuple(mark["kind"] for mark in MARK.finditer(line)))


def redacted_spans(text: str, redacted: str) -> frozenset[Span]:
    """Where the placeholders of a redacted text stand in the text that it was."""
    pattern, names = "", PLACEHOLDER.findall(redacted)
    for number, part in enumerate(PLACEHOLDER.split(redacted)):
        pattern += "(.+?)" if number % 2 else re.escape(part)
    match = re.fullmatch(pattern, text, re.DOTALL)
    assert match is not None, "a redaction changes nothing but what it replaces"
    return frozenset((name, *match.span(number)) for number, name in enumerate(names, 1))


def score(labelled: Iterable[Labelled], redact: Redact) -> Score:
    """Compare a redaction with the labels: a span counts as found when type, beginning and end are right."""
    total = Score()
    for message in labelled:
        found = redacted_spans(message.text, redact(message.text))
        total.found.update(kind for kind, _, _ in found & message.spans)
        total.made_up.update(kind for kind, _, _ in found - message.spans)
        total.missed.update(kind for kind, _, _ in message.spans - found)
    return total


def _placeholder(kind: str) -> str:
    return "NATIONAL_ID" if "_" in kind else kind


def _of(counts: Counter[str], kind: str | None) -> int:
    return counts.total() if kind is None else counts[kind]


def _share(right: int, wrong: int) -> float:
    return right / (right + wrong) if right + wrong else 1.0
