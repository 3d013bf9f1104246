"""Trials: batches drawn from a stream, with and without strangers, judged as the monitor judges them.

A round splits the held-out messages anew into a baseline and what is yet to come, so that the figures are of the
method and not of one lucky baseline. Batches that fit are drawn without a message twice, as messages come; larger ones
with, so that they say less than their size.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from benchmarks.drift.streams import Stream, Watched
from pipeline_code.monitoring.baseline import MOST_MESSAGES, Baseline
from pipeline_code.monitoring.seen import Seen, Totals
from pipeline_code.monitoring.signals import SIGNALS
from pipeline_code.monitoring.verdict import Verdict, judge

RATES = (5, 10, 25)
"""Per cent of a batch that are strangers."""

PAGING_RATE = 25
MOST_BATCHES = 4
"""Batches running after which a shift counts as never paged."""

JUDGED = [signal.name for signal in SIGNALS if signal.judged]


@dataclass
class Counts:
    """How often each signal warned, any of them did, and how many pairs of batches paged."""

    batches: int = 0
    warned: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    pairs: int = 0
    paged: int = 0

    def add(self, verdict: Verdict) -> None:
        self.batches += 1
        names = [one.signal.name for one in verdict.findings if one.warns]
        for name in [*names, *(["joint"] if names else [])]:
            self.warned[name] += 1

    def rates(self) -> dict[str, float]:
        return {name: self.warned[name] / max(self.batches, 1) for name in [*JUDGED, "joint"]}


@dataclass
class Found:
    """What the trials of one stream have counted: null batches by size, drifted ones by shift and rate."""

    null: dict[int, Counts] = field(default_factory=lambda: defaultdict(Counts))
    drifted: dict[str, dict[int, Counts]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(Counts)))
    batches_to_page: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))


@dataclass(frozen=True)
class Round:
    """One baseline, and what is drawn from: messages yet to come, and strangers."""

    baseline: Baseline
    to_come: Seen
    strangers: dict[str, Seen]


@dataclass(frozen=True)
class Plan:
    """How much is tried: rounds, pairs of null batches in each by size, batches of each shift and rate in each."""

    rounds: int = 12
    pairs: dict[int, int] = field(default_factory=lambda: {1_000: 25, 10_000: 8})
    batches: int = 5
    size: int = 1_000


def run(stream: Stream, plan: Plan, told: Callable[[str], None]) -> Found:
    """Every trial of one stream."""
    found = Found()
    for number in range(plan.rounds):
        told(f"{stream.name}: round {number + 1} of {plan.rounds}")
        one, rng = _round(stream, number), np.random.default_rng(number)
        for size, pairs in plan.pairs.items():
            for _ in range(pairs):
                _pair(one, size, rng, found.null[size])
        for kind in stream.strangers:
            for _ in range(plan.batches):
                for rate in RATES:
                    found.drifted[kind][rate].add(_judge(one, _batch(one, plan.size, rng, kind, rate)))
                found.batches_to_page[kind].append(_until_paged(one, plan.size, rng, kind))
    return found


def parts(stream: Stream, number: int) -> tuple[Watched, Watched]:
    """The held-out messages of a round: the baseline's, as many as one takes or half, and those yet to come."""
    order = np.random.default_rng(number).permutation(len(stream.held_out.texts)).tolist()
    kept = min(MOST_MESSAGES, len(order) // 2)
    return stream.held_out.part(order[:kept]), stream.held_out.part(order[kept:])


def _round(stream: Stream, number: int) -> Round:
    kept, to_come = parts(stream, number)
    baseline, _ = Baseline.of(stream.name, kept.texts, kept.seen, stream.learnt)

    def seen(watched: Watched) -> Seen:
        return Seen.of(watched.texts, watched.seen, baseline.known, baseline.kinds)

    return Round(baseline, seen(to_come), {kind: seen(of) for kind, of in stream.strangers.items()})


def _pair(one: Round, size: int, rng: np.random.Generator, counts: Counts) -> None:
    """Two batches running, the second judged after the first."""
    far: list[str] = []
    for _ in range(2):
        verdict = _judge(one, _batch(one, size, rng), far)
        counts.add(verdict)
        far = [finding.signal.name for finding in verdict.findings if finding.far]
    counts.pairs += 1
    counts.paged += any(finding.pages for finding in verdict.findings)


def _until_paged(one: Round, size: int, rng: np.random.Generator, kind: str) -> int:
    far: Sequence[str] = ()
    for number in range(1, MOST_BATCHES + 1):
        verdict = _judge(one, _batch(one, size, rng, kind, PAGING_RATE), far)
        if any(finding.pages for finding in verdict.findings):
            return number
        far = [finding.signal.name for finding in verdict.findings if finding.far]
    return MOST_BATCHES + 1


def _judge(one: Round, batch: Totals, far_before: Sequence[str] = ()) -> Verdict:
    return judge(batch, one.baseline, far_before)


def _batch(one: Round, size: int, rng: np.random.Generator, kind: str = "", rate: int = 0) -> Totals:
    """Totals of a batch of which `rate` per cent are strangers of a kind."""
    strangers = size * rate // 100
    parts = [one.to_come.part(drawn(rng, len(one.to_come), size - strangers))]
    if strangers:
        parts.append(one.strangers[kind].part(drawn(rng, len(one.strangers[kind]), strangers)))
    totals = [Totals.over(part, one.baseline.kinds) for part in parts]
    return Totals(*(sum(columns[1:], start=columns[0]) for columns in zip(*totals, strict=True)))


def drawn(rng: np.random.Generator, there: int, wanted: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Places, none twice if there are enough."""
    return rng.choice(there, wanted, replace=wanted > there)
