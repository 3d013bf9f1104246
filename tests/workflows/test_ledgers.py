"""What a run's ledger says: counts, jobs with their times, the model, and what it cost; after a failure too."""

import json
from typing import Any

import pytest

from stacks.workflows.ledger import FIELDS
from tests.ledgers import SCHEMA, problems
from tests.workflows.conftest import definitions
from tests.workflows.evaluation import evaluate

CONTEXT = {
    "Execution": {"Id": "arn:e", "StartTime": "2026-11-23T10:00:00.000Z", "Name": "r-1"},
    "State": {"EnteredTime": "2026-11-23T10:05:00.500Z"},
}
GLUE_RUN = {
    "Id": "jr_1",
    "JobName": "Clean",
    "JobRunState": "SUCCEEDED",
    "StartedOn": 1_795_428_000_000,
    "CompletedOn": 1_795_428_090_500,
    "ExecutionTime": 80,
    "DPUSeconds": 160.0,
    "WorkerType": "G.1X",
    "NumberOfWorkers": 4,
    "MaxCapacity": 4.0,
}
TRANSFORM = {
    "TransformJobName": "criba-local-r-1-0",
    "TransformJobStatus": "Completed",
    "TransformStartTime": "2026-11-23T10:02:00.000Z",
    "TransformEndTime": "2026-11-23T10:04:00.000Z",
    "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 3},
}
STEPS = {
    "clean": {
        "objects": 2,
        "bytes": 900,
        "landed": 10,
        "redriven": 1,
        "erased": 0,
        "kept": 7,
        "duplicates": 2,
        "duplicate_kinds": {"same_object": 2},
        "quarantined": 1,
        "quarantine_reasons": {"blank_text": 1},
    },
    "plan": {"records": 7, "bytes": 700, "files": 1},
    "published": {"scored": 6, "unscorable": 1, "auto": 4, "review": 2, "published": 6},
}
JOBS = [
    {"step": "Clean messages", "service": "glue", "job": "jr_1", "status": "SUCCEEDED", "dpu_seconds": 3600},
    {
        "step": "Score",
        "service": "sagemaker",
        "job": "t",
        "status": "Completed",
        "seconds": 600,
        "instance_type": "ml.m5.large",
        "instances": 3,
    },
]


def assigned(workflow: str, state: str, /, **known: Any) -> dict[str, Any]:
    found: dict[str, Any] = evaluate(definitions()[workflow]["States"][state]["Assign"], **known)
    return found


def closed(workflow: str = "score", state: str = "Close the ledger", /, **known: Any) -> dict[str, Any]:
    """The ledger that a state writes, as it lies in S3."""
    known = {
        "run_id": "r",
        "outcome": "Messages scored",
        "started_by": "arn:p",
        "model": {"version": "3"},
        "steps": STEPS,
        "jobs": JOBS,
        "discrepancies": [],
        "transitions": 30,
        "context": CONTEXT,
        **known,
    }
    body = evaluate(definitions()[workflow]["States"][state]["Arguments"]["Body"], **known)
    found: dict[str, Any] = json.loads(json.dumps(body).replace("image@", "image@sha256:" + "0" * 64))
    return found


def test_a_glue_run_enters_the_ledger_with_its_times_and_dpu_seconds() -> None:
    jobs = assigned("score", "Clean messages", result=GLUE_RUN, jobs=[])["jobs"]
    assert jobs == [
        {
            "step": "Clean messages",
            "service": "glue",
            "job": "jr_1",
            "status": "SUCCEEDED",
            "started_at": "2026-11-23T10:00:00.000Z",
            "ended_at": "2026-11-23T10:01:30.500Z",
            "seconds": 90.5,
            "dpu_seconds": 160.0,
        }
    ]


@pytest.mark.parametrize(
    ("run", "dpu_seconds"),
    [
        ({"DpuSeconds": 90.0}, 90.0),
        ({"MaxCapacity": 4.0, "ExecutionTime": 80}, 320.0),
        ({"NumberOfWorkers": 3, "WorkerType": "G.2X", "ExecutionTime": 100}, 600),
        ({"MaxCapacity": 2.0, "ExecutionTime": 5}, 120.0),  # Glue bills a minute at least
    ],
)
def test_a_glue_run_without_dpu_seconds_is_taken_for_all_its_workers(run: dict[str, Any], dpu_seconds: float) -> None:
    described = {"Id": "jr_1", "JobRunState": "SUCCEEDED", **run}
    assert assigned("score", "Clean messages", result=described, jobs=[])["jobs"][0]["dpu_seconds"] == dpu_seconds


