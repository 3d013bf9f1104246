"""The expressions of the workflows, evaluated: run names, scopes, instance counts, missing shards, verdicts."""

from typing import Any

import pytest

from tests.workflows.conftest import definitions
from tests.workflows.evaluation import chosen, evaluate


def launched(event: dict[str, Any], **variables: Any) -> dict[str, Any]:
    """What **launch** would start for an event: name, target, request."""
    context = {"Execution": {"Input": event}}
    state = chosen("launch", "What happened?", context=context)
    if state == "Read the package":
        state = "Model approved"
    return dict(evaluate(definitions()["launch"]["States"][state]["Assign"], context=context, **variables))


MARKER = {
    "source": "aws.s3",
    "detail-type": "Object Created",
    "detail": {"object": {"key": "messages/source=web-form/date=2026-11-22/_SUCCESS", "version-id": "v1"}},
}


def test_the_nightly_run_is_named_by_its_minute_and_looks_back_a_week() -> None:
    run = launched({"source": "criba.schedule", "workflow": "score", "time": "2026-11-23T01:00:00Z"})
    assert run["name"] == "score-2026-11-23t0100-1"
    assert run["request"]["scope"] == {"source": "*", "date_from": "2026-11-16", "date_to": "*"}
    assert run["request"]["trigger"] == {"kind": "schedule", "id": "2026-11-23T01:00:00Z"}
    assert "Score" in run["target"]


@pytest.mark.parametrize("workflow", ["train", "measure"])
def test_a_scheduled_run_is_named_by_its_minute(workflow: str) -> None:
    run = launched({"source": "criba.schedule", "workflow": workflow, "time": "2026-11-22T03:00:00Z"})
    assert run["name"] == f"{workflow}-2026-11-22t0300-1"
    assert workflow.capitalize() in run["target"]


def test_a_marker_scopes_the_run_to_its_source_and_date() -> None:
    run = launched(MARKER)
    assert run["request"]["scope"] == {"source": "web-form", "date_from": "2026-11-22", "date_to": "2026-11-22"}
    assert run["request"]["run_id"].startswith("score-2026-11-22-m-")
    assert len(run["request"]["run_id"]) == len("score-2026-11-22-m-") + 10


def test_a_marker_of_a_whole_date_scopes_the_run_to_all_sources() -> None:
    run = launched({**MARKER, "detail": {"object": {"key": "messages/date=2026-11-22/_SUCCESS", "version-id": "v1"}}})
    assert run["request"]["scope"] == {"source": "*", "date_from": "2026-11-22", "date_to": "2026-11-22"}


def test_a_marker_written_again_starts_another_run_and_an_event_sent_twice_does_not() -> None:
    again = {**MARKER, "detail": {"object": {**MARKER["detail"]["object"], "version-id": "v2"}}}  # type: ignore[index]
    assert launched(MARKER)["name"] == launched(MARKER)["name"]
    assert launched(MARKER)["name"] != launched(again)["name"]


@pytest.mark.parametrize(("given", "take"), [({}, "new"), ({"again": False}, "new"), ({"again": True}, "all")])
def test_a_run_takes_new_messages_unless_it_is_to_score_all_once_more(given: dict[str, Any], take: str) -> None:
    arguments = definitions()["score"]["States"]["Clean messages"]["Arguments"]["Arguments"]
    context = {"Execution": {"Input": {"scope": {}, **given}}}
    assert evaluate(arguments["--take"], context=context) == take


def test_predictions_become_current_at_the_very_end_of_a_run_that_published_some() -> None:
    states = definitions()["score"]["States"]
    assert states["Close the ledger"]["Next"] == "Anything published?"
    assert (
        chosen("score", "Anything published?", steps={"published": {"published": 5}}) == "Make the predictions current"
    )
    assert chosen("score", "Anything published?", steps={"clean": {}}) == "Done"
    current = states["Make the predictions current"]
    assert current["Next"] == "Done"
    said = evaluate(
        current["Arguments"],
        context={"Execution": {"StartTime": "2026-11-23T01:00:00Z"}},
        run_id="nightly",
        model={"version": "7"},
        steps={"published": {"published": 5}},
    )
    assert said["Key"] == "publications/nightly.json"
    assert said["Body"] == {
        "run_id": "nightly",
        "started_at": "2026-11-23T01:00:00Z",
        "model_version": "7",
        "records": 5,
    }
    assert evaluate(states["Withdraw what was published"]["Arguments"], run_id="nightly")["Key"] == said["Key"]


