"""CloudWatch's alarms: judged by exact metrics and periods as AWS documents it, at every datum and by the clock."""

import json
import threading
import time
import uuid
from typing import Any

from criba.local import emulator, settings
from criba.local.cloudwatch import counting, evaluation, sentences
from criba.local.cloudwatch.evaluation import FURTHER_BACK, Point

Alarm = dict[str, Any]
EVERY_SECONDS = 1


def install() -> None:
    """Judge alarms in place of MiniStack, which knows neither dimensions nor periods nor missing data."""
    service = emulator.service("cloudwatch")
    service._evaluate_alarm = evaluate
    service._evaluate_all_alarms = evaluate_all
    service._dispatch_alarm_actions = act
    threading.Thread(target=_clock, name="alarms", daemon=True).start()


def _clock() -> None:
    """Missing data come by waiting: look at every alarm each second, where the records are kept."""
    while True:
        time.sleep(EVERY_SECONDS)
        if emulator.module("app")._MAIN_LOOP is not None:
            emulator.event_loop().call_soon_threadsafe(_tick)


def _tick() -> None:
    with emulator.module("core.responses").request_scope(settings.ACCOUNT, settings.region()):
        counting.sample_queues(emulator.service("cloudwatch")._alarms.values())
        evaluate_all()


def evaluate_all() -> None:
    """Judge every metric alarm; composites follow those that change."""
    for alarm in list(emulator.service("cloudwatch")._alarms.values()):
        evaluate(alarm)


def evaluate(alarm: Alarm) -> None:
    """Judge one metric alarm, and have a change of its state told."""
    service = emulator.service("cloudwatch")
    found = _range(alarm, time.time())
    enough = alarm.get("DatapointsToAlarm") or alarm["EvaluationPeriods"]
    new = evaluation.state_of(
        [point.breaches if point else None for point in found],
        periods=alarm["EvaluationPeriods"],
        enough=enough,
        missing=alarm.get("TreatMissingData") or "missing",
    )
    old = alarm["StateValue"]
    if new is None or new == old:
        return
    judged = [point for point in found if point][-alarm["EvaluationPeriods"] :]
    operator, threshold = alarm["ComparisonOperator"], alarm["Threshold"]
    why = evaluation.reason(judged, new, old, operator=operator, threshold=threshold, enough=enough)
    alarm.update(StateValue=new, StateReason=why, StateUpdatedTimestamp=int(time.time()))
    service._record_history(alarm["AlarmName"], old, new, why)
    act(alarm, old, new, why)
    service._evaluate_parent_alarms(alarm)


def _range(alarm: Alarm, now: float) -> list[Point | None]:
    """The evaluation range, oldest period first; the last one has only begun."""
    service = emulator.service("cloudwatch")
    dimensions = service._dims_key(service._dims_from_list(alarm.get("Dimensions") or []))
    points = service._metrics.get((alarm["Namespace"], alarm["MetricName"], dimensions)) or []
    unit, period = alarm.get("Unit"), alarm["Period"]
    newest = int(now // period)
    periods: dict[int, list[Any]] = {}
    for point in points:
        if unit is None or point["Unit"] == unit:
            periods.setdefault(int(point["Timestamp"] // period), []).append(point)
    first = newest - alarm["EvaluationPeriods"] - FURTHER_BACK + 1
    return [_point(alarm, number * period, periods.get(number)) for number in range(first, newest + 1)]


def _point(alarm: Alarm, at: float, points: list[Any] | None) -> Point | None:
    if not points:
        return None
    service = emulator.service("cloudwatch")
    statistic = alarm.get("ExtendedStatistic") or alarm["Statistic"]
    value = service._stat_value(service._calc_stats(points), statistic, points)
    if value is None:
        return None
    return Point(at, value, evaluation.breaches(value, alarm["ComparisonOperator"], alarm["Threshold"]))


def act(alarm: Alarm, old: str, new: str, why: str) -> None:
    """Publish a change to the topics that the alarm has for its new state, in each protocol's form."""
    if not alarm.get("ActionsEnabled", True):
        return
    region, account = settings.region(), settings.ACCOUNT
    for topic in alarm.get(sentences.ACTIONS[new]) or []:
        if not topic.startswith("arn:aws:sns:"):
            continue
        line = sentences.subject(alarm, new, region)
        forms = {
            "default": sentences.document(alarm, old, new, why, region, account),
            "email": sentences.mail(alarm, old, new, why, region, account),
            "sms": line,
        }
        emulator.service("sns")._fanout(topic, str(uuid.uuid4()), json.dumps(forms), line[:100], "json")
