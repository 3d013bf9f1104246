"""Alarms: each on a metric that somebody publishes, able to fire, and none missing where work can fail unheard."""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from gates.assembly import Resource, Stack
from gates.findings import Finding
from gates.rules import on
from pipeline_code.contracts import DRIFT_VERDICTS, QUALITY_VERDICTS

METRICS: dict[str, tuple[set[str], set[str]]] = {
    "AWS/States": (
        {
            "ExecutionsFailed",
            "ExecutionsTimedOut",
            "ExecutionsAborted",
            "ExecutionsStarted",
            "ExecutionsSucceeded",
            "ExecutionThrottled",
            "ExecutionTime",
        },
        {"StateMachineArn"},
    ),
    "AWS/SQS": (
        {
            "ApproximateNumberOfMessagesVisible",
            "ApproximateNumberOfMessagesNotVisible",
            "ApproximateAgeOfOldestMessage",
            "NumberOfMessagesSent",
        },
        {"QueueName"},
    ),
    "AWS/Events": (
        {
            "FailedInvocations",
            "Invocations",
            "TriggeredRules",
            "MatchedEvents",
            "InvocationsSentToDlq",
            "InvocationsFailedToBeSentToDlq",
            "ThrottledRules",
        },
        {"RuleName", "EventBusName"},
    ),
    "AWS/Scheduler": (
        {
            "TargetErrorCount",
            "InvocationDroppedCount",
            "InvocationAttemptCount",
            "InvocationsFailedToBeSentToDeadLetterCount",
            "InvocationThrottleCount",
            "TargetErrorThrottledCount",
            "InvocationsSentToDeadLetterCount",
        },
        {"ScheduleGroup"},
    ),
    "AWS/SNS": (
        {
            "NumberOfNotificationsFailed",
            "NumberOfMessagesPublished",
            "NumberOfNotificationsDelivered",
            "SMSMonthToDateSpentUSD",
            "SMSSuccessRate",
            "NumberOfNotificationsFilteredOut-InvalidAttributes",
            "NumberOfNotificationsRedrivenToDlq",
            "NumberOfNotificationsFailedToRedriveToDlq",
        },
        {"TopicName", "SMSType", "Country", "PhoneNumber"},
    ),
    "AWS/Lambda": (
        {"Errors", "Throttles", "Invocations", "Duration", "DeadLetterErrors", "ConcurrentExecutions"},
        {"FunctionName", "Resource", "ExecutedVersion"},
    ),
    "AWS/Firehose": (
        {
            "DeliveryToS3.Success",
            "DeliveryToS3.DataFreshness",
            "DeliveryToS3.Bytes",
            "DeliveryToS3.Records",
            "ThrottledRecords",
            "IncomingRecords",
            "IncomingBytes",
        },
        {"DeliveryStreamName"},
    ),
    "AWS/Logs": (
        {
            "DeliveryErrors",
            "DeliveryThrottling",
            "ForwardedBytes",
            "IncomingBytes",
            "IncomingLogEvents",
            "ForwardedLogEvents",
        },
        {"LogGroupName", "DestinationType", "FilterName"},
    ),
    "AWS/CodeBuild": ({"FailedBuilds", "Builds", "SucceededBuilds", "Duration"}, {"ProjectName"}),
    "AWS/Billing": ({"EstimatedCharges"}, {"Currency", "ServiceName", "LinkedAccount"}),
    "AWS/S3": (
        {"BucketSizeBytes", "NumberOfObjects", "4xxErrors", "5xxErrors", "AllRequests"},
        {"BucketName", "StorageType", "FilterId"},
    ),
}
"""What AWS publishes: names and dimensions, by namespace."""
COMPOSITE = "AWS::CloudWatch::CompositeAlarm"
SINGLE = {
    "AWS/States": "StateMachineArn",
    "AWS/SQS": "QueueName",
    "AWS/Lambda": "FunctionName",
    "AWS/Firehose": "DeliveryStreamName",
    "AWS/CodeBuild": "ProjectName",
}
"""Namespaces whose alarms are on one thing: without the dimension they see nothing."""


