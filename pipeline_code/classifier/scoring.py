"""Scoring: weights of one byte each, the raw scores of a text, and what is decided from them."""

from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np
from numba import types
from numpy.typing import NDArray

from pipeline_code.classifier.compiled import called_with, inner, struct
from pipeline_code.classifier.features import BYTES, LOOKUP, MOST_ROWS, OFFSETS, Floats, Lookup, weigh
from pipeline_code.classifier.gates import Gates
from pipeline_code.classifier.hashing import room

LANES = 16
"""A row of weights is padded to a multiple of this, as many as the processor takes in a few steps."""

FARTHEST = np.float32(40)
"""A label farther behind, in units of the temperature, counts as if it were here: for nothing."""

LOWEST = np.float32(-1e30)
"""The raw score of the padding, which no label is below."""


@dataclass(frozen=True)
class Weights:
    """A linear model: rows x labels as `levels` (int8) times their row's `scales`, and a `bias` for each label."""

    levels: NDArray[np.int8]
    scales: Floats
    bias: Floats

    @classmethod
    def rounded(cls, weights: Floats, bias: Floats) -> Self:
        """Round each row (rows x labels) to 255 levels, the largest of which is its largest weight."""
        scales = np.maximum(np.abs(weights).max(axis=1), np.finfo(np.float32).tiny) / 127
        levels = np.rint(weights / scales[:, np.newaxis]).astype(np.int8)
        return cls(levels, scales.astype(np.float32), bias.astype(np.float32))


class Scorer(NamedTuple):
    """All that the kernel reads to judge a text: the lookup, the weights, temperature, gates, and the labels' count."""

    lookup: Lookup
    levels: NDArray[np.int8]
    scales: Floats
    bias: Floats
    temperature: float
    min_confidence: float
    min_in_scope_score: float
    labels: int


SCORER = struct(
    Scorer,
    LOOKUP,
    types.int8[:, ::1],
    types.float32[::1],
    types.float32[::1],
    *[types.float64] * 3,
    types.int64,
)


def scorer(lookup: Lookup, weights: Weights, temperature: float, gates: Gates) -> Scorer:
    labels = len(weights.bias)
    more = -labels % LANES
    return Scorer(
        lookup,
        np.ascontiguousarray(np.pad(weights.levels, ((0, 0), (0, more)))),
        weights.scales,
        np.pad(weights.bias, (0, more), constant_values=LOWEST),
        temperature,
        gates.min_confidence,
        gates.min_in_scope_score,
        labels,
    )


@inner
def score(rows: Any, values: Any, used: int, model: Any, scores: Any) -> None:
    """Write the raw score of every label (and of the padding) of a text of which `used` rows are known."""
    for label in range(len(scores)):
        scores[label] = model.bias[label]
    # Four rows at a time: the sums are then read and written a quarter as often. Rows of weight 0 fill up the last.
    for place in range(used, used + 3):
        rows[place], values[place] = 0, 0
    for place in range(0, used, 4):
        a, b, c, d = rows[place], rows[place + 1], rows[place + 2], rows[place + 3]
        of_a, of_b = values[place] * model.scales[a], values[place + 1] * model.scales[b]
        of_c, of_d = values[place + 2] * model.scales[c], values[place + 3] * model.scales[d]
        for label in range(len(scores)):
            scores[label] += (
                of_a * np.float32(model.levels[a, label])
                + of_b * np.float32(model.levels[b, label])
                + of_c * np.float32(model.levels[c, label])
                + of_d * np.float32(model.levels[d, label])
            )


@inner
def _exponential(below: Any) -> Any:
    """exp of a number from -FARTHEST to 0, to six digits: Taylor's series of a 32nd, to its 32nd power.

    Without branches and tables, so that the processor takes eight labels at a time.
    """
    part = below * np.float32(1 / 32)
    power = np.float32(1 / 40320)
    for factor in (5040, 720, 120, 24, 6, 2, 1, 1):
        power = power * part + np.float32(1 / factor)
    for _ in range(5):
        power *= power
    return power


@inner
def judge(scores: Any, lanes: Any, known: Any, model: Any) -> tuple[int, Any, Any, bool]:
    """The label's position, confidence, in-scope score, and whether a person should look.

    Confidence is the softmax of the scores over the temperature. A text of which nothing is known is for review.
    lanes: room for LANES numbers, which the labels share so that none waits for the one before it.
    """
    lanes[:] = scores[:LANES]
    for label in range(LANES, len(scores), LANES):
        for lane in range(LANES):
            lanes[lane] = max(lanes[lane], scores[label + lane])
    highest, sharpness = lanes.max(), np.float32(1 / model.temperature)
    lanes[:] = 0
    for label in range(0, len(scores), LANES):
        for lane in range(LANES):
            lanes[lane] += _exponential(max((scores[label + lane] - highest) * sharpness, -FARTHEST))
    best = 0
    while scores[best] != highest and best < model.labels - 1:
        best += 1
    confidence, in_scope_score = np.float32(1) / lanes.sum(), highest - model.bias[best]
    review = not known or confidence < model.min_confidence or in_scope_score < model.min_in_scope_score
    return best, confidence, in_scope_score, review


@called_with(
    types.void(BYTES, OFFSETS, SCORER, types.float32[:, ::1], types.int64[::1], types.float32[:, ::1], types.bool_[::1])
)
def judge_texts(together: Any, offsets: Any, model: Any, scores: Any, labels: Any, sureness: Any, review: Any) -> None:
    """Write for each packed text its raw scores (texts x labels), its label's position, its confidence and in-scope
    score (texts x 2), and whether it is for review."""
    of_one = room()
    seen, padded_scores = np.zeros(len(model.lookup.idf), np.uint8), np.empty(len(model.bias), np.float32)
    rows, values = np.empty(MOST_ROWS + 3, np.int32), np.empty(MOST_ROWS + 3, np.float32)
    lanes = np.empty(LANES, np.float32)
    for text in range(len(offsets) - 1):
        used = weigh(together, offsets[text], offsets[text + 1], model.lookup, seen, of_one, rows, values)
        score(rows, values, used, model, padded_scores)
        scores[text] = padded_scores[: model.labels]
        labels[text], sureness[text, 0], sureness[text, 1], review[text] = judge(padded_scores, lanes, used > 0, model)
