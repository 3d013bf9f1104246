"""Model Monitor's schedules on the laptop: fired when somebody asks, and followed until their executions have ended."""

import json
import time
import urllib.error
import urllib.request
from typing import Any

from criba.aws import LAPTOP, Aws
from criba.errors import BadInput, CribaError

_PATIENCE = 300


def fire(aws: Aws, name: str | None = None) -> list[dict[str, Any]]:
    """Fire one schedule, or all; each execution as it ended: schedule, type, status, reason.

    Raises BadInput away from the laptop, and CribaError for a schedule that does not exist.
    """
    if aws.environment != LAPTOP or aws.endpoint is None:
        raise BadInput(f"--env {aws.environment}: Model Monitor fires its schedules itself, every hour")
    request = urllib.request.Request(f"{aws.endpoint}/_criba/fire-schedules/{name or ''}", method="POST")  # noqa: S310
    try:
        with urllib.request.urlopen(request) as answer:  # noqa: S310 - the platform's own address
            fired = json.load(answer)["MonitoringExecutionSummaries"]
    except urllib.error.HTTPError as refused:
        raise CribaError(str(json.load(refused).get("message"))) from refused
    return [_ended(aws, one) for one in fired]


def _ended(aws: Aws, fired: dict[str, Any]) -> dict[str, Any]:
    deadline = time.monotonic() + _PATIENCE
    name = fired["MonitoringScheduleName"]
    for pause in aws.pauses():
        latest = aws.sagemaker.list_monitoring_executions(MonitoringScheduleName=name, MaxResults=1)
        (one,) = latest["MonitoringExecutionSummaries"]
        if one["MonitoringExecutionStatus"] not in ("Pending", "InProgress"):
            return {
                "schedule": name,
                "type": one["MonitoringType"],
                "definition": one["MonitoringJobDefinitionName"],
                "status": one["MonitoringExecutionStatus"],
                "reason": one.get("FailureReason"),
            }
        if time.monotonic() > deadline:
            break
        time.sleep(pause)
    raise CribaError(f"schedule {name}: its execution has not ended within {_PATIENCE} s")
