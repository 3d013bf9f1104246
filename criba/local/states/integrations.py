"""What a Task's Resource stands for: which call, as whom, and whether the state waits for what it started."""

import json
from collections.abc import Callable
from typing import Any

from criba.local.states import attempt, jobs, sdk
from criba.local.states.errors import state_error

PREFIX = "arn:aws:states:::"
PLAIN = {
    "sagemaker:createModel": jobs.SAGEMAKER,
    "sagemaker:createEndpointConfig": jobs.SAGEMAKER,
    "sagemaker:createEndpoint": jobs.SAGEMAKER,
    "sns:publish": sdk.optimized("SNS", "AmazonSNSException"),
}
"""Optimized integrations that are one call."""

Invoke = Callable[[str, Any], Any]


def person() -> str:
    """The name of the role that the running execution acts as."""
    return str(attempt.current().execution["criba"]["role"].rsplit("/", 1)[-1])


def invoke(inner: Invoke) -> Invoke:
    """MiniStack's `_invoke_resource`, with the integrations that it lacks or that differ from AWS's in front."""

    def invoked(resource: str, arguments: Any) -> Any:
        if not resource.startswith(PREFIX):
            return inner(resource, arguments)
        target = resource.removeprefix(PREFIX)
        name, _, pattern = target.partition(".sync")
        if target.startswith("aws-sdk:"):
            _, service, operation = target.split(":")
            return sdk.call(service, operation, arguments, person=person())
        if name in jobs.JOBS:
            return _start(name, arguments, waits=".sync" in target, parsed=pattern == ":2")
        if target in PLAIN:
            service, operation = target.split(":")
            return sdk.call(service, operation, arguments, person=person(), style=PLAIN[target])
        if target == "events:putEvents":
            return _put_events(arguments)
        return inner(resource, arguments)

    return invoked


def _start(name: str, arguments: Any, *, waits: bool, parsed: bool) -> Any:
    job = jobs.JOBS[name]
    started = sdk.call(job.service, name.partition(":")[2], arguments, person=person(), style=job.style)
    if not waits:
        return started
    finished = jobs.wait_for(job, arguments, started, person())
    if parsed:
        finished["Output"] = json.loads(finished["Output"])
    return finished


def _put_events(arguments: Any) -> Any:
    """Entries' details may be objects here; an entry that the bus refuses fails the state."""
    entries = arguments.get("Entries", []) if isinstance(arguments, dict) else []
    arn = attempt.current().execution["executionArn"]
    named = [{**entry, "Resources": [*entry.get("Resources", []), arn]} for entry in entries]
    style = sdk.optimized("EventBridge", "AmazonEventBridgeException")
    answer = sdk.call("events", "putEvents", {**arguments, "Entries": named}, person=person(), style=style)
    if answer.get("FailedEntryCount"):
        raise state_error("EventBridge.FailedEntry", json.dumps(answer))
    return answer