def find(stacks: Sequence[Stack]) -> Iterator[Finding]:
    """Everything wrong with alarms, and what has none."""
    published = _published(stacks)
    names = _things(stacks)
    watched: set[tuple[str, str]] = set()
    topics = {stack.resolver.arn(one.id) for stack in stacks for one in stack.of("AWS::SNS::Topic")}
    rules = " ".join(str(one.properties.get("AlarmRule")) for s in stacks for one in s.of(COMPOSITE))
    for stack in stacks:
        for alarm in stack.of("AWS::CloudWatch::Alarm"):
            yield from _able(stack, alarm, topics)
            told = f'"{stack.resolver.name(alarm.id)}"' in rules or stack.resolver.arn(alarm.id) in rules
            if not told and not alarm.properties.get("AlarmActions"):
                yield on("AL-01", stack, alarm, "tells nobody: name a topic, or a composite alarm", "AlarmActions")
            for metric in _metrics(alarm):
                yield from _metric(stack, alarm, metric, published, names)
                watched |= {
                    (str(metric.get("MetricName")), str(one.get("Value"))) for one in metric.get("Dimensions", [])
                }
        yield from _composite(stack)
    yield from _unwatched(stacks, watched)


def _metrics(alarm: Resource) -> list[dict[str, Any]]:
    if "MetricName" in alarm.properties:
        return [alarm.properties]
    found = [one.get("MetricStat", {}) for one in alarm.properties.get("Metrics", [])]
    return [{**one.get("Metric", {}), "Period": one.get("Period")} for one in found if one.get("Metric")]


def _published(stacks: Sequence[Stack]) -> str:
    """All texts in which a metric of our own is named where it is published."""
    texts = [
        one.properties.get("DefinitionString", "")
        for stack in stacks
        for one in stack.of("AWS::StepFunctions::StateMachine")
    ]
    texts += [json.dumps(one.properties) for stack in stacks for one in stack.of("AWS::Logs::MetricFilter")]
    # Names that a job's report brings, from which a state publishes.
    texts += [f'"{name}"' for name in (*DRIFT_VERDICTS, *QUALITY_VERDICTS)]
    return "\n".join(str(text) for text in texts)


def _things(stacks: Sequence[Stack]) -> set[str]:
    """Names and ARNs of everything that an alarm may be about."""
    found: set[str] = set()
    for stack in stacks:
        for id_ in stack.resources:
            found |= {stack.resolver.name(id_), stack.resolver.arn(id_), str(stack.resolver.ref(id_))}
    return found


def _able(stack: Stack, alarm: Resource, topics: set[str]) -> Iterator[Finding]:
    properties = alarm.properties
    if int(properties.get("DatapointsToAlarm", 0)) > int(properties.get("EvaluationPeriods", 0)):
        yield on("AL-01", stack, alarm, "DatapointsToAlarm is more than EvaluationPeriods: it can never fire")
    period = int(properties.get("Period", 60))
    if (
        (period not in (10, 20, 30) and period % 60)
        or period > 86400
        or period * int(properties.get("EvaluationPeriods", 1)) > 604800
    ):
        yield on("AL-01", stack, alarm, f"a period of {period} s: whole minutes, and a week at most in all", "Period")
    if "MetricName" in properties and not {"Statistic", "ExtendedStatistic"} & set(properties):
        yield on("AL-01", stack, alarm, "write the Statistic", "Statistic")
    if "MetricName" in properties and "Period" not in properties:
        yield on("AL-01", stack, alarm, "write the Period", "Period")
    if "Threshold" not in properties and "ThresholdMetricId" not in properties:
        yield on("AL-01", stack, alarm, "write the Threshold", "Threshold")
    if not str(properties.get("ComparisonOperator", "")).startswith(("GreaterThan", "LessThan")):
        yield on("AL-01", stack, alarm, "write the ComparisonOperator", "ComparisonOperator")
    if not re.search(r"docs/runbooks/[\w-]+\.md", str(properties.get("AlarmDescription", ""))):
        yield on("AL-01", stack, alarm, "names no runbook: write what to do into its description", "AlarmDescription")
    for action in properties.get("AlarmActions", []):
        if str(action).startswith("arn:aws:sns:") and str(action) not in topics:
            yield on("AL-01", stack, alarm, f"tells {action}, which is no topic of ours", "AlarmActions")


