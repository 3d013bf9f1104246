"""The gate after cleaning: each source's delivery judged by the dataset-level rules, and reported.

One source that is out of order stops the whole run: a run is one account, and its predictions count once all of it has
succeeded. Sources that shall not wait for one another are given runs of their own, by markers of their own.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from glue_jobs.quality.history import KEPT_DATES, History, read_history, record
from glue_jobs.quality.measures import MEASURES, Situation, expected
from glue_jobs.quality.profile import Profile
from glue_jobs.raw.claims import Scope
from pipeline_code.contracts import ANY
from pipeline_code.quality_rules import LABELS, QUALITY_RULES, STRAYS, QualityRule

PASS, WARN, STOP, NOT_JUDGED = "pass", "warn", "stop", "not judged"
AT_ONCE = 16
MOST_FINDINGS = 20
LONGEST_CAUSE = 2000


@dataclass(frozen=True)
class Limits:
    """The settings of one source: `<rule>_warn`, `<rule>_stop`, `min_history`, `min_records`; inf is never reached."""

    values: Mapping[str, float]

    def of(self, rule: QualityRule) -> tuple[float, float]:
        return self.values[f"{rule.name}_warn"], self.values[f"{rule.name}_stop"]


@dataclass(frozen=True)
class Gate:
    """How a run is judged: the limits of all sources and of single ones, and when the run began."""

    general: Limits
    sources: Mapping[str, Limits]
    now: datetime

    @classmethod
    def of(cls, limits: str, now: str) -> Gate:
        """Read the job's arguments: JSON as the settings write it, and an ISO 8601 moment; raises ValueError."""
        try:
            given = json.loads(limits)
            began = datetime.fromisoformat(now).astimezone(UTC)
            own = {source: Limits(values) for source, values in given["sources"].items()}
            return cls(Limits(given["all"]), own, began)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"--quality, --now: not the limits as JSON and an ISO 8601 moment: {error}") from error

    def limits(self, source: str) -> Limits:
        return self.sources.get(source, self.general)


@dataclass(frozen=True)
class Finding:
    """What one rule says of one source; without a `value` it could not be judged."""

    rule: str
    source: str
    value: float | None
    warn: float
    stop: float
    verdict: str
    note: str

    def sentence(self) -> str:
        """Source, rule, value, limit and what it was made of, without signs that a notification would drop."""
        limit = self.stop if self.verdict == STOP else self.warn
        return f"{self.source}: {self.rule} {_number(self.value)} is above {_number(limit)} ({self.note})"


@dataclass(frozen=True)
class Judgement:
    """Everything that is known of a run's quality, for the report and for the state machine."""

    situations: Sequence[Situation]
    findings: Sequence[Finding]

    @property
    def verdict(self) -> str:
        found = {one.verdict for one in self.findings}
        return STOP if STOP in found else WARN if WARN in found else PASS

    @property
    def raised(self) -> list[Finding]:
        """Findings that warn or stop, those that stop first."""
        return sorted(
            (one for one in self.findings if one.verdict in (WARN, STOP)),
            key=lambda one: (one.verdict != STOP, one.source, one.rule),
        )

    def summary(self) -> dict[str, Any]:
        """What the state machine reads: bounded, whatever was found."""
        return {
            "verdict": self.verdict,
            "said": _said(self.raised),
            "findings": len(self.raised),
            "raised": Counter(one.rule for one in self.raised),
            "sources": [_figures(here) for here in self.situations],
        }

    def report(self) -> dict[str, Any]:
        """The content of quality.json, but for the run's own name. Numbers that never are reached are None."""
        return {
            "verdict": self.verdict,
            "rules": [{name: _finite(value) for name, value in asdict(one).items()} for one in self.findings],
            "sources": [{**_figures(here), **_details(here)} for here in self.situations],
        }


def situations(
    bucket: str, run_id: str, kind: str, found: Sequence[Profile], gate: Gate, scope: Scope
) -> list[Situation]:
    """Each profile beside its source's history. A source that the run does not ask for, and that sent nothing, is no
    matter of this run."""
    asked = [one for one in found if one.landed or scope.source in (ANY, one.source)]

    def situation(profile: Profile) -> Situation:
        limits = gate.limits(profile.source).values
        is_known = profile.source != STRAYS
        return Situation(
            kind=kind,
            profile=profile,
            history=read_history(bucket, kind, profile.source, without=run_id) if is_known else History(),
            scope=scope,
            now=gate.now,
            min_history=int(limits["min_history"]),
            min_records=int(limits["min_records"]),
        )

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(situation, asked))


