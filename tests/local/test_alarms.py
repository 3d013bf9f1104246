"""A metric lands, its alarm and the composite above it go off, and people find the message in the inbox."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from criba.cli import main
from criba.inbox import messages
from criba.local import process
from criba.local.process import Endpoint
from tests.local.conftest import free_port
from tests.local.machines import ended, machine

Aws = Callable[..., Any]
FAILED = {"Stop": {"Type": "Fail", "Error": "E", "Cause": "C"}}


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """A platform below a working folder, where `criba` looks for it."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(home)
        yield process.up(free_port())
        process.down()


@pytest.fixture(scope="module")
def topic(aws: Aws) -> str:
    arn = str(aws("sns").create_topic(Name="pages", Attributes={"DisplayName": "Criba platform"})["TopicArn"])
    for protocol, end in (("email", "oncall@example.com"), ("email", "second@example.com"), ("sms", "+34600000000")):
        aws("sns").subscribe(TopicArn=arn, Protocol=protocol, Endpoint=end)
    return arn


def alarm(aws: Aws, name: str, **more: Any) -> None:
    aws("cloudwatch").put_metric_alarm(
        **{
            "AlarmName": name,
            "AlarmDescription": f"{name} is wrong. First: look.",
            "Namespace": "N",
            "MetricName": name,
            "Statistic": "Maximum",
            "Period": 300,
            "EvaluationPeriods": 1,
            "Threshold": 0,
            "ComparisonOperator": "GreaterThanThreshold",
            "TreatMissingData": "notBreaching",
            **more,
        }
    )


def put(aws: Aws, name: str, value: float, **dimensions: str) -> None:
    given = [{"Name": key, "Value": one} for key, one in dimensions.items()]
    aws("cloudwatch").put_metric_data(
        Namespace="N", MetricData=[{"MetricName": name, "Value": value, "Dimensions": given}]
    )


