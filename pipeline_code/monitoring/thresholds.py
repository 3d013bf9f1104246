"""Thresholds: how far a signal strays by chance in a batch of a given size, by a double bootstrap of the baseline.

The baseline is itself a sample: were its messages drawn anew, everything that is compared with it would move a little.
So each trial draws the baseline anew first and then a batch from that draw; without the first step batches of some
thousand messages would be held against a certainty that nobody has, and nearly all of them would warn.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline_code.monitoring.seen import Floats, Kinds, Seen, Totals
from pipeline_code.monitoring.signals import SIGNALS, Signal, measured

SIZES = (100, 250, 500, 1_000, 2_500, 5_000, 10_000, 20_000)
"""Messages of a batch for which limits are drawn; between them they are interpolated."""

TRIALS = 1_000
SEED = 0
WARN_QUANTILE, PAGE_DEVIATIONS = 0.99, 4.0


@dataclass(frozen=True)
class Limit:
    """What a signal is expected to be in a batch of so many messages, and beyond which value it warns and pages."""

    messages: int
    expected: float
    warn: float
    page: float


Limits = Mapping[str, Sequence[Limit]]
"""By signal, the sizes ascending."""


def bootstrap(baseline: Seen, kinds: Kinds, sizes: Sequence[int] = SIZES, trials: int = TRIALS) -> Limits:
    """Limits of every signal for batches of `sizes`; the same baseline gives the same limits."""
    columns = baseline.columns(kinds)
    reference = Totals.cut(columns.sum(axis=0, dtype=np.float64), kinds)
    rng = np.random.default_rng(SEED)
    drawn = rng.integers(0, len(baseline), (trials, len(baseline)), dtype=np.int32)
    found: dict[str, list[Limit]] = {signal.name: [] for signal in SIGNALS}
    for size in sizes:
        values = measured(_batches(rng, drawn, size, columns, kinds), reference)
        for signal in SIGNALS:
            found[signal.name].append(_limit(signal, size, values[signal.name]))
    return found


def at(limits: Sequence[Limit], messages: int, baseline: int) -> Limit:
    """The limit for a batch of a size between those drawn, and of the largest size for what is larger.

    What chance does to a signal shrinks with the root of 1/messages + 1/baseline, along which is interpolated.
    """
    spread = [-np.sqrt(1 / one.messages + 1 / baseline) for one in limits]
    here = -np.sqrt(1 / messages + 1 / baseline)
    values = (np.interp(here, spread, [getattr(one, name) for one in limits]) for name in ("expected", "warn", "page"))
    return Limit(messages, *(float(value) for value in values))


def _batches(
    rng: np.random.Generator, drawn: NDArray[np.int32], size: int, columns: NDArray[np.float32], kinds: Kinds
) -> Totals:
    """Totals of one batch from each of the drawn baselines."""
    counts = np.empty(drawn.shape, np.float32)
    for trial, one in enumerate(drawn):
        batch = one[rng.integers(0, len(one), size, dtype=np.int32)]
        counts[trial] = np.bincount(batch, minlength=len(one))
    return Totals.cut(counts @ columns, kinds)


def _limit(signal: Signal, size: int, values: Floats) -> Limit:
    """The quantile that few batches pass, and mean and deviations that none does; never nearer than `least`."""
    away = values * signal.drifts
    expected = float(away.mean())
    warn = max(float(np.quantile(away, WARN_QUANTILE)), expected + signal.least)
    page = max(expected + PAGE_DEVIATIONS * float(away.std()), expected + 2 * signal.least, warn)
    return Limit(size, *(signal.drifts * one for one in (expected, warn, page)))
