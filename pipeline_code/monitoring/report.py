"""Report: all that is told of one batch, for people and for the state machine; counts and rates, and never a text."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from pipeline_code.contracts import OUTLIERS
from pipeline_code.errors import InputError
from pipeline_code.monitoring.baseline import Baseline
from pipeline_code.monitoring.batch import Batch
from pipeline_code.monitoring.contract import Request, violation
from pipeline_code.monitoring.outliers import Outlier
from pipeline_code.monitoring.seen import LENGTH_EDGES, Totals
from pipeline_code.monitoring.signals import DATA, METRICS, MODEL
from pipeline_code.monitoring.statistics import Observation
from pipeline_code.monitoring.verdict import Finding, Verdict

MOST_RUNS = 30
"""Judged runs of the model that a report remembers, for its trends."""

MOST_MOVED = 12
NONE = "(none)"
VERDICTS = {
    DATA: {"warn": "DriftWarn", "page": "DriftPage"},
    MODEL: {"warn": "ModelDriftWarn", "page": "ModelDriftPage"},
}
"""Metrics by kind of drift and what summary.json says of it: together DRIFT_VERDICTS."""


@dataclass(frozen=True)
class Memory:
    """What the reports before have handed on: the judged runs of the same model, the latest one last."""

    runs: Sequence[Mapping[str, Any]] = ()

    @classmethod
    def read(cls, path: Path, model_version: str) -> Self:
        """From the previous report.json; nothing where there is none, or where it is of another model."""
        if not path.is_file():
            return cls()
        try:
            report = json.loads(path.read_bytes())
            same, runs = report["model_version"] == model_version, [dict(run) for run in report["runs"]]
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(
                f"the previous {path.name} is damaged ({type(error).__name__}): score that run again"
            ) from error
        return cls(runs if same else ())

    def before(self, run_id: str) -> "Memory":
        """Without the run itself, which may have been reported on before."""
        return Memory([run for run in self.runs if run["run_id"] != run_id])

    @property
    def far(self) -> list[str]:
        """The signals that were beyond their page limit in the latest judged run."""
        return list(self.runs[-1]["far"]) if self.runs else []


@dataclass(frozen=True)
class Report:
    """One batch: what was asked, what was read, what was found. The last three are empty where nothing was judged."""

    request: Request
    batch: Batch
    verdict: Verdict
    memory: Memory
    outliers: Sequence[Outlier] = ()
    outlier_count: int = 0
    mixes: Mapping[str, Any] = field(default_factory=dict)

    @property
    def violations(self) -> list[dict[str, str]]:
        """The content of constraint_violations.json."""
        return [violation(one.signal.name, said(one)) for one in self.verdict.findings if one.warns]

    @property
    def why_not(self) -> str | None:
        return "; ".join(sorted(set(self.verdict.why_not.values()))) or None

    @property
    def words(self) -> str:
        """The whole in a sentence."""
        read = f"{self.batch.records} messages, {self.batch.unscorable} unscorable"
        parts = [
            self.verdict.why_not and f"not judged: {self.why_not}",
            *(one["description"] for one in self.violations),
        ]
        return "; ".join([read, *(part for part in parts if part)] if any(parts) else [read, "no drift"])

    def metrics(self) -> list[dict[str, Any]]:
        """What goes to CloudWatch; of what could not be judged there is no metric."""
        found = [_metric(METRICS[one.signal.name], one.value, "None") for one in self.verdict.findings]
        for kind, names in VERDICTS.items():
            of_kind = self.verdict.of(kind)
            if of_kind["judged"]:
                found += [_metric(name, of_kind[what], "Count") for what, name in names.items()]
        if self.verdict.judged:
            count, rate = OUTLIERS
            found += [_metric(count, self.outlier_count, "Count")]
            found += [_metric(rate, self.outlier_count / max(len(self.batch.ids), 1), "None")]
        return found

    def summary(self) -> dict[str, Any]:
        """The content of summary.json, which the state machine reads."""
        kinds = {f"{kind}_drift": self.verdict.of(kind) for kind in VERDICTS}
        return {
            "run_id": self.request.run_id,
            "records": self.batch.records,
            "unscorable": self.batch.unscorable,
            "model_version": self.request.model_version,
            "judged": self.verdict.judged,
            "why_not": self.why_not,
            "warn": max(one["warn"] for one in kinds.values()),
            "page": max(one["page"] for one in kinds.values()),
            **kinds,
            "metrics": self.metrics(),
            "report": "report.html",
        }

    def content(self) -> dict[str, Any]:
        """The content of report.json."""
        return {
            **{name: value for name, value in self.summary().items() if name != "metrics"},
            "trained_by": self.request.trained_by,
            "window": {"start": self.request.start, "end": self.request.end},
            "notes": self.request.notes,
            "judged_messages": len(self.batch.ids),
            "judged_every": self.batch.every,
            "signals": [_signal(one) for one in self.verdict.findings],
            "mixes": self.mixes,
            "outliers": {"count": self.outlier_count, "listed": [asdict(one) for one in self.outliers[:20]]},
            "runs": self._runs(),
        }

    def outlier_lines(self) -> str:
        """The content of outliers.jsonl: one line a message, in the columns of the catalog's table."""
        told = {"run_id": self.request.run_id, "model_version": self.request.model_version}
        lines = []
        for one in self.outliers:
            source, _, message_id = one.message_id.partition(":")
            rest = {"signal": one.signal, "value": one.value, "threshold": one.threshold}
            lines.append(json.dumps({**told, "source": source, "message_id": message_id, **rest}, ensure_ascii=False))
        return "".join(f"{line}\n" for line in lines)

    def _runs(self) -> list[Mapping[str, Any]]:
        """Earlier judged runs and, if it was judged, this one. One that was not says nothing of what comes next."""
        findings = self.verdict.findings
        if not findings:
            return list(self.memory.runs)
        this = {
            "run_id": self.request.run_id,
            "ended_at": self.request.end,
            "messages": self.batch.records,
            "values": {one.signal.name: one.value for one in findings},
            "warn": {one.signal.name: one.limit.warn for one in findings},
            "far": [one.signal.name for one in findings if one.far],
        }
        return [*self.memory.runs, this][-MOST_RUNS:]


