"""What CloudWatch tells of an alarm that changed: JSON for programs, a text for mail, a line for SMS."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import botocore.session

Alarm = Mapping[str, Any]
ACTIONS = {"OK": "OKActions", "ALARM": "AlarmActions", "INSUFFICIENT_DATA": "InsufficientDataActions"}


def subject(alarm: Alarm, state: str, region: str) -> str:
    """The line that a phone shows."""
    return f'{state}: "{alarm["AlarmName"]}" in {_place(region)}'


def document(alarm: Alarm, old: str, new: str, why: str, region: str, account: str) -> str:
    """What programs get, in JSON; a composite alarm tells which of its children set it off."""
    told = {
        "AlarmName": alarm["AlarmName"],
        "AlarmDescription": alarm.get("AlarmDescription", ""),
        "AWSAccountId": account,
        "NewStateValue": new,
        "NewStateReason": why,
        "StateChangeTime": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000"),
        "Region": _place(region),
        "AlarmArn": alarm["AlarmArn"],
        "OldStateValue": old,
        **{name: alarm.get(name) or [] for name in ("OKActions", "AlarmActions", "InsufficientDataActions")},
    }
    if "AlarmRule" in alarm:
        children = [
            {"Arn": one["arn"], "State": {"Value": one["state"]["value"], "Timestamp": one["state"]["timestamp"]}}
            for one in _triggers(alarm)
        ]
        return json.dumps({**told, "AlarmRule": alarm["AlarmRule"], "TriggeringChildren": children})
    trigger = {
        "MetricName": alarm["MetricName"],
        "Namespace": alarm["Namespace"],
        "StatisticType": "Statistic",
        "Statistic": str(alarm.get("Statistic") or "").upper(),
        "Unit": alarm.get("Unit"),
        "Dimensions": [{"name": one["Name"], "value": one["Value"]} for one in alarm.get("Dimensions") or []],
        "Period": alarm["Period"],
        "EvaluationPeriods": alarm["EvaluationPeriods"],
        "ComparisonOperator": alarm["ComparisonOperator"],
        "Threshold": alarm["Threshold"],
        "TreatMissingData": alarm.get("TreatMissingData", "missing"),
        "EvaluateLowSampleCountPercentile": "",
    }
    return json.dumps({**told, "Trigger": trigger})


def mail(alarm: Alarm, old: str, new: str, why: str, region: str, account: str) -> str:
    """What people get by mail."""
    now = datetime.now(UTC).strftime("%A %d %B, %Y %H:%M:%S UTC")
    named = f'Amazon CloudWatch Alarm "{alarm["AlarmName"]}" in the {_place(region)} region'
    composite = "AlarmRule" in alarm
    happened = (
        f'has transitioned to {new} state on {now}, because "{why}".'
        if composite
        else f'has entered the {new} state, because "{why}" at "{now}".'
    )
    details = {
        "Name": alarm["AlarmName"],
        "Description": alarm.get("AlarmDescription", ""),
        "State Change": f"{old} -> {new}",
        **({"Alarm Rule": alarm["AlarmRule"]} if composite else {}),
        "Reason for State Change": why,
        "Timestamp": now,
        "AWS Account": account,
        "Alarm Arn": alarm["AlarmArn"],
    }
    console = f"https://{region}.console.aws.amazon.com/cloudwatch/deeplink.js?region={region}"
    parts = [
        f"You are receiving this email because your {named} {happened}",
        f"View this alarm in the AWS Management Console:\n{console}#alarmsV2:alarm/{quote(alarm['AlarmName'])}",
        "Alarm Details:\n" + _listed(details),
        _children(alarm) if composite else _measured(alarm),
        "State Change Actions:\n"
        + "\n".join(f"- {state}: {_bracketed(alarm.get(name) or [])}".rstrip() for state, name in ACTIONS.items()),
    ]
    return "\n\n".join(parts) + "\n"


def _children(alarm: Alarm) -> str:
    names = [one["arn"].rpartition(":")[2] for one in _triggers(alarm)][:10]
    return "\n".join(["Triggering children (max. 10):", *(f"- {name}" for name in names)])


def _measured(alarm: Alarm) -> str:
    dimensions = [f"{one['Name']} = {one['Value']}" for one in alarm.get("Dimensions") or []]
    enough = alarm.get("DatapointsToAlarm") or alarm["EvaluationPeriods"]
    limit = f"{alarm['ComparisonOperator']} {alarm['Threshold']}"
    periods = f"at least {enough} of the last {alarm['EvaluationPeriods']} period(s) of {alarm['Period']} seconds"
    metric = {
        "MetricNamespace": alarm["Namespace"],
        "MetricName": alarm["MetricName"],
        "Dimensions": _bracketed(dimensions),
        "Period": f"{alarm['Period']} seconds",
        "Statistic": alarm.get("Statistic") or alarm.get("ExtendedStatistic"),
        "Unit": alarm.get("Unit") or "not specified",
        "TreatMissingData": alarm.get("TreatMissingData", "missing"),
    }
    threshold = f"- The alarm is in the ALARM state when the metric is {limit} for {periods}."
    return f"Threshold:\n{threshold}\n\nMonitored Metric:\n{_listed(metric, 37)}"


def _triggers(alarm: Alarm) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(alarm.get("StateReasonData") or "{}").get("triggeringAlarms", [])
    return found


def _listed(values: Mapping[str, object], width: int = 28) -> str:
    return "\n".join(f"- {name + ':':<{width}}{value}".rstrip() for name, value in values.items())


def _bracketed(values: list[str]) -> str:
    return f"[{', '.join(values)}]" if values else ""


def _place(region: str) -> str:
    """A Region as people call it, such as EU (Ireland)."""
    data: Any = botocore.session.get_session().get_data("endpoints")
    regions = {name: one for partition in data["partitions"] for name, one in partition["regions"].items()}
    return str(regions[region]["description"]).replace("Europe", "EU") if region in regions else region
