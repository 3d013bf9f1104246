"""A run's attempts: the executions `<run_id>-<attempt>` of a workflow, what became of them, and what they are doing."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Any

from botocore.exceptions import ClientError

from criba.aws import Aws
from criba.failures import in_words
from pipeline_code.contracts import WORKFLOWS

UNDER_WAY = ("RUNNING", "PENDING_REDRIVE")


@dataclass(frozen=True)
class Attempt:
    """One execution of a run; `number` counts from 1."""

    workflow: str
    run_id: str
    number: int
    arn: str
    status: str
    started_at: datetime
    stopped_at: datetime | None
    input: dict[str, Any]
    reason: str | None
    redrivable: bool

    @property
    def under_way(self) -> bool:
        return self.status in UNDER_WAY

    def summary(self) -> dict[str, Any]:
        """What `runs show --json` tells of an attempt."""
        return {
            "attempt": self.number,
            "status": self.status,
            "execution_arn": self.arn,
            "started_at": self.started_at.isoformat(),
            "stopped_at": self.stopped_at and self.stopped_at.isoformat(),
            "reason": self.reason,
        }


def attempts(aws: Aws, workflow: str, run_id: str) -> list[Attempt]:
    """All attempts of a run, the first one first; empty when the workflow does not know the run."""
    found: list[Attempt] = []
    for number in count(1):
        attempt = _describe(aws, workflow, run_id, number)
        if attempt is None:
            return found
        found.append(attempt)
    raise AssertionError("unreachable: count() does not end")


def latest_everywhere(aws: Aws, run_id: str) -> list[Attempt]:
    """The latest attempt of the run in each workflow that knows it: one at most, unless a name was used twice."""
    return [found[-1] for workflow in WORKFLOWS if (found := attempts(aws, workflow, run_id))]


def _describe(aws: Aws, workflow: str, run_id: str, number: int) -> Attempt | None:
    arn = execution_arn(aws.deployment.machine(workflow), f"{run_id}-{number}")
    try:
        told = aws.states.describe_execution(executionArn=arn)
    except ClientError as error:
        if error.response["Error"]["Code"] == "ExecutionDoesNotExist":
            return None
        raise
    failed = told["status"] in ("FAILED", "TIMED_OUT", "ABORTED")
    return Attempt(
        workflow=workflow,
        run_id=run_id,
        number=number,
        arn=arn,
        status=told["status"],
        started_at=told["startDate"],
        stopped_at=told.get("stopDate"),
        input=json.loads(told.get("input") or "{}"),
        reason=in_words(told.get("error") or told["status"], told.get("cause")) if failed else None,
        redrivable=told.get("redriveStatus") == "REDRIVABLE" and not _is_verdict(told),
    )


def _is_verdict(told: dict[str, Any]) -> bool:
    """Whether a Fail state ended the execution: a redrive would enter that state again, and judge nothing anew."""
    return str(told.get("error", "")).startswith("Criba.")


def execution_arn(machine_arn: str, name: str) -> str:
    """ARN of the execution `name` of a state machine."""
    return f"{machine_arn.replace(':stateMachine:', ':execution:', 1)}:{name}"


def recent(aws: Aws, workflow: str, limit: int) -> Iterator[dict[str, Any]]:
    """The workflow's latest executions: run_id, attempt, workflow, status, started_at, seconds."""
    machine = aws.deployment.machine(workflow)
    for one in aws.states.list_executions(stateMachineArn=machine, maxResults=limit)["executions"]:
        run_id, _, number = one["name"].rpartition("-")
        stopped = one.get("stopDate")
        yield {
            "run_id": run_id or one["name"],
            "attempt": int(number) if number.isdigit() else 1,
            "workflow": workflow,
            "status": one["status"],
            "started_at": one["startDate"].isoformat(),
            "seconds": round((stopped - one["startDate"]).total_seconds(), 1) if stopped else None,
        }


def failed_launch(aws: Aws) -> str | None:
    """Why the latest launch failed, or None if none did: what starts runs on events can itself be refused."""
    failed = aws.states.list_executions(
        stateMachineArn=aws.deployment.launch_state_machine, statusFilter="FAILED", maxResults=1
    )["executions"]
    if not failed:
        return None
    told = aws.states.describe_execution(executionArn=failed[0]["executionArn"])
    return in_words(told.get("error"), told.get("cause"))


def follow(aws: Aws, attempt: Attempt, entered: Callable[[str], None]) -> Attempt:
    """Call `entered` with each state's name as the execution comes to it, and return the attempt once it has ended."""

    def hear(event: dict[str, Any]) -> None:
        if event["type"].endswith("StateEntered"):
            entered(event["stateEnteredEventDetails"]["name"])

    return listen(aws, attempt, hear)


def listen(aws: Aws, attempt: Attempt, hear: Callable[[dict[str, Any]], None], *, with_data: bool = False) -> Attempt:
    """Call `hear` with each event of the execution's history, and return the attempt once it has ended."""
    seen = 0
    for pause in aws.pauses():
        now = _describe(aws, attempt.workflow, attempt.run_id, attempt.number)
        events = _history(aws, attempt.arn, with_data)
        for event in events[seen:]:
            hear(event)
        seen = len(events)
        if now is not None and not now.under_way:
            return now
        time.sleep(pause)
    raise AssertionError("unreachable: pauses() does not end")


def output_of(told: dict[str, Any]) -> dict[str, Any]:
    """The output that an event tells of."""
    output: dict[str, Any] = json.loads(told["output"])
    return output


def _history(aws: Aws, arn: str, with_data: bool) -> list[dict[str, Any]]:
    pages = aws.states.get_paginator("get_execution_history").paginate(executionArn=arn, includeExecutionData=with_data)
    return [event for page in pages for event in page["events"]]
