"""Objects, rules and schedules start executions; what cannot be started lands in the dead-letter queue."""

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from criba.local.schedules import next_time
from tests.local.machines import ended, machine

ROLE = "arn:aws:iam::000000000000:role/starter"
ECHO = {"Echo": {"Type": "Succeed"}}


def queue(aws: Any, name: str) -> str:
    aws("sqs").create_queue(QueueName=name)
    return f"arn:aws:sqs:eu-west-1:000000000000:{name}"


def received(aws: Any, name: str) -> dict[str, Any]:
    url = aws("sqs").get_queue_url(QueueName=name)["QueueUrl"]
    found = aws("sqs").receive_message(QueueUrl=url, WaitTimeSeconds=10, MessageAttributeNames=["All"])
    message: dict[str, Any] = found["Messages"][0]
    return message


def first_execution(aws: Any, arn: str, within: float = 5) -> dict[str, Any]:
    until = time.monotonic() + within
    while time.monotonic() < until:
        if found := aws("stepfunctions").list_executions(stateMachineArn=arn)["executions"]:
            return ended(aws, found[0]["executionArn"])
        time.sleep(0.05)
    raise AssertionError("no execution was started")


def test_a_landed_object_starts_an_execution_with_the_event_as_its_input(aws):
    s3 = aws("s3")
    s3.create_bucket(Bucket="landing", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_bucket_versioning(Bucket="landing", VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_notification_configuration(
        Bucket="landing", NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    arn = machine(aws, ECHO)
    key = {"wildcard": "messages/*/_SUCCESS"}
    pattern = {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {"bucket": {"name": ["landing"]}, "object": {"key": [key]}},
    }
    aws("events").put_rule(Name="landed", EventPattern=json.dumps(pattern))
    aws("events").put_targets(Rule="landed", Targets=[{"Id": "m", "Arn": arn, "RoleArn": ROLE}])
    s3.put_object(Bucket="landing", Key="messages/date=2026-01-31/part.jsonl", Body=b"{}")
    put = s3.put_object(Bucket="landing", Key="messages/date=2026-01-31/_SUCCESS", Body=b"ab")
    event = first_execution(aws, arn)["output"]
    assert (event["source"], event["detail-type"]) == ("aws.s3", "Object Created")
    assert event["detail"]["bucket"]["name"] == "landing"
    assert event["detail"]["object"]["key"] == "messages/date=2026-01-31/_SUCCESS"
    assert event["detail"]["object"]["size"] == 2
    assert event["detail"]["object"]["etag"] == put["ETag"].strip('"')
    assert event["detail"]["object"]["version-id"] == put["VersionId"]


def test_an_event_for_a_machine_that_is_gone_is_kept_with_the_reason(aws):
    arn = machine(aws, ECHO)
    aws("events").put_rule(Name="gone", EventPattern='{"source": ["test.gone"]}')
    target = {"Id": "m", "Arn": arn, "RoleArn": ROLE, "DeadLetterConfig": {"Arn": queue(aws, "rule-dlq")}}
    aws("events").put_targets(Rule="gone", Targets=[target])
    aws("stepfunctions").delete_state_machine(stateMachineArn=arn)
    aws("events").put_events(Entries=[{"Source": "test.gone", "DetailType": "T", "Detail": '{"n": 1}'}])
    message = received(aws, "rule-dlq")
    assert json.loads(message["Body"])["detail"] == {"n": 1}
    attributes = {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}
    assert attributes["ERROR_CODE"] == "StateMachineDoesNotExist"
    assert attributes["TARGET_ARN"] == arn
    assert attributes["RULE_ARN"] == "arn:aws:events:eu-west-1:000000000000:rule/gone"


def test_an_event_for_a_topic_that_is_gone_is_kept_too(aws):
    aws("events").put_rule(Name="quiet", EventPattern='{"source": ["test.quiet"]}')
    topic = "arn:aws:sns:eu-west-1:000000000000:nothing"
    target = {"Id": "t", "Arn": topic, "DeadLetterConfig": {"Arn": queue(aws, "topic-dlq")}}
    aws("events").put_targets(Rule="quiet", Targets=[target])
    aws("events").put_events(Entries=[{"Source": "test.quiet", "DetailType": "T", "Detail": "{}"}])
    assert received(aws, "topic-dlq")["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "RESOURCE_NOT_FOUND"


def schedule(aws: Any, name: str, arn: str, **target: Any) -> None:
    soon = (datetime.now(UTC) + timedelta(seconds=2)).strftime("at(%Y-%m-%dT%H:%M:%S)")
    aws("scheduler").create_schedule(
        Name=name,
        ScheduleExpression=soon,
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": arn, "RoleArn": ROLE, **target},
        ActionAfterCompletion="DELETE",
    )


def test_a_schedule_starts_an_execution_and_tells_it_when(aws):
    arn = machine(aws, ECHO)
    schedule(aws, "soon", arn, Input='{"kind": "schedule", "id": "<aws.scheduler.scheduled-time>"}')
    given = first_execution(aws, arn, within=8)["output"]
    assert given["kind"] == "schedule"
    assert abs(datetime.fromisoformat(given["id"]) - datetime.now(UTC)) < timedelta(seconds=10)
    assert aws("scheduler").list_schedules(NamePrefix="soon")["Schedules"] == []


def test_a_schedule_for_a_machine_that_is_gone_is_kept_with_the_reason(aws):
    arn = "arn:aws:states:eu-west-1:000000000000:stateMachine:nothing"
    schedule(aws, "lost", arn, Input='{"n": 1}', DeadLetterConfig={"Arn": queue(aws, "schedule-dlq")})
    assert json.loads(received(aws, "schedule-dlq")["Body"]) == {"n": 1}


@pytest.mark.parametrize(
    ("expression", "zone", "after", "expected"),
    [
        ("cron(0 3 * * ? *)", "Europe/Madrid", "2026-01-31T00:00:00+00:00", "2026-01-31T02:00:00+00:00"),
        ("cron(0 3 * * ? *)", "Europe/Madrid", "2026-07-31T00:00:00+00:00", "2026-07-31T01:00:00+00:00"),
        ("cron(0 3 ? * MON *)", "UTC", "2026-01-31T00:00:00+00:00", "2026-02-02T03:00:00+00:00"),
        ("rate(5 minutes)", "UTC", "2026-01-31T00:00:00+00:00", "2026-01-31T00:05:00+00:00"),
        ("at(2026-02-01T10:00:00)", "America/Bogota", "2026-01-31T00:00:00+00:00", "2026-02-01T15:00:00+00:00"),
        ("at(2026-01-01T10:00:00)", "UTC", "2026-01-31T00:00:00+00:00", None),
    ],
)
def test_a_schedule_fires_by_the_clock_of_its_own_zone(expression, zone, after, expected):
    given = {"ScheduleExpression": expression, "ScheduleExpressionTimezone": zone}
    found = next_time(given, datetime.fromisoformat(after).timestamp())
    assert found == (expected and datetime.fromisoformat(expected).timestamp())