@pytest.mark.parametrize("key", ["labels/_SUCCESS", "messages/_SUCCESS", "messages/source=app/_SUCCESS"])
def test_a_marker_that_is_not_of_messages_starts_nothing(key: str) -> None:
    event = {**MARKER, "detail": {"object": {"key": key, "version-id": "v1"}}}
    assert chosen("launch", "What happened?", context={"Execution": {"Input": event}}) == "Not a marker of messages"


def test_a_business_event_may_name_its_run_and_its_scope() -> None:
    event = {
        "source": "criba",
        "detail-type": "ScoreRequested",
        "id": "e-1",
        "time": "2026-11-23T10:00:00Z",
        "detail": {"run_id": "campaign-7", "source": "app"},
    }
    run = launched(event)
    assert run["name"] == "campaign-7-1"
    assert run["request"]["scope"] == {"source": "app", "date_from": "*", "date_to": "*"}


def test_a_business_event_without_a_name_gets_one_from_its_id() -> None:
    event = {
        "source": "criba",
        "detail-type": "TrainRequested",
        "id": "e-1",
        "time": "2026-11-23T10:00:00Z",
        "detail": {},
    }
    assert launched(event)["request"]["run_id"].startswith("train-2026-11-23-e-")


def test_an_approval_promotes_once_for_each_change_of_the_package() -> None:
    event = {"source": "aws.sagemaker", "detail": {"ModelPackageArn": "arn:p/3"}}
    package = {"ModelPackageVersion": 3, "ModelPackageArn": "arn:p/3", "LastModifiedTime": "2026-11-23T10:00:00Z"}
    run = launched(event, package=package)
    assert run["name"].startswith("promote-v3-") and run["name"].endswith("-1")
    assert run["request"]["model_package_arn"] == "arn:p/3"
    assert launched(event, package=package)["name"] == run["name"]
    assert launched(event, package={**package, "LastModifiedTime": "2026-11-24T10:00:00Z"})["name"] != run["name"]


def test_an_event_that_no_rule_sends_is_refused() -> None:
    assert (
        chosen("launch", "What happened?", context={"Execution": {"Input": {"source": "aws.ec2"}}})
        == "Refuse the event"
    )


def test_a_name_in_use_is_fine_for_the_same_trigger_only() -> None:
    request = {"trigger": {"kind": "marker", "id": "a"}}
    assert chosen("launch", "Same trigger?", existing={"kind": "marker", "id": "a"}, request=request) == "Launched"
    assert (
        chosen("launch", "Same trigger?", existing={"kind": "marker", "id": "b"}, request=request) == "Refuse the name"
    )


@pytest.mark.parametrize(
    ("bytes_", "files", "instances"),
    [
        (1, 1, 1),
        (1_800_000_000, 27, 1),  # 2 MB/s for 15 minutes
        (1_800_000_001, 27, 2),
        (5_400_000_000, 81, 3),
        (5_400_000_000, 2, 2),  # never more instances than files
        (900_000_000_000, 14_000, 4),  # never more than max_instances
    ],
)
def test_instances_follow_the_plan_within_the_limits(bytes_: int, files: int, instances: int) -> None:
    count = definitions()["score"]["States"]["Score"]["Arguments"]["TransformResources"]["InstanceCount"]
    assert evaluate(count, steps={"plan": {"bytes": bytes_, "files": files}}) == instances


def test_only_the_missing_shards_are_sent_again() -> None:
    states = definitions()["score"]["States"]
    listed = {"Contents": [{"Key": f"batch/run_id=r/in/shard-0000{n}.jsonl"} for n in (0, 1, 2)]}
    shards = evaluate(states["List the shards"]["Assign"]["shards"], result=listed)
    assert shards == ["shard-00000.jsonl", "shard-00001.jsonl", "shard-00002.jsonl"]
    done = {"Contents": [{"Key": "batch/run_id=r/out/shard-00001.jsonl.out"}]}
    again = evaluate(states["List what was scored"]["Assign"], result=done, shards=shards, second_tries=0)
    assert again == {"missing": ["shard-00000.jsonl", "shard-00002.jsonl"], "second_tries": 1}
    manifest = evaluate(states["Name the missing shards"]["Arguments"]["Body"], run_id="r", **again)
    assert manifest[0]["prefix"].endswith("/batch/run_id=r/in/")
    assert manifest[1:] == ["shard-00000.jsonl", "shard-00002.jsonl"]


def test_a_transform_that_wrote_nothing_is_sent_again_whole() -> None:
    states = definitions()["score"]["States"]
    again = evaluate(states["List what was scored"]["Assign"], result={}, shards=["shard-00000.jsonl"], second_tries=0)
    assert again["missing"] == ["shard-00000.jsonl"]


