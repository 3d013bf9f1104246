"""Verdict: which signals of a batch are beyond their limits, and whether people are to be told or woken."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline_code.monitoring.baseline import Baseline
from pipeline_code.monitoring.seen import Totals
from pipeline_code.monitoring.signals import DATA, MODEL, SIGNALS, Signal, measured
from pipeline_code.monitoring.thresholds import SIZES, Limit

FEWEST = SIZES[0]
"""Messages below which neither a batch nor a baseline is judged."""

KINDS = (DATA, MODEL)


@dataclass(frozen=True)
class Finding:
    """A signal of a batch beside its limit. `far` is beyond the page limit, which pages if it was so before, too."""

    signal: Signal
    value: float
    limit: Limit
    was_far: bool = False

    @property
    def warns(self) -> bool:
        return self.signal.judged and self._beyond(self.limit.warn)

    @property
    def far(self) -> bool:
        return self.signal.judged and self._beyond(self.limit.page)

    @property
    def pages(self) -> bool:
        return self.far and self.was_far

    def _beyond(self, bound: float) -> bool:
        return (self.value - bound) * self.signal.drifts > 0


@dataclass(frozen=True)
class Verdict:
    """The findings, and why a kind of drift could not be judged: both kinds for the same reason, or one alone."""

    findings: Sequence[Finding]
    why_not: Mapping[str, str]

    @property
    def judged(self) -> bool:
        return bool(self.findings)

    def of(self, kind: str) -> dict[str, Any]:
        """What summary.json says of one kind."""
        ours = [one for one in self.findings if one.signal.kind == kind]
        return {
            "judged": bool(ours),
            "warn": int(any(one.warns for one in ours)),
            "page": int(any(one.pages for one in ours)),
            "signals": [one.signal.name for one in ours if one.warns],
        }


def judge(batch: Totals, baseline: Baseline, far_before: Collection[str]) -> Verdict:
    """Hold a batch against a baseline; `far_before` are the signals that the previous batch had beyond their page."""
    why_not = reasons(batch, baseline)
    values = measured(batch, baseline.totals)
    findings = []
    for signal in SIGNALS:
        if signal.kind not in why_not:
            limit = baseline.limit(signal.name, int(batch.messages if signal.kind == DATA else batch.scored))
            findings.append(Finding(signal, float(values[signal.name]), limit, signal.name in far_before))
    return Verdict(findings, why_not)


def reasons(batch: Totals, baseline: Baseline) -> dict[str, str]:
    """By kind of drift, why it cannot be judged."""
    if baseline.messages < FEWEST:
        return dict.fromkeys(KINDS, f"the baseline has {baseline.messages} messages: {FEWEST} are needed to judge")
    if batch.messages < FEWEST:
        return dict.fromkeys(KINDS, f"{int(batch.messages)} messages with a text: {FEWEST} are needed to judge")
    if batch.scored < FEWEST:
        return {MODEL: f"{int(batch.scored)} scored messages: {FEWEST} are needed to judge"}
    if baseline.totals.scored == 0:
        return {MODEL: "the baseline has no scored messages"}
    return {}
