"""Seen: messages and their answers as arrays, one entry a message, and their totals, from which all signals follow."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from pipeline_code.classifier.unknown import Known, Looked, look
from pipeline_code.monitoring.statistics import REVIEW, Observation

LENGTH_EDGES = np.unique(np.rint(2 ** np.arange(0, 13.01, 0.5))).astype(np.int64)
"""Characters from which on a text is half an octave longer."""

HALF_OCTAVES = len(LENGTH_EDGES) + 1
CONFIDENCE_BINS = 10
TOGETHER = 4_096
OTHER = ""
"""Stands for every language or label that the baseline does not hold."""

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Kinds:
    """What a baseline tells apart: languages and labels (OTHER is the last of each), and edges between confidences."""

    languages: list[str]
    labels: list[str]
    confidence_edges: list[float]

    @classmethod
    def of(cls, observations: Sequence[Observation]) -> Self:
        """Confidences are cut where each part holds a tenth of the messages; equal ones stay together."""
        languages = sorted({one.language for one in observations if one.language})
        labels = sorted({one.label for one in observations if one.label})
        confidences = [one.confidence for one in observations if one.confidence is not None]
        if not confidences:
            return cls([*languages, OTHER], [*labels, OTHER], [])
        cuts = np.quantile(confidences, np.linspace(0, 1, CONFIDENCE_BINS + 1)[1:-1])
        return cls([*languages, OTHER], [*labels, OTHER], np.unique(cuts.round(3)).tolist())


@dataclass(frozen=True)
class Seen:
    """One entry a message. Answers count where `scored`; elsewhere they are 0. `language` and `label` are positions."""

    looked: Looked
    length: Integers
    language: Integers
    scored: NDArray[np.bool_]
    in_scope_score: Floats
    confidence: Floats
    review: NDArray[np.bool_]
    label: Integers

    @classmethod
    def of(cls, texts: Sequence[str], observations: Sequence[Observation], known: Known, kinds: Kinds) -> Self:
        """The texts, and what is observed of each: languages and labels that `kinds` lacks become OTHER."""
        languages, labels = _positions(kinds.languages), _positions(kinds.labels)
        return cls(
            looked=look(texts, known),
            length=np.array([one.length or 0 for one in observations], np.int64),
            language=_placed([one.language for one in observations], languages),
            scored=np.array([one.label is not None for one in observations], np.bool_),
            in_scope_score=np.array([one.in_scope_score or 0.0 for one in observations], np.float64),
            confidence=np.array([one.confidence or 0.0 for one in observations], np.float64),
            review=np.array([one.decision == REVIEW for one in observations], np.bool_),
            label=_placed([one.label for one in observations], labels),
        )

    def __len__(self) -> int:
        return len(self.length)

    @property
    def unknown_ngram_rate(self) -> Floats:
        """Share of each message's n-grams that training did not hold; 0 where it has none."""
        return self.looked.unknown_ngrams / np.maximum(self.looked.ngrams, 1)

    def part(self, chosen: Integers) -> "Seen":
        """Some of the messages, in the order of `chosen`, repeated ones too."""
        rest = ("length", "language", "scored", "in_scope_score", "confidence", "review", "label")
        return Seen(self.looked.part(chosen), *(getattr(self, name)[chosen] for name in rest))

    def columns(self, kinds: Kinds) -> NDArray[np.float32]:
        """Messages x what is summed of each, in the order of `Totals`; counts of kinds are spread over columns."""
        answers = np.stack([self.scored, self.in_scope_score, self.review], axis=1)
        confidence = np.searchsorted(kinds.confidence_edges, self.confidence, side="right")
        texts = (np.ones(len(self)), self.unknown_ngram_rate, self.looked.unknown_words, self.looked.words)
        parts = [
            np.stack(texts, axis=1),
            answers,
            _spread(self.language, len(kinds.languages)),
            _spread(np.searchsorted(LENGTH_EDGES, self.length, side="right"), HALF_OCTAVES),
            _spread(confidence, len(kinds.confidence_edges) + 1) * self.scored[:, np.newaxis],
            _spread(self.label, len(kinds.labels)) * self.scored[:, np.newaxis],
            self.looked.places,
        ]
        return np.concatenate(parts, axis=1, dtype=np.float32)


class Totals(NamedTuple):
    """Sums over messages. Each may have leading dimensions: one for each of many batches."""

    messages: Floats
    unknown_ngram_rate: Floats
    unknown_words: Floats
    words: Floats
    scored: Floats
    in_scope_score: Floats
    review: Floats
    languages: Floats
    lengths: Floats
    confidences: Floats
    labels: Floats
    places: Floats

    @classmethod
    def cut(cls, sums: NDArray[Any], kinds: Kinds) -> Self:
        """Take sums of `Seen.columns` apart (… x columns)."""
        widths = {"languages": len(kinds.languages), "lengths": HALF_OCTAVES, "labels": len(kinds.labels)}
        widths["confidences"] = len(kinds.confidence_edges) + 1
        found: dict[str, Floats] = {}
        at = 0
        for name in cls._fields[:-1]:
            width = widths.get(name)
            found[name] = sums[..., at] if width is None else sums[..., at : at + width]
            at += width or 1
        return cls(**found, places=sums[..., at:])

    @classmethod
    def over(cls, seen: Seen, kinds: Kinds) -> Self:
        """The totals of all messages, some thousand at a time, so that memory does not grow with them."""
        starts = range(0, max(len(seen), 1), TOGETHER)
        blocks = (seen.part(np.arange(start, min(start + TOGETHER, len(seen)))) for start in starts)
        return cls.cut(np.sum([block.columns(kinds).sum(axis=0, dtype=np.float64) for block in blocks], axis=0), kinds)


def _positions(names: Sequence[str]) -> Mapping[str, int]:
    return {name: place for place, name in enumerate(names)}


def _placed(names: Sequence[str | None], positions: Mapping[str, int]) -> Integers:
    return np.array([positions.get(name or OTHER, positions[OTHER]) for name in names], np.int64)


def _spread(positions: Integers, width: int) -> NDArray[np.float32]:
    """One row a message, with a 1 at its position."""
    spread = np.zeros((len(positions), width), np.float32)
    spread[np.arange(len(positions)), positions] = 1
    return spread
