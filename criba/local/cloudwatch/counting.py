"""The metrics that AWS's own services send, of those that alarms here watch: executions, rules and queues."""

import time
from collections.abc import Iterable, Mapping
from typing import Any

from criba.local import emulator, settings

DEPTH = "ApproximateNumberOfMessagesVisible"
ENDED = {
    "SUCCEEDED": "ExecutionsSucceeded",
    "FAILED": "ExecutionsFailed",
    "TIMED_OUT": "ExecutionsTimedOut",
    "ABORTED": "ExecutionsAborted",
}
"""Status of an execution -> the metric that counts it."""

A_MINUTE = 60
_sampled: dict[str, tuple[float, int]] = {}
"""By queue: when its depth was last told, and how deep it was."""


def ended(machine: str, status: str) -> None:
    """Count an execution that ended; from any thread."""
    if status in ENDED:
        _count("AWS/States", ENDED[status], {"StateMachineArn": machine})


def triggered(rule: str) -> None:
    """Count a rule of the default bus that matched an event, once for each of its targets; from any thread."""
    _count("AWS/Events", "TriggeredRules", {"RuleName": rule})


def sample_queues(alarms: Iterable[Mapping[str, Any]]) -> None:
    """Tell the depth of each queue that an alarm watches, once a minute and when it changes."""
    watched = {_queue(alarm) for alarm in alarms if alarm["Namespace"] == "AWS/SQS" and alarm["MetricName"] == DEPTH}
    for name in watched - {None}:
        depth, now = _depth(str(name)), time.time()
        at, before = _sampled.get(str(name), (0.0, -1))
        if depth is not None and (depth != before or now - at >= A_MINUTE):
            _sampled[str(name)] = now, depth
            emulator.service("cloudwatch").record_metric("AWS/SQS", DEPTH, depth, "Count", {"QueueName": str(name)})


def _queue(alarm: Mapping[str, Any]) -> str | None:
    return next((one["Value"] for one in alarm.get("Dimensions") or [] if one["Name"] == "QueueName"), None)


def _depth(name: str) -> int | None:
    """Messages that a receiver would get now; None where there is no such queue."""
    queue = emulator.service("sqs")._queue_by_arn(f"arn:aws:sqs:{settings.region()}:{settings.ACCOUNT}:{name}")
    if queue is None:
        return None
    now = time.time()
    return sum(1 for message in queue["messages"] if message["visible_at"] <= now)


def _count(namespace: str, metric: str, dimensions: dict[str, str]) -> None:
    emulator.event_loop().call_soon_threadsafe(_record, namespace, metric, dimensions)


def _record(namespace: str, metric: str, dimensions: dict[str, str]) -> None:
    service = emulator.service("cloudwatch")
    with emulator.module("core.responses").request_scope(settings.ACCOUNT, settings.region()):
        service.record_metric(namespace, metric, 1, "Count", dimensions)
        service._evaluate_all_alarms()
