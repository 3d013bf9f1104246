"""Operations: people hear of what fails, and only of that."""

import json

import aws_cdk as cdk
from aws_cdk import assertions
from aws_cdk import aws_sns as sns

from stacks.config import Quality, load
from stacks.constructs.quality_alarms import QualityAlarms
from tests.infrastructure.conftest import Templates


def test_alerts_go_out_by_mail_and_sms_and_reviews_by_mail(prod: Templates) -> None:
    subscriptions = sorted(
        (one["Properties"]["Protocol"], one["Properties"]["Endpoint"])
        for one in prod.resources("AWS::SNS::Subscription").values()
    )
    assert subscriptions == [
        ("email", "ml-engineers@example.com"),
        ("email", "oncall@example.com"),
        ("sms", "+34600000000"),
    ]


def test_every_workflow_is_watched_for_failures_timeouts_and_throttling(templates: Templates) -> None:
    alarms = templates.resources("AWS::CloudWatch::Alarm")
    watched = {
        (one["Properties"].get("MetricName"), id_.split("TimedOut")[0].split("Failed")[0].split("Throttled")[0])
        for id_, one in alarms.items()
    }
    for metric in ("ExecutionsFailed", "ExecutionsTimedOut", "ExecutionThrottled"):
        assert {workflow for name, workflow in watched if name == metric} == {
            "Train",
            "Promote",
            "Score",
            "Measure",
            "Backfill",
            "Launch",
            "Close",
        }


def test_every_alarm_acts_and_says_what_missing_data_mean(templates: Templates) -> None:
    for id_, alarm in templates.resources("AWS::CloudWatch::Alarm").items():
        assert len(alarm["Properties"]["AlarmActions"]) == 1, id_
        assert alarm["Properties"]["TreatMissingData"] in ("notBreaching", "ignore"), id_
        assert "docs/runbooks/" in alarm["Properties"]["AlarmDescription"], id_


def test_a_missed_nightly_run_raises_an_alarm_after_the_hours_of_the_settings(prod: Templates) -> None:
    (alarm,) = [
        one["Properties"]
        for one in prod.resources("AWS::CloudWatch::Alarm").values()
        if one["Properties"]["MetricName"] == "HoursSinceSuccess"
    ]
    assert alarm["Threshold"] == 26
    assert alarm["Dimensions"] == [{"Name": "Environment", "Value": "prod"}, {"Name": "Workflow", "Value": "score"}]


def test_much_in_quarantine_is_an_alarm_by_source_until_the_next_run_says_otherwise(prod: Templates) -> None:
    alarms = [
        one["Properties"]
        for one in prod.resources("AWS::CloudWatch::Alarm").values()
        if one["Properties"]["MetricName"] == "QuarantineRate"
    ]
    environment = {"Name": "Environment", "Value": "prod"}
    assert [one["Dimensions"] for one in alarms] == [
        [environment, {"Name": "Source", "Value": source}] for source in ("web-form", "email", "app", "call-center")
    ]
    for one in alarms:
        assert (one["Threshold"], one["ComparisonOperator"], one["TreatMissingData"]) == (
            0.05,
            "GreaterThanThreshold",
            "ignore",
        )


def test_a_run_that_the_gate_has_stopped_is_an_alarm(prod: Templates) -> None:
    alarms = {
        one["Properties"]["Dimensions"][1]["Value"]: one["Properties"]
        for one in prod.resources("AWS::CloudWatch::Alarm").values()
        if one["Properties"]["MetricName"] == "QualityStopped"
    }
    assert sorted(alarms) == ["score", "train"]
    assert (alarms["score"]["Threshold"], alarms["score"]["TreatMissingData"]) == (0, "notBreaching")
    assert alarms["score"]["AlarmDescription"].startswith(
        "score: the quality gate has stopped a run. First: criba runs"
    )


def test_a_source_whose_quarantine_is_never_too_large_has_no_alarm() -> None:
    settings = load("prod")
    quality = Quality.model_validate({"sources": {"app": {"quarantine_rate_warn": 1.0, "quarantine_rate_stop": 1.0}}})
    stack = cdk.Stack()
    QualityAlarms(stack, "Q", settings=settings.model_copy(update={"quality": quality}), topic=sns.Topic(stack, "T"))
    alarms = assertions.Template.from_stack(stack).find_resources("AWS::CloudWatch::Alarm")
    assert not [one for one in alarms.values() if "'app'" in str(one)]
    assert len(alarms) == 5


def test_topics_are_encrypted_with_a_customer_key_and_tls_only(templates: Templates) -> None:
    topics = templates.resources("AWS::SNS::Topic")
    assert len(topics) == 2
    assert all("KmsMasterKeyId" in one["Properties"] for one in topics.values())
    for policy in templates.resources("AWS::SNS::TopicPolicy").values():
        assert '"aws:SecureTransport": "false"' in json.dumps(policy)
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]:
            assert statement["Effect"] == "Deny" or "Service" in statement["Principal"]


def test_a_failed_run_a_promotion_and_a_review_are_told(templates: Templates) -> None:
    told = {
        rule["Properties"]["EventPattern"]["detail-type"][0]: json.dumps(rule["Properties"]["Targets"])
        for rule in templates.operations["Resources"].values()
        if rule["Type"] == "AWS::Events::Rule"
    }
    assert sorted(told) == ["ModelPromoted", "QualityWarned", "ReviewRequested", "RunFailed"]
    assert "criba runs show" in told["RunFailed"]


def test_every_runbook_that_an_alarm_names_exists(prod: Templates) -> None:
    from tests.conftest import ROOT

    for alarm in prod.resources("AWS::CloudWatch::Alarm").values():
        runbook = alarm["Properties"]["AlarmDescription"].split("What to do: ")[1]
        assert (ROOT / runbook).is_file(), runbook