def state(aws: Aws, name: str) -> str:
    found = aws("cloudwatch").describe_alarms(AlarmNames=[name], AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    return str((found["MetricAlarms"] + found["CompositeAlarms"])[0]["StateValue"])


def soon(aws: Aws, name: str, expected: str) -> bool:
    until = time.monotonic() + 8
    while state(aws, name) != expected:
        if time.monotonic() > until:
            return False
        time.sleep(0.1)
    return True


def test_an_alarm_looks_at_its_own_dimensions_only(aws):
    alarm(aws, "drift", Dimensions=[{"Name": "Environment", "Value": "local"}])
    put(aws, "drift", 1, Environment="dev")
    put(aws, "drift", 1)
    put(aws, "drift", 1, Environment="local", Source="app")
    assert state(aws, "drift") == "OK"
    put(aws, "drift", 1, Environment="local")
    assert state(aws, "drift") == "ALARM"


def test_without_data_an_alarm_that_keeps_its_state_does_not_know_yet(aws):
    alarm(aws, "silent", TreatMissingData="ignore")
    alarm(aws, "strict", TreatMissingData="breaching")
    assert (state(aws, "silent"), state(aws, "strict")) == ("INSUFFICIENT_DATA", "ALARM")


def test_what_is_over_is_in_order_again_by_waiting_alone(aws):
    alarm(aws, "short", Period=1)
    put(aws, "short", 1)
    assert state(aws, "short") == "ALARM"
    assert soon(aws, "short", "OK")


def test_two_alarms_under_one_composite_are_told_once_to_each_person_in_their_own_form(platform, aws, topic):
    for name in ("one", "two"):
        alarm(aws, name)
    aws("cloudwatch").put_composite_alarm(
        AlarmName="Criba-local-page",
        AlarmDescription="Something cannot wait.",
        AlarmRule='ALARM("one") OR ALARM("two")',
        AlarmActions=[topic],
    )
    before = len(messages(platform.endpoint))
    put(aws, "one", 1)
    put(aws, "two", 1)
    assert state(aws, "Criba-local-page") == "ALARM"
    first, second, sms = messages(platform.endpoint)[before:]
    assert (first["to"], second["to"], sms["to"]) == ("oncall@example.com", "second@example.com", "+34600000000")
    assert first["subject"] == 'ALARM: "Criba-local-page" in EU (Ireland)'
    assert (sms["subject"], sms["text"]) == ("", 'Criba plat> ALARM: "Criba-local-page" in EU (Ireland)')
    begin = 'You are receiving this email because your Amazon CloudWatch Alarm "Criba-local-page" in the EU (Ireland)'
    assert first["text"].startswith(f"{begin} region has transitioned to ALARM state on ")
    assert 'because "arn:aws:cloudwatch:eu-west-1:000000000000:alarm:one transitioned to ALARM at' in first["text"]
    for line in (
        "- Description:                Something cannot wait.",
        "- State Change:               OK -> ALARM",
        "- one",
    ):
        assert line in first["text"].splitlines()


def test_a_metric_alarm_says_what_it_measured(platform, aws, topic):
    alarm(aws, "alone", AlarmActions=[topic], Dimensions=[{"Name": "Environment", "Value": "local"}])
    put(aws, "alone", 3, Environment="local")
    text = messages(platform.endpoint)[-3]["text"]
    assert "was greater than the threshold (0.0) (minimum 1 datapoint for OK -> ALARM transition)." in text
    assert "- Dimensions:                          [Environment = local]" in text
    assert "- TreatMissingData:                    notBreaching" in text


def test_a_program_gets_the_same_as_json(aws, topic):
    aws("sqs").create_queue(QueueName="program")
    aws("sns").subscribe(
        TopicArn=topic,
        Protocol="sqs",
        Endpoint="arn:aws:sqs:eu-west-1:000000000000:program",
        Attributes={"RawMessageDelivery": "true"},
    )
    alarm(aws, "counted", AlarmActions=[topic])
    put(aws, "counted", 1)
    url = aws("sqs").get_queue_url(QueueName="program")["QueueUrl"]
    (message,) = aws("sqs").receive_message(QueueUrl=url, WaitTimeSeconds=5)["Messages"]
    told = json.loads(message["Body"])
    assert (told["AlarmName"], told["OldStateValue"], told["NewStateValue"]) == ("counted", "OK", "ALARM")
    assert (told["Region"], told["Trigger"]["MetricName"], told["AlarmActions"]) == ("EU (Ireland)", "counted", [topic])


def test_a_message_without_a_subject_gets_that_of_sns(platform, aws, topic):
    aws("sns").publish(TopicArn=topic, Message="Run night failed.")
    mail, _, sms = messages(platform.endpoint)[-3:]
    assert (mail["subject"], mail["text"]) == ("AWS Notification Message", "Run night failed.")
    assert sms["text"] == "Criba plat> Run night failed."


def test_a_failed_execution_is_counted_and_raises_its_alarm(aws):
    arn = machine(aws, FAILED)
    dimensions = [{"Name": "StateMachineArn", "Value": arn}]
    alarm(
        aws, "run-failed", Namespace="AWS/States", MetricName="ExecutionsFailed", Dimensions=dimensions, Statistic="Sum"
    )
    ended(aws, aws("stepfunctions").start_execution(stateMachineArn=arn)["executionArn"])
    assert soon(aws, "run-failed", "ALARM")


def test_a_letter_in_a_dead_letter_queue_raises_its_alarm_until_it_is_taken_out(aws):
    url = aws("sqs").create_queue(QueueName="letters")["QueueUrl"]
    alarm(
        aws,
        "letters",
        Namespace="AWS/SQS",
        MetricName="ApproximateNumberOfMessagesVisible",
        Dimensions=[{"Name": "QueueName", "Value": "letters"}],
        TreatMissingData="ignore",
        Period=1,
    )
    aws("sqs").send_message(QueueUrl=url, MessageBody="{}")
    assert soon(aws, "letters", "ALARM")
    aws("sqs").purge_queue(QueueUrl=url)
    assert soon(aws, "letters", "OK")


def test_a_rule_that_matches_is_counted(aws, topic):
    aws("events").put_rule(Name="jobs", EventPattern='{"source": ["test.jobs"]}')
    aws("events").put_targets(Rule="jobs", Targets=[{"Id": "t", "Arn": topic}])
    dimensions = [{"Name": "RuleName", "Value": "jobs"}]
    alarm(
        aws, "job-failed", Namespace="AWS/Events", MetricName="TriggeredRules", Dimensions=dimensions, Statistic="Sum"
    )
    aws("events").put_events(Entries=[{"Source": "test.jobs", "DetailType": "T", "Detail": "{}"}])
    assert soon(aws, "job-failed", "ALARM")


def criba(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    capsys.readouterr()
    with pytest.raises(SystemExit) as left:
        main(arguments)
    printed = capsys.readouterr()
    return int(left.value.code or 0), printed.out + printed.err


def test_criba_inbox_lists_what_people_got_and_reads_one_whole(aws, topic, capsys):
    aws("sns").publish(TopicArn=topic, Subject="Look here", Message="Run night failed.")
    found = json.loads(criba(capsys, "inbox", "--json")[1])
    assert [one["to"] for one in found[-3:]] == ["oncall@example.com", "second@example.com", "+34600000000"]
    code, told = criba(capsys, "inbox")
    assert (code, told.count("Look here")) == (0, 2)
    number = str(len(found) - 2)
    assert criba(capsys, "inbox", number) == (
        0,
        "To:      oncall@example.com\nSubject: Look here\n\nRun night failed.\n",
    )


def test_a_number_that_is_not_in_the_inbox_is_refused(aws, topic, capsys):
    code, told = criba(capsys, "inbox", "9999")
    assert code == 2
    assert "there is no message 9999: say a number from 1 to" in told


def test_who_checks_how_people_are_told_on_the_laptop_says_that_they_are_an_admin(capsys):
    code, told = criba(capsys, "alerts", "check")
    assert (code, told) == (1, "criba: nobody may not check how people are told: say --as admin\n")
