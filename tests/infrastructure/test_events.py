"""Each rule matches the events that it is for and no other."""

import copy
import json
from typing import Any

import pytest
from moto.events.models import EventPattern

from tests.infrastructure.conftest import Templates, synthesize

LANDED = {
    "source": "aws.s3",
    "detail-type": "Object Created",
    "detail": {"bucket": {"name": "RAW"}, "object": {"key": "messages/source=app/date=2026-11-22/_SUCCESS"}},
}
APPROVED = {
    "source": "aws.sagemaker",
    "detail-type": "SageMaker Model Package State Change",
    "detail": {"ModelPackageGroupName": "criba-prod", "ModelApprovalStatus": "Approved"},
}
ENDED = {
    "source": "aws.states",
    "detail-type": "Step Functions Execution Status Change",
    "detail": {"stateMachineArn": "TRAIN", "status": "FAILED"},
}
DRIFTED = {"source": "criba", "detail-type": "DriftDetected", "detail": {"severity": "page", "kind": "data"}}
ASKED = {"source": "criba", "detail-type": "ScoreRequested", "detail": {}}


def changed(event: dict[str, Any], **detail: Any) -> dict[str, Any]:
    return {**event, "detail": {**event["detail"], **detail}}


def matching(event: dict[str, Any], environment: str = "prod") -> set[str]:
    """Names of the Pipeline stack's rules that match the event."""
    return {
        name
        for name, pattern in patterns(environment).items()
        if EventPattern.load(json.dumps(pattern)).matches_event(event)
    }


def patterns(environment: str) -> dict[str, Any]:
    rules = {
        id_.removeprefix("Triggers").split("Rule")[0]: copy.deepcopy(resource["Properties"]["EventPattern"])
        for id_, resource in synthesize(environment).pipeline["Resources"].items()
        if resource["Type"] == "AWS::Events::Rule"
    }
    rules["MessagesLanded"]["detail"]["bucket"]["name"] = ["RAW"]
    rules["RunEnded"]["detail"]["stateMachineArn"] = ["TRAIN", "PROMOTE", "SCORE"]
    return rules


@pytest.mark.parametrize(
    ("event", "rules"),
    [
        (LANDED, {"MessagesLanded"}),
        (changed(LANDED, object={"key": "messages/date=2026-11-22/_SUCCESS"}), {"MessagesLanded"}),
        (changed(LANDED, object={"key": "messages/source=app/date=2026-11-22/part-0.jsonl"}), set()),
        (changed(LANDED, object={"key": "messages/source=app/date=2026-11-22/NOT_SUCCESS"}), set()),
        (changed(LANDED, bucket={"name": "ANOTHER"}), set()),
        (APPROVED, {"ModelApproved"}),
        (
            changed(APPROVED, UpdatedModelPackageFields=["ModelApprovalStatus", "ApprovalDescription"]),
            {"ModelApproved"},
        ),
        (changed(APPROVED, UpdatedModelPackageFields=["CustomerMetadataProperties"]), set()),
        (changed(APPROVED, ModelApprovalStatus="Rejected"), set()),
        (changed(APPROVED, ModelApprovalStatus="PendingManualApproval"), set()),
        (changed(APPROVED, ModelPackageGroupName="criba-dev"), set()),
        (ENDED, {"RunEnded"}),
        (changed(ENDED, status="TIMED_OUT"), {"RunEnded"}),
        (changed(ENDED, status="ABORTED"), {"RunEnded"}),
        (changed(ENDED, status="SUCCEEDED"), set()),
        (changed(ENDED, status="RUNNING"), set()),
        (changed(ENDED, stateMachineArn="CLOSE"), set()),  # or a failing close would start itself for ever
        (ASKED, {"BusinessEvent"}),
        ({**ASKED, "detail-type": "TrainRequested"}, {"BusinessEvent"}),
        ({**ASKED, "detail-type": "RunFailed"}, set()),
        ({**ASKED, "source": "somebody"}, set()),
    ],
)
def test_a_rule_matches_its_own_events_only(event: dict[str, Any], rules: set[str]) -> None:
    assert matching(event) == rules


@pytest.mark.parametrize(
    ("event", "rules"),
    [
        (DRIFTED, {"DriftPaged"}),
        (changed(DRIFTED, kind="quality"), {"DriftPaged"}),
        (changed(DRIFTED, severity="warn"), set()),
        ({**DRIFTED, "source": "somebody"}, set()),
    ],
)
def test_drift_that_wakes_people_starts_launch_only_where_it_may_retrain(
    event: dict[str, Any], rules: set[str]
) -> None:
    assert matching(event, "local") == rules
    assert matching(event, "prod") == set()


def test_business_events_are_heard_on_our_own_bus_only(templates: Templates) -> None:
    heard = {
        id_: "EventBusName" in resource["Properties"]
        for id_, resource in templates.pipeline["Resources"].items()
        if resource["Type"] == "AWS::Events::Rule"
    }
    assert {id_.removeprefix("Triggers").split("Rule")[0] for id_, own in heard.items() if own} - {"DriftPaged"} == {
        "BusinessEvent"
    }


def test_a_schedule_says_which_workflow_and_for_which_minute(prod: Templates) -> None:
    inputs = [
        json.loads(one["Properties"]["Target"]["Input"])
        for id_, one in prod.resources("AWS::Scheduler::Schedule").items()
        if id_.startswith("Triggers")
    ]
    assert sorted(inputs, key=lambda one: one["workflow"]) == [
        {"source": "criba.schedule", "workflow": "measure", "time": "<aws.scheduler.scheduled-time>"},
        {"source": "criba.schedule", "workflow": "score", "time": "<aws.scheduler.scheduled-time>"},
        {"source": "criba.schedule", "workflow": "train", "time": "<aws.scheduler.scheduled-time>"},
    ]
