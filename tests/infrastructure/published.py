"""Every metric that somebody publishes: our state machines, by their definitions, and AWS, by its documentation."""

from collections.abc import Iterator
from typing import Any

from pipeline_code.contracts import DRIFT_VERDICTS, QUALITY_VERDICTS
from tests.workflows.conftest import definitions
from tests.workflows.evaluation import evaluate

Published = tuple[str, str, frozenset[tuple[str, str]]]
"""Namespace, name, and the dimensions with their values."""

KNOWN = {
    "steps": {
        "clean": {
            "quarantined": 5,
            "duplicates": 1,
            "quality": {
                "verdict": "pass",
                "raised": {"volume": 1},
                "sources": [{"source": "app", "landed": 9, "kept": 3}],
            },
        },
        "monitor": {"metrics": [{"MetricName": name, "Value": 0, "Unit": "None"} for name in DRIFT_VERDICTS]},
        "quality": {"metrics": [{"MetricName": name, "Value": 0, "Unit": "None"} for name in QUALITY_VERDICTS]},
        "published": {"published": 3, "review": 1, "unscorable": 0},
    },
    "second_tries": 0,
    "delivered": [{"source": "app", "at": 1}],
    **{f"{name}_ended": [{"from": 1, "to": 2}] for name in ("score", "train", "promote")},
    **{f"{name}_running": [1] for name in ("score", "train", "promote")},
}
"""What a run of each workflow might know when it publishes."""

CONTEXT = {"Execution": {"Input": {}}, "State": {"EnteredTime": "2026-11-24T10:00:00Z"}}

COUNTED_BY_AWS = {
    "AWS/States": (
        {"ExecutionsFailed", "ExecutionsTimedOut", "ExecutionThrottled", "ExecutionsSucceeded", "ExecutionTime"},
        {"StateMachineArn": "AWS::StepFunctions::StateMachine"},
    ),
    "AWS/SQS": ({"ApproximateNumberOfMessagesVisible"}, {"QueueName": "AWS::SQS::Queue"}),
    "AWS/SNS": ({"NumberOfNotificationsFailed"}, {"TopicName": "AWS::SNS::Topic"}),
    # On the default bus a rule's metrics bear its name alone.
    "AWS/Events": ({"TriggeredRules"}, {"RuleName": "AWS::Events::Rule"}),
}
"""Namespace -> metrics, and the one dimension with the type that it names."""

OF_THE_ACCOUNT = {("AWS/SNS", "SMSSuccessRate"), ("AWS/SNS", "SMSMonthToDateSpentUSD")}
"""SNS counts SMS for the whole account, without dimensions."""


def by_our_machines() -> set[Published]:
    """What the state machines of the local environment publish, and the verdicts that `measure` hands to its own."""
    found = {metric for definition in definitions().values() for metric in _of(definition["States"])}
    environment = frozenset({("Environment", "local")})
    return found | {("Criba", name, environment) for name in QUALITY_VERDICTS}


def _of(states: dict[str, Any]) -> Iterator[Published]:
    for state in states.values():
        if state["Type"] == "Map":
            yield from _of(state["ItemProcessor"]["States"])
        if state.get("Resource", "").endswith(":putMetricData"):
            given = evaluate(state["Arguments"], context=CONTEXT, **KNOWN)
            for one in given["MetricData"] or []:
                dimensions = frozenset((each["Name"], each["Value"]) for each in one["Dimensions"])
                yield given["Namespace"], one["MetricName"], dimensions
