"""Task states in JSONata: arguments, the call within its time, output and variables, retries and catches."""

import json
import random
from collections.abc import Callable
from typing import Any

from criba.local import emulator
from criba.local.settings import region
from criba.local.states import attempt, history
from criba.local.states.errors import StateError, state_error, state_error_type

State = dict[str, Any]
Context = dict[str, Any]
Outcome = tuple[Any, str | None]
"""A state's output, and the name of the next state (None: the last one)."""

MAX_DATA_BYTES = 262_144


def runs_task(inner: Callable[..., Outcome]) -> Callable[..., Outcome]:
    """MiniStack's `_execute_task`, which keeps JSONPath states, callbacks and activities for itself."""

    def run(state: State, data: Any, execution: history.Execution, context: Context) -> Outcome:
        interpreter = emulator.service("stepfunctions")
        ours = interpreter._state_query_language(state, context) == "JSONata"
        if not ours or ".waitForTaskToken" in state["Resource"] or ":activity:" in state["Resource"]:
            return inner(state, data, execution, context)
        return with_retry_and_catch(state, data, context, lambda: _once(state, data, execution, context))

    return run


def with_retry_and_catch(state: State, data: Any, context: Context, run: Callable[[], Outcome]) -> Outcome:
    """Run one attempt after the other as the state's Retry says, then hand an error to its Catch."""
    interpreter = emulator.service("stepfunctions")
    own = context["State"]
    counts: dict[int, int] = {}
    while True:
        context["State"] = {**own, "RetryCount": sum(counts.values())}
        try:
            return run()
        except state_error_type() as error:
            attempt.check_execution()
            retrier, index = interpreter._find_matching_retrier(state.get("Retry", []), error.error, counts)
            if retrier is None:
                return _caught(state, data, context, error)
            attempt.pause(delay_seconds(retrier, counts.get(index, 0)))
            counts[index] = counts.get(index, 0) + 1


def delay_seconds(retrier: dict[str, Any], done: int) -> float:
    """How long to wait before the next attempt, after `done` retries by this retrier."""
    seconds = float(retrier.get("IntervalSeconds", 1) * retrier.get("BackoffRate", 2.0) ** done)
    seconds = min(seconds, float(retrier.get("MaxDelaySeconds", seconds)))
    if retrier.get("JitterStrategy") == "FULL":
        return random.uniform(0, seconds)  # noqa: S311 - spreads load, guards nothing
    return seconds


def _caught(state: State, data: Any, context: Context, error: StateError) -> Outcome:
    interpreter = emulator.service("stepfunctions")
    catcher = interpreter._find_matching_catcher(state.get("Catch", []), error.error)
    if catcher is None:
        raise error
    language = interpreter._state_query_language(state, context)
    output = interpreter._apply_catcher(catcher, data, context, language, {"Error": error.error, "Cause": error.cause})
    return output, catcher["Next"]


def _once(state: State, data: Any, execution: history.Execution, context: Context) -> Outcome:
    interpreter = emulator.service("stepfunctions")
    arguments = interpreter._apply_jsonata_arguments(state, data, context)
    seconds = None
    if "TimeoutSeconds" in state:
        seconds = interpreter._jsonata_state_field(state, "TimeoutSeconds", "number", data, context)
    result = _called(state["Resource"], arguments, seconds, execution)
    output = interpreter._apply_jsonata_output(state, data, context, result=result, default=result)
    interpreter._apply_state_assign(state, data, context, result=result)
    return output, interpreter._next_or_end(state)


def _called(resource: str, arguments: Any, seconds: float | None, execution: history.Execution) -> Any:
    """The answer to the state's call, with the events that tell of it."""
    target = resource.rpartition(":::")[2]
    kind, _, action = target.rpartition(":")
    named = {"resourceType": kind.removeprefix("aws-sdk:") or target, "resource": action}
    history.add_named(
        execution, "TaskScheduled", **named, region=region(), parameters=json.dumps(arguments, default=str)
    )
    history.add_named(execution, "TaskStarted", **named)
    try:
        with attempt.task_timeout(seconds):
            result = emulator.service("stepfunctions")._invoke_resource(resource, arguments)
        within_limit(result, "the task's result")
    except state_error_type() as error:
        type_ = "TaskTimedOut" if error.error == "States.Timeout" else "TaskFailed"
        history.add_named(execution, type_, **named, error=error.error, cause=error.cause)
        raise
    history.add_named(execution, "TaskSucceeded", **named, output=json.dumps(result))
    return result


def within_limit(data: Any, what: str) -> None:
    """Raise States.DataLimitExceeded when `data` is more than a state may hand on."""
    size = len(json.dumps(data, ensure_ascii=False).encode())
    if size > MAX_DATA_BYTES:
        cause = f"{what} has {size} bytes, and a state may hand on {MAX_DATA_BYTES}"
        raise state_error("States.DataLimitExceeded", cause)
