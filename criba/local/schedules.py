"""EventBridge Scheduler's clock: schedules fire in their own time zone, and know when and how often they did."""

import time
import uuid
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from criba.local import emulator, settings

Schedule = dict[str, Any]
_last: dict[tuple[str, str, str], float] = {}
"""When each schedule fired last, or was first seen, in seconds since the epoch; by account, region and name."""


def install() -> None:
    """Replace the clock, and let it look every second: MiniStack's looks every ten and takes all times for UTC."""
    service = emulator.service("scheduler")
    service._tick_schedules = tick
    service._SCHEDULE_TICK_INTERVAL = 1


def tick() -> None:
    """Fire every schedule that is due."""
    service = emulator.service("scheduler")
    now = time.time()
    for key, schedule in list(service._schedules._data.items()):
        if key not in _last:
            _last[key] = min(now, float(schedule["CreationDate"]))
        if not _is_active(schedule, now):
            continue
        due = next_time(schedule, _last[key])
        if due is None or due > now:
            continue
        _last[key] = now
        account, region, _ = key
        with emulator.module("core.responses").request_scope(account, region):
            _fire(schedule, due)
        if schedule.get("ActionAfterCompletion") == "DELETE" and next_time(schedule, now) is None:
            service._schedules._data.pop(key, None)


def next_time(schedule: Schedule, after: float) -> float | None:
    """When a schedule fires next after a moment (both in seconds since the epoch); None: never again."""
    bus = emulator.service("eventbridge")
    expression = schedule["ScheduleExpression"]
    zone = ZoneInfo(schedule.get("ScheduleExpressionTimezone") or "UTC")
    if expression.startswith("at("):
        moment = datetime.fromisoformat(expression[3:-1]).replace(tzinfo=zone).timestamp()
        return moment if moment > after else None
    if every := bus._parse_rate_seconds(expression):
        return float(after + every)
    fields = bus._parse_cron_fields(expression)
    if fields is None:
        return None
    wall_clock = datetime.fromtimestamp(after, zone).replace(tzinfo=UTC)
    found = bus._cron_next_fire(fields, wall_clock)
    return found.replace(tzinfo=zone).timestamp() if found else None


def _is_active(schedule: Schedule, now: float) -> bool:
    epoch = emulator.service("scheduler")._to_epoch
    start, end = epoch(schedule.get("StartDate")), epoch(schedule.get("EndDate"))
    within = (start is None or start <= now) and (end is None or now <= end)
    return bool(within and schedule["State"] == "ENABLED")


def _fire(schedule: Schedule, due: float) -> None:
    """Deliver the target's input, with Scheduler's own keywords replaced."""
    target = dict(schedule["Target"])
    moment = datetime.fromtimestamp(due, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    keywords = {
        "<aws.scheduler.schedule-arn>": schedule["Arn"],
        "<aws.scheduler.scheduled-time>": moment,
        "<aws.scheduler.execution-id>": str(uuid.uuid4()),
        "<aws.scheduler.attempt-number>": "1",
    }
    text = target.get("Input") or "{}"
    for keyword, value in keywords.items():
        text = text.replace(keyword, value)
    target["Input"] = text
    event = {
        "EventId": str(uuid.uuid4()),
        "Source": "aws.scheduler",
        "DetailType": "Scheduled Event",
        "Detail": "{}",
        "Time": due,
        "Resources": [schedule["Arn"]],
        "Account": settings.ACCOUNT,
        "Region": settings.region(),
    }
    emulator.service("eventbridge")._invoke_target(target, event, schedule)
