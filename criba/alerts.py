"""Alarms and those who hear of them: what is wrong now, and what keeps a mail or an SMS from arriving."""

from collections.abc import Iterator, Sequence
from typing import Any

from criba.aws import LAPTOP, Aws
from pipeline_code.contracts import stack_name
from stacks.config import Alerts, load

TOPICS = {"AlertTopic": "pages", "WarningTopic": "warnings", "ReviewTopic": "reviews"}
"""Outputs of the Operations stack, and what their topics are for."""

PENDING = "PendingConfirmation"


def alarms(aws: Aws, *, every: bool) -> list[dict[str, str]]:
    """Alarms of the environment that are off now, or all: name, state, since, says, because. Composites come first."""
    pages = aws.cloudwatch.get_paginator("describe_alarms").paginate(
        AlarmNamePrefix=stack_name(aws.environment, ""), AlarmTypes=["CompositeAlarm", "MetricAlarm"]
    )
    kinds: dict[str, list[Any]] = {"CompositeAlarms": [], "MetricAlarms": []}
    for page in pages:
        for kind, found in kinds.items():
            found += page.get(kind, [])
    return [
        {
            "name": one["AlarmName"],
            "state": one["StateValue"],
            "since": one["StateUpdatedTimestamp"].isoformat(),
            "says": one.get("AlarmDescription", ""),
            "because": one["StateReason"],
        }
        for one in (*kinds["CompositeAlarms"], *kinds["MetricAlarms"])
        if every or one["StateValue"] == "ALARM"
    ]


def check(aws: Aws) -> list[dict[str, str]]:
    """What keeps messages from people, each with what to do: subscriptions, and on AWS all that SMS depend on."""
    settings = load(aws.environment).alerts
    topics = {purpose: aws.outputs("Operations")[output] for output, purpose in TOPICS.items()}
    found = list(subscriptions(aws.sns, settings, topics))
    if settings.phones and aws.environment != LAPTOP:
        found += sms(aws.sns, settings)
    return found


def subscriptions(sns: Any, settings: Alerts, topics: dict[str, str]) -> Iterator[dict[str, str]]:
    """Who is to hear of a topic and does not: never subscribed, unsubscribed, or not confirmed."""
    wanted = {
        "pages": [*settings.emails, *settings.phones],
        "warnings": settings.emails,
        "reviews": settings.reviewers,
    }
    for purpose, topic in topics.items():
        pages = sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=topic)
        there = {one["Endpoint"]: one["SubscriptionArn"] for page in pages for one in page["Subscriptions"]}
        if not wanted[purpose]:
            yield _finding(f"nobody hears of {purpose}", "write addresses in [alerts] of the settings, and deploy")
        for person in wanted[purpose]:
            if person not in there:
                yield _finding(f"{person} is not subscribed to {purpose}", "deploy the Operations stack again")
            elif there[person] == PENDING:
                yield _finding(
                    f"{person} has not confirmed the subscription to {purpose}",
                    "follow the link in the mail from SNS, or have it sent again from the SNS console",
                )


def sms(sns: Any, settings: Alerts) -> Iterator[dict[str, str]]:
    """What SNS says of SMS: sandbox, spend limit, origination identity, kind of message, numbers that opted out."""
    if sns.get_sms_sandbox_account_status()["IsInSandbox"]:
        numbers = sns.list_sms_sandbox_phone_numbers()["PhoneNumbers"]
        verified = {one["PhoneNumber"] for one in numbers if one["Status"] == "Verified"}
        for phone in settings.phones:
            if phone not in verified:
                yield _finding(
                    f"the account is in the SMS sandbox, and {phone} is not verified there",
                    "verify the number in the SNS console, or ask AWS to leave the sandbox",
                )
    yield from _preferences(sns, settings)
    if not sns.list_origination_numbers()["PhoneNumbers"]:
        yield _finding(
            "no origination number is registered",
            "see whether your country asks for one, or for a sender id (docs/alarms.md)",
        )
    for phone in settings.phones:
        if sns.check_if_phone_number_is_opted_out(phoneNumber=phone)["isOptedOut"]:
            yield _finding(
                f"{phone} has opted out of SMS", "opt it in again in the SNS console; possible once in 30 days"
            )


def _preferences(sns: Any, settings: Alerts) -> Iterator[dict[str, str]]:
    names = ["MonthlySpendLimit", "DefaultSMSType"]
    set_ = sns.get_sms_attributes(attributes=names)["attributes"]
    limit = float(set_.get("MonthlySpendLimit") or 1)
    if limit != settings.sms_limit_usd:
        yield _finding(
            f"SMS may cost {limit:g} USD a month, but alerts.sms_limit_usd is {settings.sms_limit_usd:g}",
            "write the same in both, so that people are told at 80 %",
        )
    if set_.get("DefaultSMSType") != "Transactional":
        yield _finding(
            "SMS are sent as Promotional, which carriers deliver last",
            "aws sns set-sms-attributes --attributes DefaultSMSType=Transactional",
        )


def _finding(what: str, do: str) -> dict[str, str]:
    return {"missing": what, "do": do}


def by_name(found: Sequence[dict[str, str]], environment: str) -> list[tuple[str, str, str]]:
    """Rows for people: what, since when, and what it says."""
    prefix = stack_name(environment, "")
    return [(one["name"].removeprefix(prefix), one["state"], one["says"]) for one in found]