@pytest.mark.parametrize(
    ("missing", "tries", "next_"),
    [
        ([], 1, "Publish predictions"),
        (["a"], 2, "Name the missing shards"),
        (["a"], 3, "Give up on the missing shards"),
    ],
)
def test_missing_shards_are_sent_twice_more_at_most(missing: list[str], tries: int, next_: str) -> None:
    assert chosen("score", "Anything missing?", missing=missing, second_tries=tries) == next_


@pytest.mark.parametrize(
    ("labels", "splits", "examples", "next_"),
    [
        (["a", "b"], (80, 10, 10), 100, "Train"),
        ([], (0, 0, 0), 0, "Nothing to train on"),
        (["a"], (80, 10, 10), 100, "Refuse one label"),
        (["a", "b"], (80, 0, 10), 90, "Refuse an empty split"),
    ],
)
def test_a_training_set_that_teaches_nothing_is_refused(
    labels: list[str], splits: tuple[int, int, int], examples: int, next_: str
) -> None:
    named = dict(zip(("train", "validation", "test"), splits, strict=True))
    steps = {"training_set": {"examples": examples, "labels": labels, "splits": named}}
    assert chosen("train", "Enough to train on?", steps=steps) == next_


def test_the_champion_is_compared_only_if_there_is_one() -> None:
    inputs = definitions()["train"]["States"]["Evaluate"]["Arguments"]["ProcessingInputs"]
    first = evaluate(inputs, run_id="r", model_data="s3://m/c.tar.gz", champion=None)
    assert [one["InputName"] for one in first] == ["test", "train", "validation", "challenger"]
    later = evaluate(inputs, run_id="r", model_data="s3://m/c.tar.gz", champion={"model_data": "s3://m/old.tar.gz"})
    assert [one["S3Input"]["S3Uri"] for one in later][3:] == ["s3://m/c.tar.gz", "s3://m/old.tar.gz"]


def test_both_models_are_judged_on_the_test_split_beside_what_the_challenger_learnt_from() -> None:
    inputs = definitions()["train"]["States"]["Evaluate"]["Arguments"]["ProcessingInputs"]
    told = {
        one["InputName"]: one["S3Input"] for one in evaluate(inputs, run_id="r", model_data="s3://m/c", champion=None)
    }
    for split in ("test", "train", "validation"):
        assert told[split]["S3Uri"].endswith(f"/training/run_id=r/{split}/")
        assert told[split]["LocalPath"] == f"/opt/ml/processing/input/{split}"


def test_every_gate_of_the_settings_is_an_argument_of_the_evaluation() -> None:
    arguments = definitions()["train"]["States"]["Evaluate"]["Arguments"]["AppSpecification"]["ContainerArguments"]
    assert dict(zip(arguments[::2], arguments[1::2], strict=True)) == {
        "--run-id": "{% $run_id %}",
        "--min-accuracy": "0.8",
        "--min-macro-f1": "0.75",
        "--min-coverage-at-95": "0.5",
        "--min-out-of-scope-rejection": "0.0",
        "--max-calibration-error": "0.1",
        "--max-worst-label-drop": "0.1",
        "--max-slice-drop": "0.05",
        "--significance": "0.05",
    }


def test_a_good_challenger_is_registered_with_its_card_and_where_its_page_lies() -> None:
    states = definitions()["train"]["States"]
    assert chosen("train", "Good enough?", steps={"evaluation": {"good_enough": True}}) == "Read the model card"
    read = states["Read the model card"]
    assert evaluate(read["Arguments"], run_id="r")["Key"] == "evaluations/run_id=r/model_card.json"
    card = evaluate(read["Assign"], result={"Body": '{"model_overview": {}}'})["model_card"]
    register = states["Register the challenger"]
    known = {
        "run_id": "r",
        "started_by": "arn:p",
        "model_data": "s3://m/c.tar.gz",
        "model_card": card,
        "steps": {"training_set": {"data_hash": "h"}, "evaluation": {"challenger": {"accuracy": 0.9, "macro_f1": 0.8}}},
    }
    asked = evaluate(register["Arguments"], context={"Execution": {"Name": "r-1"}}, **known)
    assert asked["ModelCard"] == {"ModelCardContent": '{"model_overview": {}}', "ModelCardStatus": "PendingReview"}
    assert asked["CustomerMetadataProperties"]["model_card"].endswith("/evaluations/run_id=r/model_card.html")
    assert asked["ModelMetrics"]["ModelQuality"]["Statistics"]["S3Uri"].endswith("/model_quality.json")
    assert evaluate(register["Assign"], result={"ModelPackageArn": "arn:p/1"})["model_card"] is None


