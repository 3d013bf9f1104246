"""Row: what one alarm of the table is: its metric, its limit, and what it says to people."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """Who is told: by mail and SMS at any hour, or by mail alone."""

    PAGE = "page"
    WARNING = "warning"


class Missing(StrEnum):
    """What a period without data means, in CloudWatch's words; each row's `silence` says why."""

    FINE = "notBreaching"
    UNCHANGED = "ignore"


@dataclass(frozen=True)
class Metric:
    """One metric with exactly these dimensions, as `statistic` of each period."""

    namespace: str
    name: str
    dimensions: Mapping[str, str]
    statistic: str = "Maximum"
    minutes: int = 5


@dataclass(frozen=True)
class Row:
    """One alarm. It goes off above `limit`, or below it where `is_least`."""

    family: str
    name: str
    severity: Severity
    metric: Metric
    cause: str
    impact: str
    first: str
    runbook: str
    limit: float = 0
    is_least: bool = False
    missing: Missing = Missing.FINE
    silence: str = "only a run publishes it, and between runs nothing has happened"

    @property
    def description(self) -> str:
        """What a person reads first, on a phone perhaps."""
        return f"{self.cause}. Impact: {self.impact}. First: {self.first}. Runbook: docs/runbooks/{self.runbook}.md"


@dataclass(frozen=True)
class Watched:
    """What AWS counts by itself, by the names that CloudWatch has for it."""

    machines: Mapping[str, str]
    queues: Mapping[str, str]
    topics: Mapping[str, str]
    job_rules: Mapping[str, str]
