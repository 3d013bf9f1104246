"""What AWS services do as themselves, where no role of ours is in between: topics, queues and keys must let them.

EventBridge tells topics and buries what it cannot deliver, alarms tell topics; what they write to is encrypted.
"""

from collections.abc import Iterator

from tests.policies.deployed import Environment, Resource
from tests.policies.simulator import Check

EVENTS, ALARMS = "events.amazonaws.com", "cloudwatch.amazonaws.com"


def checks(environment: Environment) -> Iterator[tuple[str, str, Check]]:
    """(service, what does it, check) of every rule and alarm."""
    for rule in environment.of("AWS::Events::Rule"):
        for target in rule.properties["Targets"]:
            if ":sns:" in target["Arn"]:
                # EventBridge names neither account nor rule to a topic.
                yield from _told(environment, rule, EVENTS, Check("sns:Publish", target["Arn"]))
            if letters := target.get("DeadLetterConfig"):
                named = {"aws:SourceArn": rule.arn}
                yield from _told(environment, rule, EVENTS, Check("sqs:SendMessage", letters["Arn"], named))
    for alarm in environment.of("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"):
        account = {"aws:SourceAccount": environment.account}
        for topic in alarm.properties.get("AlarmActions", []):
            yield from _told(environment, alarm, ALARMS, Check("sns:Publish", topic, account))


def _told(environment: Environment, by: Resource, service: str, check: Check) -> Iterator[tuple[str, str, Check]]:
    """The call, and what the service asks of the key of what it writes to."""
    yield service, by.place, check
    if key := environment.by_arn[check.resource].properties.get("KmsMasterKeyId"):
        source = {name: value for name, value in check.context.items() if name == "aws:SourceAccount"}
        yield from ((service, by.place, Check(f"kms:{name}", key, source)) for name in ("GenerateDataKey", "Decrypt"))