def test_a_sagemaker_job_enters_it_with_its_instances_after_the_jobs_before_it() -> None:
    jobs = assigned("score", "Score", result=TRANSFORM, jobs=JOBS[:1])["jobs"]
    assert jobs == [
        JOBS[0],
        {
            "step": "Score",
            "service": "sagemaker",
            "job": "criba-local-r-1-0",
            "status": "Completed",
            "started_at": "2026-11-23T10:02:00.000Z",
            "ended_at": "2026-11-23T10:04:00.000Z",
            "seconds": 120,
            "instance_type": "ml.m5.large",
            "instances": 3,
        },
    ]


def test_a_job_whose_start_was_not_heard_of_is_entered_once_it_has_ended() -> None:
    running = {**TRANSFORM, "TransformJobStatus": "InProgress"}
    assert assigned("score", "Score: look again", result=running, jobs=[])["jobs"] == []
    (entry,) = assigned("score", "Score: look again", result=TRANSFORM, jobs=[])["jobs"]
    assert (entry["step"], entry["seconds"]) == ("Score", 120)


def test_a_transform_that_failed_and_was_sent_again_has_cost_money_too() -> None:
    (catcher,) = [
        one for one in definitions()["score"]["States"]["Score"]["Catch"] if one["ErrorEquals"] == ["States.TaskFailed"]
    ]
    failed = json.dumps({**TRANSFORM, "TransformJobStatus": "Failed"})
    (entry,) = evaluate(catcher["Assign"]["jobs"], error={"Cause": failed}, jobs=[])
    assert (entry["status"], entry["seconds"], entry["instances"]) == ("Failed", 120, 3)
    assert evaluate(catcher["Assign"]["jobs"], error={"Cause": "in words"}, jobs=JOBS) == JOBS


def test_the_ledger_of_a_score_run_tells_what_became_of_every_record() -> None:
    found = closed()
    assert problems(found) == []
    assert found["inputs"]["objects"] == 2
    assert found["inputs"]["list"].endswith("/runs/score/r/inputs.json")
    assert found["counts"] == {
        "landed": 10,
        "redriven": 1,
        "erased": 0,
        "kept": 7,
        "duplicates": {"same_object": 2},
        "quarantined": {"blank_text": 1, "unscorable": 1},
        "scored": 6,
        "auto": 4,
        "review": 2,
        "unscorable": 1,
        "published": 6,
    }
    assert (found["seconds"], found["model"], found["steps"]) == (300.5, {"version": "3"}, STEPS)


def test_every_field_of_the_ledger_is_documented() -> None:
    assert set(closed()) == set(FIELDS) == set(SCHEMA.schema["required"])


def test_who_accepted_the_quality_and_why_stands_in_the_ledger_after_a_failure_too() -> None:
    accepted = {"by": "arn:ines", "reason": "a campaign"}
    assert closed()["accepted_quality"] is None
    context = {**CONTEXT, "Execution": {**CONTEXT["Execution"], "Input": {"accept_quality": accepted}}}
    found = closed(context=context)
    assert problems(found) == []
    assert found["accepted_quality"] == accepted
    given = json.dumps({"run_id": "night", "started_by": "arn:ines", "accept_quality": accepted})
    failed = closed_after_a_failure(history(("Begin", {"steps": {}})), Input=given)
    assert problems(failed) == []
    assert failed["accepted_quality"] == accepted


def test_a_run_costs_its_dpu_hours_its_instance_hours_and_its_transitions() -> None:
    cost = closed()["cost"]
    # 1 DPU-hour at 0.44; 3 machines for 600 s at 0.115 an hour; 30 transitions at 0.000025.
    assert cost["parts"] == {"glue": 0.44, "sagemaker": 0.0575, "step_functions": 0.00075}
    assert cost["estimate"] == 0.49825
    assert (cost["prices_as_of"], cost["without_price"]) == ("2026-11-23", [])
    assert "S3 requests and storage" in cost["not_counted"]


def test_an_instance_type_without_a_price_is_named_rather_than_taken_for_free() -> None:
    cost = closed(jobs=[*JOBS, {**JOBS[1], "instance_type": "ml.c7i.large"}])["cost"]
    assert (cost["without_price"], cost["parts"]["sagemaker"]) == (["ml.c7i.large"], 0.0575)


