"""Metrics: how well predicted labels agree with the true ones."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

CONFIDENCE_BINS = 10


@dataclass(frozen=True)
class LabelScore:
    """One label's figures in 0..1, 0 where nothing was predicted; `examples` truly have the label."""

    precision: float
    recall: float
    f1: float
    examples: int


@dataclass(frozen=True)
class Scores:
    """`per_label` and the mean `macro_f1` go over the labels that the true ones hold, and no others."""

    accuracy: float
    macro_f1: float
    examples: int
    per_label: dict[str, LabelScore]


def score(truth: Sequence[str], predicted: Sequence[str]) -> Scores:
    """Compare two sequences of equal, positive length."""
    right = Counter(label for label, guess in zip(truth, predicted, strict=True) if label == guess)
    true, guessed = Counter(truth), Counter(predicted)
    per_label = {label: _label_score(right[label], true[label], guessed[label]) for label in sorted(true)}
    macro_f1 = sum(one.f1 for one in per_label.values()) / len(per_label)
    return Scores(right.total() / len(truth), macro_f1, len(truth), per_label)


def confusion(truth: Sequence[str], predicted: Sequence[str], labels: Sequence[str]) -> NDArray[np.int64]:
    """Counts, true labels down and predicted ones across, both in the order of `labels`."""
    position = {label: place for place, label in enumerate(labels)}
    counts = np.zeros((len(labels), len(labels)), dtype=np.int64)
    np.add.at(counts, ([position[label] for label in truth], [position[label] for label in predicted]), 1)
    return counts


def expected_calibration_error(right: NDArray[np.bool_], confidence: NDArray[np.float32]) -> float:
    """Mean distance between confidence and accuracy, over ten bins of equal width, weighted by their messages."""
    bins = np.minimum((confidence * CONFIDENCE_BINS).astype(int), CONFIDENCE_BINS - 1)
    distance = np.bincount(bins, weights=confidence.astype(float) - right)
    return float(np.abs(distance).sum() / len(right))


def _label_score(right: int, true: int, guessed: int) -> LabelScore:
    precision = right / guessed if guessed else 0.0
    return LabelScore(precision, recall=right / true, f1=2 * right / (true + guessed), examples=true)
