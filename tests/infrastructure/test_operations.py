"""Operations: who is told by what, in which words, and that AWS lets it through; the dashboards and the budget."""

import json
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator
from moto.events.models import EventPattern

from tests.infrastructure.conftest import Templates
from tests.infrastructure.published import COUNTED_BY_AWS

TOPICS = ("Alerts", "Warnings", "Reviews")


def by_topic(templates: Templates) -> dict[str, list[tuple[str, str]]]:
    """Protocol and endpoint of those who hear of each topic."""
    found: dict[str, list[tuple[str, str]]] = {name: [] for name in TOPICS}
    for one in templates.resources("AWS::SNS::Subscription").values():
        name = next(name for name in TOPICS if one["Properties"]["TopicArn"]["Ref"].startswith(name))
        found[name].append((one["Properties"]["Protocol"], one["Properties"]["Endpoint"]))
    return {name: sorted(ends) for name, ends in found.items()}


def test_pages_go_out_by_mail_and_sms_and_warnings_and_reviews_by_mail(prod: Templates) -> None:
    assert by_topic(prod) == {
        "Alerts": [("email", "oncall@example.com"), ("sms", "+34600000000")],
        "Warnings": [("email", "oncall@example.com")],
        "Reviews": [("email", "ml-engineers@example.com")],
    }


def test_the_topics_that_people_subscribed_to_keep_their_ids(templates: Templates) -> None:
    assert {"AlertsTopicCF7C81C9", "ReviewsTopic9A153C2D"} <= set(templates.resources("AWS::SNS::Topic"))


def test_topics_are_encrypted_with_a_customer_key_and_tls_only(templates: Templates) -> None:
    topics = templates.resources("AWS::SNS::Topic")
    assert len(topics) == 3
    for one in topics.values():
        assert "ServicesKey" in json.dumps(one["Properties"]["KmsMasterKeyId"]) or "KeysServices" in json.dumps(one)
    for policy in templates.resources("AWS::SNS::TopicPolicy").values():
        assert '"aws:SecureTransport": "false"' in json.dumps(policy)
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]:
            assert statement["Effect"] == "Deny" or "Service" in statement["Principal"]


@pytest.mark.parametrize("service", ["cloudwatch.amazonaws.com", "events.amazonaws.com"])
def test_alarms_and_rules_may_use_the_key_and_publish_to_the_topics_they_speak_to(
    templates: Templates, service: str
) -> None:
    (key,) = [one for id_, one in templates.resources("AWS::KMS::Key").items() if "Services" in id_]
    granted = {
        action
        for statement in key["Properties"]["KeyPolicy"]["Statement"]
        if statement["Principal"] == {"Service": service}
        for action in statement["Action"]
    }
    assert {"kms:Decrypt", "kms:GenerateDataKey*"} <= granted
    spoken_to = {
        id_ for id_ in templates.resources("AWS::SNS::Topic") if service.startswith("events") or "Rev" not in id_
    }
    if service.startswith("events"):
        spoken_to = {id_ for id_ in spoken_to if not id_.startswith("Alerts")}
    publishing = {
        policy["Properties"]["Topics"][0]["Ref"]
        for policy in templates.resources("AWS::SNS::TopicPolicy").values()
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        if statement["Principal"] == {"Service": service} and statement["Action"] == "sns:Publish"
    }
    assert spoken_to <= publishing


def rules(templates: Templates) -> dict[str, dict[str, Any]]:
    """The rules that tell people, by the event that they hear of."""
    return {
        rule["Properties"]["EventPattern"]["detail-type"][0]: rule["Properties"]
        for rule in templates.operations["Resources"].values()
        if rule["Type"] == "AWS::Events::Rule"
    }


def test_single_events_are_told_in_words_by_mail_and_never_by_sms(templates: Templates) -> None:
    told = rules(templates)
    assert sorted(told) == [
        "DriftDetected",
        "Glue Job State Change",
        "ModelPromoted",
        "QualityWarned",
        "ReviewRequested",
        "RunFailed",
        "SageMaker Processing Job State Change",
        "SageMaker Training Job State Change",
        "SageMaker Transform Job State Change",
    ]
    assert "criba runs show" in json.dumps(told["RunFailed"]["Targets"])
    for event, rule in told.items():
        (target,) = rule["Targets"]
        topic = "Reviews" if event == "ReviewRequested" else "Warnings"
        assert target["Arn"]["Ref"].startswith(topic), event
        assert "DeadLetterConfig" in target


def test_a_message_begins_with_the_environment(prod: Templates) -> None:
    for rule in rules(prod).values():
        assert rule["Targets"][0]["InputTransformer"]["InputTemplate"].startswith('"[prod] ')


