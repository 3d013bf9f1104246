"""Executions: started once a name, run on a thread of their own, described, and redriven from where they failed."""

import contextvars
import copy
import json
import logging
import re
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from criba.local import emulator
from criba.local.states import attempt, history
from criba.local.states.errors import state_error_type
from criba.local.states.walk import walk

log = logging.getLogger("criba")

Answer = tuple[int, dict[str, str], bytes]
NAME = re.compile(r"[^\s<>{}\[\]?*\"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f]{1,80}")
REDRIVABLE = ("FAILED", "TIMED_OUT", "ABORTED")
REDRIVABLE_DAYS = 14
MAX_EVENTS = 24_999
_starting = threading.Lock()


def starts(inner: Callable[[dict[str, Any]], Answer]) -> Callable[[dict[str, Any]], Answer]:
    """MiniStack's `_start_execution`, made idempotent: the same name and input while it runs is no error."""

    def start(data: dict[str, Any]) -> Answer:
        if refusal := _refuse_start(data):
            return refusal
        data = {"input": "{}", **data}
        with _starting:
            running = _named(data)
            if running and running["status"] == "RUNNING" and running["input"] == data["input"]:
                return _answer({"executionArn": running["executionArn"], "startDate": running["startDate"]})
            return inner(data)

    return start


def _refuse_start(data: dict[str, Any]) -> Answer | None:
    if "name" in data and not NAME.fullmatch(data["name"]):
        return _error("InvalidName", f"Invalid Name: '{data['name']}'")
    text = data.get("input", "{}")
    try:
        json.loads(text)
    except ValueError as problem:
        return _error("InvalidExecutionInput", f"Invalid State Machine Execution Input: '{problem}'")
    if len(text.encode()) > 262_144:
        return _error("ValidationException", "Value at 'input' must have length less than or equal to 262144")
    return None


def _named(data: dict[str, Any]) -> dict[str, Any] | None:
    """The execution that already has the name that a new one asks for."""
    interpreter = emulator.service("stepfunctions")
    machine = interpreter._resolve_state_machine_arn(data.get("stateMachineArn", ""))
    if machine is None or "name" not in data:
        return None
    arn = f"{machine.replace(':stateMachine:', ':execution:')}:{data['name']}"
    found: dict[str, Any] | None = interpreter._executions.get(arn)
    return found


def run(arn: str) -> None:
    """MiniStack's `_run_execution`: from the first state, on the thread that was started for it."""
    interpreter = emulator.service("stepfunctions")
    execution = interpreter._executions[arn]
    machine = interpreter._state_machines[execution["stateMachineArn"]]
    definition = json.loads(machine["definition"])
    execution["criba"] = {"definition": definition, "role": machine["roleArn"], "machine": machine["name"]}
    execution["criba"] |= {"redrives": 0, "at": (definition["StartAt"], json.loads(execution["input"]), {})}
    _go_on(execution)


def _go_on(execution: dict[str, Any]) -> None:
    """Run from the state that the execution stands at to its end, whichever it is."""
    own = execution["criba"]
    definition = own["definition"]
    seconds = definition.get("TimeoutSeconds")
    now = attempt.Attempt(
        execution,
        redrive=own["redrives"],
        deadline=time.monotonic() + seconds if seconds else float("inf"),
    )
    attempt.enter(now)
    name, data, variables = copy.deepcopy(own["at"])
    context = _context(execution, variables)

    def remember(state: str, given: Any) -> None:
        own["at"] = (state, copy.deepcopy(given), copy.deepcopy(context["variables"]))

    try:
        output = walk(definition["States"], name, data, execution, context, remember)
    except state_error_type() as error:
        _end(now, "FAILED", error=error.error, cause=error.cause)
    except Exception as problem:
        log.exception("the execution %s broke the interpreter", execution["executionArn"])
        _end(now, "FAILED", error="States.Runtime", cause=str(problem))
    else:
        _end(now, "SUCCEEDED", output=json.dumps(output))


