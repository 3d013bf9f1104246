"""Backfills: a range of days scored in order, each in a run of its own; asked for again, only what is missing."""

import hashlib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from criba import executions, runs
from criba.aws import Aws
from criba.errors import BadInput
from criba.executions import Attempt
from criba.ledgers import ledger
from criba.runs import Scope, Started
from pipeline_code.contracts import ANY

WORKFLOW = "backfill"
MOST_DAYS = 366
MOST_AT_ONCE = 10
_ENDED = ("Day scored", "Day was done", "Day failed")


@dataclass(frozen=True)
class Backfill:
    """Which days of which source, and how many of them at once."""

    scope: Scope
    concurrency: int

    @property
    def days(self) -> int:
        return (date.fromisoformat(self.scope.date_to) - date.fromisoformat(self.scope.date_from)).days + 1

    @property
    def run_id(self) -> str:
        """The same for the same days and source, so that it is found again."""
        source = self.scope.source
        of_source = "" if source == ANY else f"-{hashlib.sha256(source.encode()).hexdigest()[:8]}"
        return f"backfill-{self.scope.date_from}-{self.scope.date_to}{of_source}"


def backfill(source: str | None, date_from: str, date_to: str, concurrency: int) -> Backfill:
    """What the options describe. Raises BadInput."""
    scope = runs.scope(source, date_from, date_to)
    if scope is None:
        raise BadInput("a backfill needs its days: say --from and --to")
    wanted = Backfill(scope, concurrency)
    if wanted.days > MOST_DAYS:
        raise BadInput(f"{date_from} to {date_to} are {wanted.days} days, a backfill has {MOST_DAYS} at most: split it")
    return wanted


def start(aws: Aws, wanted: Backfill, *, again: bool = False) -> Started | None:
    """Start a backfill, or what is missing of one; None when nothing is.

    With `again`, finished days are scored once more, in runs of their own; one of those that broke off is gone on with.
    """
    known = executions.attempts(aws, WORKFLOW, wanted.run_id)
    latest = known[-1] if known else None
    if latest and latest.under_way:
        return Started("already running", WORKFLOW, wanted.run_id, latest.number, latest.arn)
    generation = latest.input["generation"] if latest else 0
    is_done = latest.status == "SUCCEEDED" if latest else _remembered(aws, wanted)
    if is_done and not again:
        return None
    if again and (is_done or generation == 0):
        generation += 1
    action = "new attempt" if latest else "started"
    given = {
        "trigger": {"kind": "person", "id": aws.caller},
        "started_by": aws.caller,
        "scope": asdict(wanted.scope),
        "concurrency": wanted.concurrency,
        "generation": generation,
    }
    return runs.begin(aws, WORKFLOW, wanted.run_id, latest.number + 1 if latest else 1, given, action)


def follow(aws: Aws, run_id: str, day_ended: Callable[[dict[str, Any]], None]) -> Attempt:
    """Call `day_ended` with each day's {day, run_id, status} as it ends, and return the attempt once it has."""

    def hear(event: dict[str, Any]) -> None:
        told = event.get("stateExitedEventDetails", {})
        if told.get("name") in _ENDED:
            day_ended(executions.output_of(told))

    return executions.listen(aws, executions.attempts(aws, WORKFLOW, run_id)[-1], hear, with_data=True)


def _remembered(aws: Aws, wanted: Backfill) -> bool:
    """Whether a ledger tells of a success that AWS has forgotten (after 90 days)."""
    closed = ledger(aws, WORKFLOW, wanted.run_id)
    return closed is not None and closed["status"] == "SUCCEEDED"
