"""Metrics: how well predicted labels agree with the true ones, and how far their confidence can be trusted."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

CONFIDENCE_BINS = 10
OTHERS = "(other labels)"

Counts = NDArray[np.int64]


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


@dataclass(frozen=True)
class Bin:
    """Messages of similar confidence: how sure the model was of them on average, and how often it was right."""

    confidence: float
    accuracy: float
    examples: int


def score(truth: Sequence[str], predicted: Sequence[str]) -> Scores:
    """Compare two sequences of equal, positive length."""
    right = Counter(label for label, guess in zip(truth, predicted, strict=True) if label == guess)
    true, guessed = Counter(truth), Counter(predicted)
    per_label = {label: _label_score(right[label], true[label], guessed[label]) for label in sorted(true)}
    macro_f1 = sum(one.f1 for one in per_label.values()) / len(per_label)
    return Scores(right.total() / len(truth), macro_f1, len(truth), per_label)


def confusion(truth: Sequence[str], predicted: Sequence[str], labels: Sequence[str]) -> Counts:
    """Counts, true labels down and predicted ones across, both in the order of `labels`."""
    position = {label: place for place, label in enumerate(labels)}
    counts = np.zeros((len(labels), len(labels)), dtype=np.int64)
    np.add.at(counts, ([position[label] for label in truth], [position[label] for label in predicted]), 1)
    return counts


def folded(counts: Counts, labels: Sequence[str], kept: NDArray[np.int64]) -> tuple[Counts, list[str]]:
    """A smaller confusion matrix: the labels at the positions `kept`, then all others together as OTHERS."""
    if len(kept) == len(labels):
        return counts[np.ix_(kept, kept)], [labels[place] for place in kept]
    target = np.full(len(labels), len(kept))
    target[kept] = np.arange(len(kept))
    smaller = np.zeros((len(kept) + 1, len(kept) + 1), dtype=np.int64)
    np.add.at(smaller, (target[:, np.newaxis], target[np.newaxis, :]), counts)
    return smaller, [*(labels[place] for place in kept), OTHERS]


def reliability(right: NDArray[np.bool_], confidence: NDArray[np.float32]) -> list[Bin]:
    """Ten bins of equal width; in an empty one both means are 0."""
    places = np.minimum((confidence * CONFIDENCE_BINS).astype(int), CONFIDENCE_BINS - 1)
    examples = np.bincount(places, minlength=CONFIDENCE_BINS)
    sure = np.bincount(places, weights=confidence.astype(float), minlength=CONFIDENCE_BINS)
    hits = np.bincount(places, weights=right, minlength=CONFIDENCE_BINS)
    columns = zip(sure, hits, examples.tolist(), strict=True)
    return [Bin(float(total / max(count, 1)), float(hit / max(count, 1)), count) for total, hit, count in columns]


def expected_calibration_error(right: NDArray[np.bool_], confidence: NDArray[np.float32]) -> float:
    """Mean distance between confidence and accuracy, over ten bins of equal width, weighted by their messages."""
    bins = reliability(right, confidence)
    return sum(abs(one.confidence - one.accuracy) * one.examples for one in bins) / len(right)


def coverage_curve(right: NDArray[np.bool_], confidence: NDArray[np.float32]) -> NDArray[np.float64]:
    """Pairs (share of messages, accuracy on them), most confident first, one for each threshold that can be set.

    Messages of equal confidence stand or fall together: no threshold parts them.
    """
    order = np.argsort(-confidence, kind="stable")
    taken = np.arange(1, len(order) + 1)
    accuracy = np.cumsum(right[order]) / taken
    last_of_its_confidence = np.diff(confidence[order], append=-1) != 0
    curve: NDArray[np.float64] = np.column_stack([taken / len(order), accuracy])[last_of_its_confidence]
    return curve


def coverage_at(curve: NDArray[np.float64], accuracy: float) -> float:
    """Largest share of the messages that are right at that rate, most confident first; 0 where none is."""
    reached = curve[curve[:, 1] >= accuracy, 0]
    return float(reached.max(initial=0.0))


def _label_score(right: int, true: int, guessed: int) -> LabelScore:
    precision = right / guessed if guessed else 0.0
    return LabelScore(precision, recall=right / true, f1=2 * right / (true + guessed), examples=true)