def _context(execution: dict[str, Any], variables: dict[str, Any]) -> dict[str, Any]:
    """What `$states.context` holds, and beside it what MiniStack's helpers look for."""
    own = execution["criba"]
    redriven = {"RedriveTime": execution["redriveDate"]} if own["redrives"] else {}
    return {
        "Execution": {
            "Id": execution["executionArn"],
            "Input": json.loads(execution["input"]),
            "Name": execution["name"],
            "RoleArn": own["role"],
            "StartTime": execution["startDate"],
            "RedriveCount": own["redrives"],
            **redriven,
        },
        "StateMachine": {"Id": execution["stateMachineArn"], "Name": own["machine"]},
        "QueryLanguage": own["definition"].get("QueryLanguage", "JSONPath"),
        "variables": variables,
    }


def _end(now: attempt.Attempt, status: str, **details: str) -> None:
    """Close the record, unless a person has already closed it."""
    execution = now.execution
    if now.is_stopped():
        return
    if now.has_timed_out():
        status, details = "TIMED_OUT", {}
    execution.update(status=status, stopDate=history.now(), **details)
    events = {"SUCCEEDED": "ExecutionSucceeded", "FAILED": "ExecutionFailed", "TIMED_OUT": "ExecutionTimedOut"}
    history.add_named(execution, events[status], **details)
    history.tell_status(execution)


def redrive(data: dict[str, Any]) -> Answer:
    """Continue an execution at the state where it failed, with the input, variables and definition that it had."""
    execution = emulator.service("stepfunctions")._executions.get(data.get("executionArn"))
    if execution is None:
        return _error("ExecutionDoesNotExist", f"Execution Does Not Exist: '{data.get('executionArn')}'")
    with _starting:
        if reason := not_redrivable(execution):
            return _error("ExecutionNotRedrivable", reason)
        own = execution["criba"]
        own["redrives"] += 1
        for gone in ("error", "cause", "output"):
            execution[gone] = None
        execution.update(status="RUNNING", stopDate=None, redriveDate=history.now())
        history.add_named(execution, "ExecutionRedriven", redriveCount=own["redrives"])
    history.tell_status(execution)
    context = contextvars.copy_context()
    threading.Thread(target=context.run, args=(_go_on, execution), daemon=True).start()
    return _answer({"redriveDate": execution["redriveDate"]})


def not_redrivable(execution: dict[str, Any]) -> str | None:
    """Why an execution cannot be redriven, in AWS's words where it has them; None when it can."""
    status = execution["status"]
    if status not in REDRIVABLE or "criba" not in execution:
        return f"Execution is {status} and cannot be redriven"
    if execution["stateMachineArn"] not in emulator.service("stepfunctions")._state_machines:
        return "State machine is in DELETING status"
    if datetime.now(UTC) - datetime.fromisoformat(execution["stopDate"]) > timedelta(days=REDRIVABLE_DAYS):
        return "Execution redrivable period exceeded"
    if len(execution["events"]) >= MAX_EVENTS:
        return "Execution history event limit exceeded"
    name = execution["criba"]["at"][0]
    type_ = execution["criba"]["definition"]["States"][name]["Type"]
    if type_ in ("Map", "Parallel"):
        return f"The local platform does not redrive inside a {type_} state, and this execution failed in {name!r}"
    return None


def describes(inner: Callable[[dict[str, Any]], Answer]) -> Callable[[dict[str, Any]], Answer]:
    """MiniStack's `_describe_execution`, with what it says of redriving."""

    def describe(data: dict[str, Any]) -> Answer:
        status, headers, body = inner(data)
        if status != 200:
            return status, headers, body
        execution = emulator.service("stepfunctions")._executions[data["executionArn"]]
        reason = not_redrivable(execution)
        answer = json.loads(body) | {"redriveCount": execution.get("criba", {}).get("redrives", 0)}
        answer["redriveStatus"] = "NOT_REDRIVABLE" if reason else "REDRIVABLE"
        answer |= {"redriveStatusReason": reason} if reason else {}
        answer |= {"redriveDate": execution["redriveDate"]} if execution.get("redriveDate") else {}
        return _answer({key: value for key, value in answer.items() if value is not None})

    return describe


def _answer(body: dict[str, Any]) -> Answer:
    response: Answer = emulator.module("core.responses").json_response(body)
    return response


def _error(code: str, message: str) -> Answer:
    response: Answer = emulator.module("core.responses").error_response_json(code, message, 400)
    return response