def test_a_run_without_jobs_has_a_ledger_and_a_price() -> None:
    found = closed("promote", steps={}, jobs=[], transitions=12, model=None)
    assert problems(found) == []
    assert (found["inputs"], found["counts"], found["cost"]["estimate"]) == (None, {}, 0.0003)


def test_the_transitions_are_those_of_aws_own_history() -> None:
    events = [{"Type": kind} for kind in ("TaskStateExited", "TaskSucceeded", "TaskStateEntered", "PassStateEntered")]
    assert assigned("score", "Count the transitions", result={"Events": events})["transitions"] == 2


FAILED = {
    "ExecutionArn": "arn:aws:states:eu-west-1:000000000000:execution:Score:night-1",
    "Status": "FAILED",
    "StartDate": "2026-11-23T10:00:00.000Z",
    "StopDate": "2026-11-23T10:03:00.000Z",
    "Error": "States.TaskFailed",
    "Cause": json.dumps({**TRANSFORM, "TransformJobStatus": "Failed"}),
    "Input": '{"run_id": "night", "started_by": "schedule"}',
}


def history(*states: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    """GetExecutionHistory's answer, the newest event first: states left, with what they assigned."""
    events: list[dict[str, Any]] = [{"Type": "ExecutionFailed"}]
    for name, variables in reversed(states):
        left = {"Name": name, "AssignedVariables": {key: json.dumps(value) for key, value in variables.items()}}
        events.append({"Type": "TaskStateExited", "StateExitedEventDetails": left})
        events.append({"Type": "TaskStateEntered", "StateEnteredEventDetails": {"Name": name}})
    return {"Events": events}


def closed_after_a_failure(told: dict[str, Any], **changed: Any) -> dict[str, Any]:
    target = definitions()["launch"]["States"]["Nightly score"]["Assign"]["target"]
    known = assigned("close", "Look at the run", result={**FAILED, "StateMachineArn": target, **changed})
    known |= {"transitions": 9}
    known |= assigned("close", "Read what it had counted", result=told, **known)
    known |= assigned("close", "Add the job that failed", **known)
    return closed("close", "Close the ledger as failed", **known)


def test_the_ledger_of_a_failed_run_has_what_the_run_had_counted_and_the_job_that_failed() -> None:
    told = history(
        ("Begin", {"steps": {}, "jobs": [], "model": None, "discrepancies": []}),
        ("Read the champion", {"model": {"version": "3"}}),
        ("Clean messages", {"jobs": JOBS[:1]}),
        ("Clean messages: read the report", {"steps": {"clean": STEPS["clean"]}}),
        ("Score: look again", {"model_data": "x"}),
    )
    found = closed_after_a_failure(told)
    assert problems(found) == []
    assert (found["workflow"], found["status"], found["outcome"]) == ("score", "FAILED", "FAILED")
    assert found["steps"] == {"clean": STEPS["clean"]}
    assert (found["counts"]["landed"], found["counts"]["quarantined"]) == (10, {"blank_text": 1})
    assert found["model"] == {"version": "3"}
    assert [(one["step"], one["status"]) for one in found["jobs"]] == [
        ("Clean messages", "SUCCEEDED"),
        ("Score", "Failed"),
    ]
    assert (found["seconds"], found["transitions"]) == (180, 9)


def test_the_ledger_of_a_run_that_was_not_reconciled_says_what_did_not_add_up() -> None:
    wrong = ["Build the batch: 7 kept, but 6 records"]
    told = history(("Begin", {"steps": {}, "jobs": []}), ("Reconcile", {"discrepancies": wrong}))
    found = closed_after_a_failure(told, Error="Criba.NotReconciled", Cause=wrong[0])
    assert problems(found) == []
    assert found["discrepancies"] == wrong
    assert found["reason"] == "Criba.NotReconciled: Build the batch: 7 kept, but 6 records"
    assert found["jobs"] == []


def test_a_run_that_was_aborted_before_its_first_state_has_a_ledger_too() -> None:
    found = closed_after_a_failure({"Events": [{"Type": "ExecutionAborted"}]}, Status="ABORTED", Error=None, Cause=None)
    assert problems(found) == []
    assert (found["outcome"], found["counts"], found["jobs"], found["model"]) == ("ABORTED", {}, [], None)
