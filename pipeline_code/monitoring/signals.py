"""Signals: what of a batch is measured, each a number that follows from the totals of the batch and of the baseline."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pipeline_code.contracts import DATA_SIGNALS, MODEL_SIGNALS
from pipeline_code.monitoring.seen import Floats, Totals

DATA, MODEL = "data", "model"
SMOOTHING = 0.5
"""Added to each count before shares are compared by their logarithms."""


@dataclass(frozen=True)
class Signal:
    """A number of a batch, and how it is judged.

    `drifts` is 1 where high values tell of drift, -1 where low ones do. A value nearer to what is expected than `least`
    is no drift, however rare it is. What is not `judged` is measured and drawn, but neither warns nor pages.
    """

    name: str
    kind: str
    measure: Callable[[Totals, Totals], Floats]
    words: str
    least: float
    drifts: int = 1
    judged: bool = True


def _share(part: Floats, whole: Floats) -> Floats:
    share: Floats = part / np.maximum(whole, 1e-9)
    return share


def _shares(counts: Floats, smoothing: float = 0.0) -> Floats:
    """Counts (… x kinds) as shares of their sum; all 0 where there is nothing and no smoothing."""
    smooth = counts + smoothing
    return _share(smooth, smooth.sum(axis=-1, keepdims=True))


def _psi(counts: Floats, expected: Floats) -> Floats:
    """Population stability index: (p - q) ln(p / q), summed over the kinds."""
    ours, theirs = _shares(counts, SMOOTHING), _shares(expected, SMOOTHING)
    index: Floats = ((ours - theirs) * np.log(ours / theirs)).sum(axis=-1)
    return index


def _languages(batch: Totals, baseline: Totals) -> Floats:
    """Total variation: the share of messages that would have to change their language."""
    distance: Floats = np.abs(_shares(batch.languages) - _shares(baseline.languages)).sum(axis=-1) / 2
    return distance


def _lengths(batch: Totals, baseline: Totals) -> Floats:
    """Wasserstein distance: by how many octaves (doublings) lengths have moved on average."""
    apart = _shares(batch.lengths).cumsum(axis=-1) - _shares(baseline.lengths).cumsum(axis=-1)
    distance: Floats = np.abs(apart).sum(axis=-1) / 2
    return distance


def _places(batch: Totals, baseline: Totals) -> Floats:
    """Squared distance between the mean places of texts: the maximum mean discrepancy of a linear kernel."""
    apart = _share(batch.places, batch.messages[..., np.newaxis]) - baseline.places / baseline.messages
    distance: Floats = (apart**2).sum(axis=-1)
    return distance


SIGNALS = (
    Signal(
        "unknown_ngram_rate",
        DATA,
        lambda batch, _: _share(batch.unknown_ngram_rate, batch.messages),
        "share of a message's n-grams that training did not hold",
        0.003,
    ),
    Signal(
        "out_of_vocabulary_rate",
        DATA,
        lambda batch, _: _share(batch.unknown_words, batch.words),
        "share of words that training did not hold",
        0.005,
    ),
    Signal("language_mix_distance", DATA, _languages, "share of messages in another language than before", 0.01),
    Signal("length_distance", DATA, _lengths, "octaves by which lengths have moved", 0.05),
    Signal("centroid_mmd", DATA, _places, "squared distance between the mean texts, by hashed n-grams", 0.0005),
    Signal(
        "mean_max_score",
        MODEL,
        lambda batch, _: _share(batch.in_scope_score, batch.scored),
        "mean in-scope score of the labels given",
        0.01,
        drifts=-1,
    ),
    Signal(
        "confidence_psi",
        MODEL,
        lambda batch, baseline: _psi(batch.confidences, baseline.confidences),
        "how far the histogram of confidences has moved",
        0.01,
        judged=False,
    ),
    Signal(
        "label_psi",
        MODEL,
        lambda batch, baseline: _psi(batch.labels, baseline.labels),
        "how far the mix of labels given has moved",
        0.01,
    ),
    Signal(
        "review_rate",
        MODEL,
        lambda batch, _: _share(batch.review, batch.scored),
        "share of the scored messages that are for review",
        0.01,
        judged=False,
    ),
)
METRICS = {**DATA_SIGNALS, **MODEL_SIGNALS}
"""Each signal's metric."""


def measured(batch: Totals, baseline: Totals) -> dict[str, Floats]:
    """Every signal of one batch, or of many at once."""
    return {signal.name: signal.measure(batch, baseline) for signal in SIGNALS}