def _metric(
    stack: Stack, alarm: Resource, metric: dict[str, Any], published: str, things: set[str]
) -> Iterator[Finding]:
    namespace, name = str(metric.get("Namespace", "")), str(metric.get("MetricName", ""))
    dimensions = {str(one.get("Name")): str(one.get("Value")) for one in metric.get("Dimensions", [])}
    if not namespace.startswith("AWS/"):
        if f'"{name}"' not in published and f"'{name}'" not in published:
            yield on("AL-01", stack, alarm, f"nobody publishes {namespace} {name}: mend the name", name)
        elif namespace not in published:
            yield on("AL-01", stack, alarm, f"nobody publishes in {namespace}: mend the namespace", namespace)
        for dimension in dimensions:
            if dimension not in published:
                yield on(
                    "AL-01", stack, alarm, f"{name} is published without {dimension}: mend the dimension", dimension
                )
        if dimensions.get("Environment", stack.environment) != stack.environment:
            yield on(
                "AL-01", stack, alarm, f"is about {dimensions['Environment']}: write {stack.environment}", "Environment"
            )
        return
    if namespace not in METRICS:
        yield on(
            "AL-01", stack, alarm, f"no namespace {namespace} is known: mend it, or add it to the table", namespace
        )
    names, known = METRICS.get(namespace, ({name}, set(dimensions)))
    if name not in names:
        yield on("AL-01", stack, alarm, f"AWS publishes no {namespace} {name}: mend the name", name)
    for dimension in sorted(set(dimensions) - known):
        yield on("AL-01", stack, alarm, f"{namespace} has no dimension {dimension}: mend it", dimension)
    single = SINGLE.get(namespace)
    if single and dimensions.get(single) not in things:
        yield on("AL-01", stack, alarm, f"{single} is {dimensions.get(single)}: name a thing of ours", single)


def _composite(stack: Stack) -> Iterator[Finding]:
    alarms = {
        stack.resolver.name(one.id) for one in stack.of("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm")
    }
    arns = {stack.resolver.arn(one.id) for one in stack.of("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm")}
    for composite in stack.of("AWS::CloudWatch::CompositeAlarm"):
        named = re.findall(
            r"(?:ALARM|OK|INSUFFICIENT_DATA)\(\"?([^\")]+)\"?\)", str(composite.properties.get("AlarmRule", ""))
        )
        if not named:
            yield on("AL-01", stack, composite, "its rule names no alarm", "AlarmRule")
        for name in named:
            if name not in alarms | arns:
                yield on("AL-01", stack, composite, f"its rule names {name}, which is no alarm", name)


def _unwatched(stacks: Sequence[Stack], watched: set[tuple[str, str]]) -> Iterator[Finding]:
    """Every state machine and dead-letter queue has an alarm, where the assembly has alarms at all."""
    if not watched:
        return
    for stack in stacks:
        for machine in stack.of("AWS::StepFunctions::StateMachine"):
            for metric in ("ExecutionsFailed", "ExecutionsTimedOut"):
                if (metric, stack.resolver.arn(machine.id)) not in watched:
                    yield on("AL-02", stack, machine, f"nobody hears of it: alarm on {metric}", metric)
        for queue in stack.of("AWS::SQS::Queue"):
            if ("ApproximateNumberOfMessagesVisible", stack.resolver.name(queue.id)) not in watched:
                yield on("AL-02", stack, queue, "nobody hears of dead letters: alarm on their number")
