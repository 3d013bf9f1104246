"""Starting runs: their names, and which attempt a run needs next.

A run that is under way is left alone; a failed one is redriven where that is possible and else tried anew; one that
succeeded is refused unless it is asked for again.
"""

import json
import re
import secrets
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from criba.aws import Aws
from criba.errors import BadInput, CribaError
from criba.executions import Attempt, attempts, latest_everywhere
from criba.ledgers import ledger
from pipeline_code.contracts import ANY, RUN_ID, SOURCE

QUALITY_GATE = "Criba.QualityGate"


@dataclass(frozen=True)
class Scope:
    """Which raw messages a score run takes; `*` stands for all sources, or for an open end."""

    source: str = ANY
    date_from: str = ANY
    date_to: str = ANY


@dataclass(frozen=True)
class Started:
    """What became of a request to start a run: `action` is started, already running, redriven or new attempt."""

    action: str
    workflow: str
    run_id: str
    attempt: int
    execution_arn: str


def new_run_id(workflow: str) -> str:
    """A name for a new run: the workflow, the date (UTC) and six random hex digits."""
    return f"{workflow}-{datetime.now(UTC):%Y%m%d}-{secrets.token_hex(3)}"


def scope(source: str | None, date_from: str | None, date_to: str | None) -> Scope | None:
    """The scope that the options describe, None when none was given. Raises BadInput."""
    if source is None and date_from is None and date_to is None:
        return None
    if source is not None:
        check_source(source)
    dates = [check_date(date) if date else ANY for date in (date_from, date_to)]
    if ANY not in dates and dates[0] > dates[1]:
        raise BadInput(f"--from {dates[0]} is later than --to {dates[1]}: turn them round")
    return Scope(source or ANY, *dates)


def check_source(source: str) -> str:
    if not SOURCE.fullmatch(source):
        raise BadInput(
            f"--source {source!r} is no name of a source: write lower-case letters, digits and hyphens, at most 31"
        )
    return source


def check_date(date: str) -> str:
    """`date` if it is a date that exists, as YYYY-MM-DD. Raises BadInput."""
    try:
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", date):
            raise ValueError
        datetime.strptime(date, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise BadInput(f"{date!r} is not a date: write YYYY-MM-DD, such as 2026-03-02") from None
    return date


def start(
    aws: Aws,
    workflow: str,
    *,
    run_id: str | None = None,
    again: bool = False,
    kind: str = "person",
    wanted: dict[str, Any] | None = None,
) -> Started:
    """Start the run `run_id` (a new one when None), or bring it a step on.

    `wanted` joins the execution's input; a later attempt takes the first one's and refuses to differ from it.
    Raises BadInput, and CribaError for a run that already succeeded.
    """
    run_id = run_id or new_run_id(workflow)
    if not RUN_ID.fullmatch(run_id):
        raise BadInput(f"--run-id {run_id!r} cannot name a run: write 1 to 40 lower-case letters, digits or hyphens")
    known = attempts(aws, workflow, run_id)
    if not known:
        return _first(aws, workflow, run_id, kind, wanted or {}, again)
    _require_same(known[-1], wanted or {})
    return _next(aws, known[-1], again)


def redrive(aws: Aws, run_id: str, workflow: str | None = None) -> Started:
    """Bring a failed run on: redriven where possible, else a new attempt. Raises CribaError if it did not fail."""
    attempt = find(aws, run_id, workflow)
    if attempt.status == "SUCCEEDED":
        raise CribaError(f"run {run_id} succeeded: there is nothing to redrive. To do it once more: --again on start")
    return _next(aws, attempt, again=False)


def accept(aws: Aws, run_id: str, reason: str, workflow: str | None = None) -> Started:
    """Try a run anew that the quality gate has stopped: with the same records, as they are.

    Raises BadInput without a reason, and CribaError for a run that was not stopped there.
    """
    if not reason.strip():
        raise BadInput("--reason is empty: say why these records may be scored, for whoever reads the ledger")
    attempt = find(aws, run_id, workflow)
    if not (attempt.reason or "").startswith(QUALITY_GATE):
        raise CribaError(f"run {run_id} is {attempt.status} and was not stopped by the quality gate: nothing to accept")
    accepted = {"by": aws.caller, "reason": reason.strip()}
    given = {**attempt.input, "started_by": aws.caller, "accept_quality": accepted}
    return begin(aws, attempt.workflow, run_id, attempt.number + 1, given, "new attempt")


def find(aws: Aws, run_id: str, workflow: str | None = None) -> Attempt:
    """The latest attempt of a run. Raises CribaError for a run that nobody knows, or that two workflows know."""
    found = [one for one in latest_everywhere(aws, run_id) if workflow in (None, one.workflow)]
    if not found:
        raise CribaError(f"no run {run_id!r} is known. See them all with: criba runs list")
    if len(found) > 1:
        names = " and ".join(one.workflow for one in found)
        raise CribaError(f"run {run_id!r} is known to {names}: say which with --workflow")
    return found[0]


def _first(aws: Aws, workflow: str, run_id: str, kind: str, wanted: dict[str, Any], again: bool) -> Started:
    """Start attempt 1, unless a ledger remembers a success whose execution AWS has forgotten (after 90 days)."""
    closed = ledger(aws, workflow, run_id)
    if closed and closed["status"] == "SUCCEEDED" and not again:
        raise _succeeded(run_id)
    given = {"trigger": {"kind": kind, "id": aws.caller}, "started_by": aws.caller, **wanted}
    if workflow == "score":
        given.setdefault("scope", asdict(Scope()))
    return begin(aws, workflow, run_id, 1, given, "started")


def _next(aws: Aws, latest: Attempt, again: bool) -> Started:
    if latest.under_way:
        return _told(latest, "already running")
    if latest.status == "SUCCEEDED" and not again:
        raise _succeeded(latest.run_id)
    if latest.redrivable:
        aws.states.redrive_execution(executionArn=latest.arn)
        return _told(latest, "redriven")
    given = {**latest.input, "started_by": aws.caller}
    return begin(aws, latest.workflow, latest.run_id, latest.number + 1, given, "new attempt")


def _require_same(latest: Attempt, wanted: dict[str, Any]) -> None:
    for name, value in wanted.items():
        if latest.input.get(name) != value:
            raise BadInput(
                f"run {latest.run_id} was started with {name} {json.dumps(latest.input.get(name))}, which is not "
                f"{json.dumps(value)}: leave the options out, or choose another --run-id"
            )


def begin(aws: Aws, workflow: str, run_id: str, attempt: int, given: dict[str, Any], action: str) -> Started:
    """Start the execution `<run_id>-<attempt>`, whatever became of those before."""
    arn = aws.states.start_execution(
        stateMachineArn=aws.deployment.machine(workflow),
        name=f"{run_id}-{attempt}",
        input=json.dumps({**given, "run_id": run_id, "attempt": attempt}),
    )["executionArn"]
    return Started(action, workflow, run_id, attempt, arn)


def _told(attempt: Attempt, action: str) -> Started:
    return Started(action, attempt.workflow, attempt.run_id, attempt.number, attempt.arn)


def _succeeded(run_id: str) -> CribaError:
    return CribaError(f"run {run_id} already succeeded. To do it once more, with the same messages: --again")