def said(finding: Finding) -> str:
    """A signal beyond its limit, in words."""
    side = "above" if finding.signal.drifts > 0 else "below"
    limit = finding.limit
    paging = "pages: so was the batch before" if finding.pages else f"two batches running {side} {limit.page:.4g} page"
    return (
        f"{finding.signal.name} {finding.value:.4g} is {side} {limit.warn:.4g} "
        f"(expected {limit.expected:.4g}; {paging})"
    )


def mixes(batch: Totals, seen: Sequence[Observation], baseline: Baseline) -> dict[str, Any]:
    """Counts of the batch beside those of the baseline, by what is drawn; new languages by their own names."""
    theirs, kinds = baseline.totals, baseline.kinds
    languages = Counter(one.language or NONE for one in seen)
    names = [name or NONE for name in kinds.languages]
    named = dict(zip(names, theirs.languages.tolist(), strict=True))
    spoken = sorted({*languages, *named})
    starts = [0, *LENGTH_EDGES.tolist()]
    confidences = [f"from {low:.3f}" for low in (0.0, *kinds.confidence_edges)]
    labels = [name or NONE for name in kinds.labels]
    return {
        "languages": _mix(spoken, [languages[one] for one in spoken], [named.get(one, 0) for one in spoken]),
        "labels": _mix(labels, batch.labels.tolist(), theirs.labels.tolist()),
        "lengths": _mix([f"from {start}" for start in starts], batch.lengths.tolist(), theirs.lengths.tolist()),
        "confidences": _mix(confidences, batch.confidences.tolist(), theirs.confidences.tolist()),
    }


def moved(mix: Mapping[str, Mapping[str, float]]) -> list[tuple[str, float, float]]:
    """The kinds whose shares have moved most: name, share of the batch, share of the baseline."""
    ours, theirs = mix["batch"], mix["baseline"]
    all_ours, all_theirs = max(sum(ours.values()), 1), max(sum(theirs.values()), 1)
    shares = [(name, ours[name] / all_ours, theirs[name] / all_theirs) for name in ours]
    return sorted(shares, key=lambda one: -abs(one[1] - one[2]))[:MOST_MOVED]


def _mix(names: Sequence[str], ours: Sequence[float], theirs: Sequence[float]) -> dict[str, dict[str, int]]:
    """Counts by name; what neither has is left out."""
    rows = [(name, int(a), int(b)) for name, a, b in zip(names, ours, theirs, strict=True) if a or b]
    return {"batch": {name: a for name, a, _ in rows}, "baseline": {name: b for name, _, b in rows}}


def _signal(finding: Finding) -> dict[str, Any]:
    return {
        "name": finding.signal.name,
        "kind": finding.signal.kind,
        "words": finding.signal.words,
        "value": finding.value,
        **{name: getattr(finding.limit, name) for name in ("expected", "warn", "page")},
        "judged": finding.signal.judged,
        "verdict": "page" if finding.pages else "far" if finding.far else "warn" if finding.warns else "in order",
    }


def _metric(name: str, value: float, unit: str) -> dict[str, Any]:
    return {"MetricName": name, "Value": value, "Unit": unit}