@pytest.mark.parametrize(
    ("event", "kind", "is_told"),
    [
        ({"TrainingJobName": "criba-prod-weekly-1", "TrainingJobStatus": "Failed"}, "Training", True),
        ({"TrainingJobName": "criba-prod-weekly-1", "TrainingJobStatus": "Stopped"}, "Training", True),
        ({"TrainingJobName": "criba-prod-weekly-1", "TrainingJobStatus": "Completed"}, "Training", False),
        ({"TrainingJobName": "criba-dev-weekly-1", "TrainingJobStatus": "Failed"}, "Training", False),
        ({"ProcessingJobName": "criba-prod-night-1", "ProcessingJobStatus": "Failed"}, "Processing", True),
        ({"TransformJobName": "criba-prod-night-1", "TransformJobStatus": "Failed"}, "Transform", True),
        ({"TransformJobName": "criba-prod-night-1", "TransformJobStatus": "InProgress"}, "Transform", False),
    ],
)
def test_a_job_of_this_environment_that_fails_is_told(
    prod: Templates, event: dict[str, str], kind: str, is_told: bool
) -> None:
    type_ = f"SageMaker {kind} Job State Change"
    pattern = EventPattern.load(json.dumps(rules(prod)[type_]["EventPattern"]))
    assert pattern.matches_event({"source": "aws.sagemaker", "detail-type": type_, "detail": event}) is is_told


def test_every_glue_job_is_heard_of_when_it_fails_and_its_own_words_are_not_told(templates: Templates) -> None:
    rule = rules(templates)["Glue Job State Change"]
    assert len(rule["EventPattern"]["detail"]["jobName"]) == len(templates.resources("AWS::Glue::Job"))
    assert rule["EventPattern"]["detail"]["state"] == ["FAILED", "TIMEOUT", "STOPPED", "ERROR"]
    assert sorted(rule["Targets"][0]["InputTransformer"]["InputPathsMap"].values()) == [
        "$.detail.jobName",
        "$.detail.jobRunId",
        "$.detail.state",
    ]


def body(templates: Templates, name: str) -> Any:
    """A dashboard's body; a reference becomes a word."""
    (written,) = [
        one["Properties"]["DashboardBody"]
        for one in templates.resources("AWS::CloudWatch::Dashboard").values()
        if one["Properties"]["DashboardName"].endswith(name)
    ]
    return json.loads("".join(part if isinstance(part, str) else "REF" for part in written["Fn::Join"][1]))


@pytest.mark.parametrize("name", ["Operations", "ModelHealth"])
def test_a_dashboard_has_readable_titles_units_and_a_full_grid(prod: Templates, name: str) -> None:
    widgets = body(prod, name)["widgets"]
    for row in {one["y"] for one in widgets}:
        assert sum(one["width"] for one in widgets if one["y"] == row) == 24
    for one in widgets:
        assert 5 <= len(one["properties"]["title"]) <= 40
        if one["type"] == "metric":
            assert one["properties"]["yAxis"]["left"]["label"]
            assert len(one["properties"]["metrics"]) <= 12


def test_the_dashboard_draws_nothing_that_nobody_publishes(prod: Templates) -> None:
    from tests.infrastructure.published import by_our_machines

    ours = {name for _, name, _ in by_our_machines()}
    of_the_monitor = {
        metric[1] for one in body(prod, "ModelHealth")["widgets"] for metric in one["properties"]["metrics"]
    }
    for one in body(prod, "Operations")["widgets"]:
        for namespace, metric, *_ in one["properties"].get("metrics", []):
            known = ours | {"QuarantineRate"} if namespace == "Criba" else COUNTED_BY_AWS[namespace][0]
            assert metric in known, metric
    assert {"DriftPage", "QualityPage", "UnknownNgramRate", "MeanMaxScore", "Accuracy"} <= of_the_monitor


def test_the_budget_mails_before_it_is_spent_and_would_be_taken(prod: Templates) -> None:
    (budget,) = prod.resources("AWS::Budgets::Budget").values()
    properties = budget["Properties"]
    assert properties["Budget"]["BudgetLimit"] == {"Amount": 500, "Unit": "USD"}
    assert properties["Budget"]["CostFilters"] == {"TagKeyValue": ["user:criba:environment$prod"]}
    told = [
        (one["Notification"]["NotificationType"], one["Notification"]["Threshold"], one["Subscribers"])
        for one in properties["NotificationsWithSubscribers"]
    ]
    people = [{"SubscriptionType": "EMAIL", "Address": "oncall@example.com"}]
    assert told == [("ACTUAL", 80, people), ("ACTUAL", 100, people), ("FORECASTED", 100, people)]
    model = botocore.session.get_session().get_service_model("budgets").operation_model("CreateBudget").input_shape
    given = {
        "AccountId": "333333333333",
        "Budget": {
            **properties["Budget"],
            "BudgetName": "any",
            "BudgetLimit": {"Amount": "500", "Unit": "USD"},
        },
        "NotificationsWithSubscribers": properties["NotificationsWithSubscribers"],
    }
    report = ParamValidator().validate(given, model)
    assert not report.has_errors(), report.generate_report()


def test_the_laptop_has_no_budget() -> None:
    from tests.infrastructure.conftest import synthesize

    assert synthesize("local").resources("AWS::Budgets::Budget") == {}
