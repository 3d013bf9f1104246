"""`criba alerts` and `criba inbox`: what is off, and whom nothing reaches; calls and answers fit SNS's own model."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from criba.alerts import sms, subscriptions
from stacks.config import Alerts

PHONE = "+34600000000"
SETTINGS = Alerts(emails=["oncall@example.com"], phones=[PHONE], reviewers=["ml@example.com"], sms_limit_usd=5.0)
TOPIC = "arn:aws:sns:eu-west-1:111111111111:topic"


@pytest.fixture
def sns() -> Iterator[tuple[Any, Stubber]]:
    client = boto3.client("sns", region_name="eu-west-1", aws_access_key_id="k", aws_secret_access_key="s")
    with Stubber(client) as stub:
        yield client, stub


def sms_answers(stub: Stubber, **other: Any) -> None:
    """What SNS says of an account in which nothing is missing, but for what is `other`."""
    sandbox = other.get("sandbox", False)
    stub.add_response("get_sms_sandbox_account_status", {"IsInSandbox": sandbox}, {})
    if sandbox:
        numbers = [{"PhoneNumber": PHONE, "Status": other.get("status", "Verified")}]
        stub.add_response("list_sms_sandbox_phone_numbers", {"PhoneNumbers": numbers}, {})
    stub.add_response(
        "get_sms_attributes",
        {"attributes": other.get("attributes", {"MonthlySpendLimit": "5", "DefaultSMSType": "Transactional"})},
        {"attributes": ["MonthlySpendLimit", "DefaultSMSType"]},
    )
    numbers = other.get("numbers", [{"PhoneNumber": "+14255550100"}])
    stub.add_response("list_origination_numbers", {"PhoneNumbers": numbers}, {})
    opted_out = {"isOptedOut": other.get("opted_out", False)}
    stub.add_response("check_if_phone_number_is_opted_out", opted_out, {"phoneNumber": PHONE})


@pytest.mark.parametrize(
    ("other", "missing"),
    [
        ({}, []),
        ({"sandbox": True}, []),
        (
            {"sandbox": True, "status": "Pending"},
            [f"the account is in the SMS sandbox, and {PHONE} is not verified there"],
        ),
        (
            {"attributes": {}},
            [
                "SMS may cost 1 USD a month, but alerts.sms_limit_usd is 5",
                "SMS are sent as Promotional, which carriers deliver last",
            ],
        ),
        ({"numbers": []}, ["no origination number is registered"]),
        ({"opted_out": True}, [f"{PHONE} has opted out of SMS"]),
    ],
)
def test_what_keeps_an_sms_from_a_phone_is_said(
    sns: tuple[Any, Stubber], other: dict[str, Any], missing: list[str]
) -> None:
    client, stub = sns
    sms_answers(stub, **other)
    found = list(sms(client, SETTINGS))
    assert [one["missing"] for one in found] == missing
    assert all(one["do"] for one in found)
    stub.assert_no_pending_responses()


def test_whoever_has_not_confirmed_or_is_not_subscribed_is_named(sns: tuple[Any, Stubber]) -> None:
    client, stub = sns
    there = [
        {"Endpoint": "oncall@example.com", "Protocol": "email", "SubscriptionArn": "PendingConfirmation"},
        {"Endpoint": "+34999999999", "Protocol": "sms", "SubscriptionArn": f"{TOPIC}:1"},
    ]
    stub.add_response("list_subscriptions_by_topic", {"Subscriptions": there}, {"TopicArn": TOPIC})
    assert [one["missing"] for one in subscriptions(client, SETTINGS, {"pages": TOPIC})] == [
        "oncall@example.com has not confirmed the subscription to pages",
        f"{PHONE} is not subscribed to pages",
    ]


def test_a_topic_that_nobody_hears_of_is_said(sns: tuple[Any, Stubber]) -> None:
    client, stub = sns
    stub.add_response("list_subscriptions_by_topic", {"Subscriptions": []}, {"TopicArn": TOPIC})
    (found,) = subscriptions(client, Alerts(), {"reviews": TOPIC})
    assert found["missing"] == "nobody hears of reviews"


def test_the_alarms_that_are_off_are_listed_and_those_of_other_environments_are_not(criba, dev):
    cloudwatch = dev.client("cloudwatch")
    for name in ("Criba-dev-score-failed", "Criba-dev-no-data", "Criba-prod-score-failed"):
        cloudwatch.put_metric_alarm(
            AlarmName=name,
            AlarmDescription="A run of score failed. First: criba runs list.",
            Namespace="N",
            MetricName="M",
            Statistic="Sum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=0,
            ComparisonOperator="GreaterThanThreshold",
        )
    for name in ("Criba-dev-score-failed", "Criba-prod-score-failed"):
        cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="one run failed")
    (found,) = criba("--env", "dev", "alerts", "list", "--json").document
    assert (found["name"], found["because"]) == ("Criba-dev-score-failed", "one run failed")
    told = criba("--env", "dev", "alerts", "list")
    assert "score-failed" in told.out
    assert "First: criba runs list." in told.out
    assert len(criba("--env", "dev", "alerts", "list", "--all", "--json").document) == 2


def test_on_aws_there_is_no_inbox_and_it_says_where_mails_go(criba, dev):
    told = criba("--env", "dev", "inbox")
    assert told.code == 2
    assert "on AWS mails and SMS go to the people themselves" in told.err