@pytest.mark.parametrize("workflow", ["launch", "promote"])
def test_a_package_is_kept_without_its_card_which_is_large(workflow: str) -> None:
    assign = definitions()[workflow]["States"]["Read the package"]["Assign"]
    told = {"ModelPackageVersion": 3, "ModelCard": {"ModelCardContent": "{}"}, "ModelApprovalStatus": "Approved"}
    assert evaluate(assign, result=told)["package"] == {"ModelPackageVersion": 3, "ModelApprovalStatus": "Approved"}


PACKAGE = {
    "ModelApprovalStatus": "Approved",
    "ApprovalDescription": "better on refunds",
    "ModelPackageVersion": 3,
    "LastModifiedBy": {"IamIdentity": {"Arn": "arn:ml-engineer"}},
    "CustomerMetadataProperties": {"started_by": "arn:data-scientist"},
}


@pytest.mark.parametrize(
    ("change", "kind", "next_"),
    [
        ({}, "approval", "Look for the model"),
        ({"ApprovalDescription": "  "}, "approval", "Refuse without a reason"),
        ({"LastModifiedBy": {"IamIdentity": {"Arn": "arn:data-scientist"}}}, "approval", "Refuse a self-approval"),
        ({"ModelApprovalStatus": "Rejected"}, "approval", "Approval withdrawn"),
        ({"ModelApprovalStatus": "Rejected"}, "rollback", "Refuse an unapproved model"),
    ],
)
def test_nothing_ships_without_an_approval_in_order(change: dict[str, Any], kind: str, next_: str) -> None:
    context = {"Execution": {"Input": {"trigger": {"kind": kind}}}}
    assert chosen("promote", "May it be promoted?", package={**PACKAGE, **change}, context=context) == next_


def test_an_approval_without_any_description_is_refused() -> None:
    package = {key: value for key, value in PACKAGE.items() if key != "ApprovalDescription"}
    context = {"Execution": {"Input": {"trigger": {"kind": "approval"}}}}
    assert chosen("promote", "May it be promoted?", package=package, context=context) == "Refuse without a reason"


def test_a_ledger_of_a_success_has_no_reason() -> None:
    body = definitions()["score"]["States"]["Close the ledger"]["Arguments"]["Body"]
    context = {
        "Execution": {"Id": "arn:e", "StartTime": "2026-11-23T10:00:00Z"},
        "State": {"EnteredTime": "2026-11-23T10:05:00Z"},
    }
    known = {"run_id": "r", "outcome": "Messages scored", "started_by": "arn:p", "steps": {"plan": {"records": 2}}}
    ledger = evaluate(body, context=context, model=None, **known)
    assert ledger["status"] == "SUCCEEDED"
    assert ledger["reason"] is None
    assert ledger["steps"] == {"plan": {"records": 2}}


def test_job_names_fit_sagemakers_63_characters_for_the_longest_run() -> None:
    for workflow, state, key in (
        ("train", "Train", "TrainingJobName"),
        ("score", "Score the missing shards", "TransformJobName"),
    ):
        name = definitions()[workflow]["States"][state]["Arguments"][key]
        context = {"Execution": {"Name": "r" * 40 + "-99", "RedriveCount": 3}}
        longest = evaluate(name, context=context, second_tries=2).replace("criba-local", "criba-staging")
        assert len(longest) <= 63, longest


def test_a_failed_run_is_closed_under_its_own_workflow() -> None:
    assign = definitions()["close"]["States"]["Look at the run"]["Assign"]
    target = definitions()["launch"]["States"]["Weekly train"]["Assign"]["target"]
    described = {
        "StateMachineArn": target,
        "Status": "FAILED",
        "Error": "Criba.DataGate",
        "Cause": "one label only",
        "Input": '{"run_id": "r"}',
    }
    known = evaluate(assign, result=described)
    assert known["workflow"] == "train"
    assert known["reason"] == "Criba.DataGate: one label only"
    assert evaluate(assign["reason"], result={**described, "Error": None, "Status": "TIMED_OUT", "Cause": None})


@pytest.mark.parametrize(
    ("existing", "next_"), [("arn:p/3", "Keep its figures"), ("arn:p/2", "Refuse another's model")]
)
def test_a_roll_back_finds_its_model_there(existing: str, next_: str) -> None:
    assert chosen("promote", "Is it this model?", existing=existing, package={"ModelPackageArn": "arn:p/3"}) == next_
