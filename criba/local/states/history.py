"""The history of an execution, event by event, and the event that tells others of its status."""

import json
import threading
from datetime import UTC, datetime
from typing import Any

from criba.local import events
from criba.local.cloudwatch import counting

_lock = threading.Lock()
Execution = dict[str, Any]


def now() -> str:
    """The time as Step Functions writes it, such as 2026-01-31T12:00:00.000Z."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def add(execution: Execution, type_: str, details: dict[str, Any] | None = None) -> dict[str, Any]:
    """Append one event; from any thread of the execution."""
    with _lock:
        number = len(execution["events"]) + 1
        event = {"id": number, "previousEventId": number - 1, "type": type_, "timestamp": now(), **(details or {})}
        execution["events"].append(event)
    return event


def add_named(execution: Execution, type_: str, **details: Any) -> None:
    """Append one event whose details stand under the event's own name, as nearly all do."""
    add(execution, type_, {f"{type_[0].lower()}{type_[1:]}EventDetails": details})


def entered(execution: Execution, state: dict[str, Any], name: str, data: Any) -> None:
    details = {"name": name, "input": json.dumps(data)}
    add(execution, f"{state['Type']}StateEntered", {"stateEnteredEventDetails": details})


def exited(execution: Execution, state: dict[str, Any], name: str, output: Any, assigned: dict[str, Any]) -> None:
    details: dict[str, Any] = {"name": name, "output": json.dumps(output)}
    if assigned:
        details["assignedVariables"] = {variable: json.dumps(value) for variable, value in assigned.items()}
    add(execution, f"{state['Type']}StateExited", {"stateExitedEventDetails": details})


def tell_status(execution: Execution) -> None:
    """Put `Step Functions Execution Status Change` on the default bus, as AWS does at every change of a status."""
    if execution.get("sync"):  # started and awaited by a call, as express machines are
        return
    status = execution["status"]
    detail = {
        name: execution.get(name)
        for name in ("executionArn", "stateMachineArn", "name", "status", "input", "error", "cause")
    }
    detail |= {name: _millis(execution.get(name)) for name in ("startDate", "stopDate", "redriveDate")}
    detail |= {
        "inputDetails": {"included": True},
        "output": execution.get("output") if status == "SUCCEEDED" else None,
        "outputDetails": {"included": True} if status == "SUCCEEDED" else None,
        "stateMachineVersionArn": None,
        "stateMachineAliasArn": None,
        "redriveCount": execution.get("criba", {}).get("redrives", 0),
        "redriveStatus": "REDRIVABLE" if status in ("FAILED", "TIMED_OUT", "ABORTED") else "NOT_REDRIVABLE",
    }
    counting.ended(execution["stateMachineArn"], status)
    events.emit("aws.states", "Step Functions Execution Status Change", detail, [execution["executionArn"]])


def _millis(time: str | None) -> int | None:
    return round(datetime.fromisoformat(time).timestamp() * 1000) if time else None
