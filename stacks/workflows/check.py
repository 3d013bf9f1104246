"""check: looks every hour for what did not happen: no success, runs that take too long, sources that fell silent.

CloudWatch looks back a week at most and takes a metric that was never sent for one that is missing, so an alarm on
"nothing came" cannot tell a first day from an outage. This check publishes hours, once there is something to count
from.
"""

import json
from collections.abc import Mapping, Sequence

from pipeline_code.contracts import METRICS_NAMESPACE, QUALITY
from stacks.config import Settings
from stacks.workflows.states import State, jsonata, machine, task

SUCCESS_HOURS = "HoursSinceSuccess"
DATA_HOURS = "HoursSinceData"
LATE = "RunsLate"
SILENT = "SilentSources"

EXPECTED = ("score", "train")
"""Workflows that a schedule starts."""
COMPARED = ("score", "train", "promote")
"""Workflows whose runs are alike enough to say what is usual."""

HISTORIES = f"{QUALITY}/messages/"
LOOKED_AT = 20
USUAL_FROM = 3
HOUR = 3_600_000
NOW = "$toMillis($states.context.State.EnteredTime)"


def check_definition(settings: Settings, machines: Mapping[str, str], curated: str) -> State:
    """The whole check; `machines` are the ARNs of the workflows, `curated` is the bucket's name."""
    states: dict[str, State] = {}
    for workflow in COMPARED:
        states |= _look_at_runs(workflow, machines[workflow])
    # One object a source, written by each run that found messages of it.
    source = "$substringBefore($substringAfter(Key, 'source='), '/')"
    states["Look for deliveries"] = task(
        "aws-sdk:s3:listObjectsV2",
        {"Bucket": curated, "Prefix": HISTORIES},
        assign={
            "delivered": jsonata(
                f"[($all := [$states.result.Contents.{{'source': {source}, 'at': $toMillis(LastModified)}}];"
                f" $all[source in {json.dumps(settings.sources)}])]"
            )
        },
        next_="Publish what was found",
    )
    states["Publish what was found"] = task(
        "aws-sdk:cloudwatch:putMetricData",
        {"Namespace": METRICS_NAMESPACE, "MetricData": jsonata(_metrics(settings))},
        next_="Checked",
    )
    states["Checked"] = {"Type": "Succeed"}
    first = next(iter(states))
    return machine(first, states, comment="Look for what did not happen", timeout_seconds=600)


def _look_at_runs(workflow: str, arn: str) -> dict[str, State]:
    after = [*COMPARED[COMPARED.index(workflow) + 1 :], None][0]
    successes, running = f"Look for successes of {workflow}", f"Look for runs of {workflow}"
    times = "{'from': $toMillis(StartDate), 'to': $toMillis(StopDate)}"
    # A redriven run began anew when it was redriven.
    begun = "$toMillis($exists(RedriveDate) ? RedriveDate : StartDate)"
    return {
        successes: task(
            "aws-sdk:sfn:listExecutions",
            {"StateMachineArn": arn, "StatusFilter": "SUCCEEDED", "MaxResults": LOOKED_AT},
            assign={f"{workflow}_ended": jsonata(f"[$states.result.Executions.{times}]")},
            next_=running,
        ),
        running: task(
            "aws-sdk:sfn:listExecutions",
            {"StateMachineArn": arn, "StatusFilter": "RUNNING", "MaxResults": 100},
            assign={f"{workflow}_running": jsonata(f"[$states.result.Executions.({begun})]")},
            next_=f"Look for successes of {after}" if after else "Look for deliveries",
        ),
    }


def _metrics(settings: Settings) -> str:
    """MetricData as JSONata: what cannot be told yet is left out."""
    environment = f"{{'Name': 'Environment', 'Value': '{settings.name}'}}"
    told = [_hours_since_success(workflow, environment) for workflow in EXPECTED]
    told += [_late(workflow, environment) for workflow in COMPARED]
    told += _deliveries(settings, environment)
    return f"($now := {NOW}; [{', '.join(told)}])"


def _hours_since_success(workflow: str, environment: str) -> str:
    dimensions = f"[{environment}, {{'Name': 'Workflow', 'Value': '{workflow}'}}]"
    return (
        f"$count(${workflow}_ended) > 0 ? {{'MetricName': '{SUCCESS_HOURS}', 'Dimensions': {dimensions},"
        f" 'Value': ($now - $max(${workflow}_ended.to)) / {HOUR}}}"
    )


def _late(workflow: str, environment: str) -> str:
    """How many runs take three times the usual (the median of the latest successes) and more than an hour."""
    dimensions = f"[{environment}, {{'Name': 'Workflow', 'Value': '{workflow}'}}]"
    return (
        f"($took := $sort([${workflow}_ended.(to - from)]);"
        f" $limit := $count($took) < {USUAL_FROM} ? $now"
        f" : $max([{HOUR}, 3 * $took[$floor($count($took) / 2)]]);"
        f" {{'MetricName': '{LATE}', 'Unit': 'Count', 'Dimensions': {dimensions},"
        f" 'Value': $count(${workflow}_running[$now - $ > $limit])}})"
    )


def _deliveries(settings: Settings, environment: str) -> Sequence[str]:
    """Hours since any source delivered, since each did, and how many are beyond their limit."""
    limits = json.dumps({source: _hours(settings, source) for source in settings.sources})
    age = f"($now - at) / {HOUR}"
    return (
        f"$count($delivered) > 0 ? {{'MetricName': '{DATA_HOURS}', 'Dimensions': [{environment}],"
        f" 'Value': $min($delivered.({age}))}}",
        f"$delivered.{{'MetricName': '{DATA_HOURS}',"
        f" 'Dimensions': [{environment}, {{'Name': 'Source', 'Value': source}}], 'Value': {age}}}",
        f"{{'MetricName': '{SILENT}', 'Unit': 'Count', 'Dimensions': [{environment}],"
        f" 'Value': $count($delivered[{age} > $lookup({limits}, source)])}}",
    )


def _hours(settings: Settings, source: str) -> float:
    """A source's limit; one that is never too old gets more hours than there are."""
    return min(settings.quality.of(source).freshness_hours_warn, 1e6)