def judge(found: Sequence[Situation], gate: Gate) -> Judgement:
    """Judge every source by every rule for its kind."""
    return Judgement(found, [one for here in found for one in _findings(here, gate)])


def remember(bucket: str, run_id: str, judgement: Judgement) -> None:
    """Put what the run counted into the histories; what stands under no source has none."""
    known = [here for here in judgement.situations if here.profile.source != STRAYS]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda here: record(bucket, here.kind, here.profile, run_id), known))


def _findings(here: Situation, gate: Gate) -> Iterator[Finding]:
    limits = gate.limits(here.profile.source)
    for rule in QUALITY_RULES:
        if here.kind not in rule.of or (here.profile.source == STRAYS and rule.name != "quarantine_rate"):
            continue
        measured = MEASURES[rule.name](here)
        warn, stop = limits.of(rule)
        value = measured.value
        if value is None:
            verdict = NOT_JUDGED
        elif value > stop and here.profile.source != STRAYS:
            verdict = STOP
        else:
            # Strays are all in quarantine: a misspelt folder is no reason to hold what others sent.
            verdict = WARN if value > warn else PASS
        yield Finding(rule.name, here.profile.source, value, warn, stop, verdict, measured.note)


def _figures(here: Situation) -> dict[str, Any]:
    """Counts and rates of one source; what cannot be told of nothing is left out."""
    profile = here.profile
    figures = {
        "source": profile.source,
        "landed": profile.landed,
        "kept": profile.kept,
        "duplicates": profile.duplicates,
        "quarantined": profile.quarantined,
        "quarantine_rate": profile.share(profile.quarantined),
        "duplicate_rate": profile.share(profile.duplicates),
        "freshness_hours": MEASURES["freshness_hours"](here).value if here.kind != LABELS else None,
    }
    return {
        name: round(value, 6) if isinstance(value, float) else value
        for name, value in figures.items()
        if value is not None
    }


def _details(here: Situation) -> dict[str, Any]:
    profile, history = here.profile, here.history
    around = expected(here, max(profile.days, default=here.today))
    return {
        "reasons": profile.reasons,
        "languages": profile.languages,
        "earlier_languages": history.languages,
        "labels": profile.labels,
        "earlier_labels": history.latest_labels,
        "lengths": {str(power): count for power, count in sorted(profile.lengths.items())},
        "newest": here.newest and here.newest.isoformat(),
        "ours": {day: counts.landed for day, counts in profile.days.items()},
        "earlier": history.by_run
        if here.kind == LABELS
        else _without_gaps(history.by_date, max(here.totals, default="")),
        "expected": around and asdict(around),
    }


def _without_gaps(counts: Mapping[str, int], last: str) -> dict[str, int]:
    """Counts of every date up to `last`, so that a date without messages is seen; of the latest 60."""
    if not counts:
        return {}
    end = date.fromisoformat(last)
    first = max(date.fromisoformat(min(counts)), end - timedelta(days=KEPT_DATES - 1))
    days = ((first + timedelta(days=n)).isoformat() for n in range((end - first).days + 1))
    return {day: counts.get(day, 0) for day in days}


def _said(raised: Sequence[Finding]) -> str:
    """All that warns or stops, as sentences, with what to do about what stops; cut where it becomes unreadable."""
    advice = {rule.name: rule.advice for rule in QUALITY_RULES}
    sentences = [one.sentence() for one in raised[:MOST_FINDINGS]]
    if len(raised) > MOST_FINDINGS:
        sentences.append(f"and {len(raised) - MOST_FINDINGS} more")
    todo = list(dict.fromkeys(advice[one.rule] for one in raised if one.verdict == STOP))
    said = "; ".join(sentences) + (f". What to do: {'; '.join(todo)}" if todo else "")
    return said if len(said) <= LONGEST_CAUSE else f"{said[:LONGEST_CAUSE]}..."


def _number(value: float | None) -> str:
    return f"{value:.4g}" if value is not None and value < 1000 else f"{value:.0f}"


def _finite(value: object) -> object:
    return None if value == float("inf") else value
