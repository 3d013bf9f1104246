"""Pairs: what a person said and what a model had said of one message, read one a line, without id and text."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from pipeline_code.contracts import OUT_OF_SCOPE
from pipeline_code.errors import InputError
from pipeline_code.records import RecordError, records, string_field


@dataclass(frozen=True)
class Pair:
    """One labelled message; `confidence` in 0..1. A `fresh` label has not been judged by an earlier run."""

    label: str
    predicted: str
    confidence: float
    decision: str
    model_version: str
    language: str
    source: str
    fresh: bool = True

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> Self:
        """Raises RecordError where a field is missing or of another kind."""
        words = {name: string_field(dict(record), name) for name in ("label", "predicted", "decision", "model_version")}
        confidence = record.get("confidence")
        if not isinstance(confidence, int | float) or not 0 <= confidence <= 1:
            raise RecordError("confidence is no number from 0 to 1")
        places = {name: str(record.get(name) or "unknown") for name in ("language", "source")}
        return cls(**words, **places, confidence=float(confidence), fresh=bool(record.get("fresh", True)))


@dataclass(frozen=True)
class Pairs:
    """Pairs of one model, as columns. Messages that a person called out of scope are kept apart: no label fits them."""

    truth: list[str]
    predicted: list[str]
    confidence: NDArray[np.float32]
    review: NDArray[np.bool_]
    languages: list[str]
    rejected: list[bool]

    @classmethod
    def of(cls, pairs: Iterable[Pair]) -> Self:
        kept: list[Pair] = []
        rejected: list[bool] = []
        for one in pairs:
            if one.label == OUT_OF_SCOPE:
                rejected.append(one.decision == "review")
            else:
                kept.append(one)
        return cls(
            [one.label for one in kept],
            [one.predicted for one in kept],
            np.array([one.confidence for one in kept], np.float32),
            np.array([one.decision == "review" for one in kept], np.bool_),
            [one.language for one in kept],
            rejected,
        )

    def __len__(self) -> int:
        return len(self.truth)


def read_pairs(folder: Path) -> Iterator[Pair]:
    """All pairs below a folder (*.jsonl), none held. Raises InputError with the file and the record's place in it."""
    for path in sorted(folder.rglob("*.jsonl")):
        for position, record in enumerate(records(path), start=1):
            try:
                yield Pair.of(record)
            except RecordError as error:
                raise InputError(f"{path.name}, record {position}: {error}") from error


def by_version(pairs: Sequence[Pair]) -> dict[str, list[Pair]]:
    """The pairs of each model version, the version with most pairs first."""
    found: dict[str, list[Pair]] = {}
    for one in pairs:
        found.setdefault(one.model_version, []).append(one)
    return dict(sorted(found.items(), key=lambda item: (-len(item[1]), item[0])))
