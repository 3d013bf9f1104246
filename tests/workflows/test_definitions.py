"""Every state machine is sound: no dangling state, no task without timeout and retries, no bad argument."""

import copy
from typing import Any

import pytest

from gates.language import problems
from tests.workflows.conftest import Definition, definitions


def test_a_definition_has_nothing_that_aws_would_refuse(definition: Definition) -> None:
    assert problems(definition) == []


def test_every_definition_is_in_jsonata_and_ends_by_itself(definition: Definition) -> None:
    assert definition["QueryLanguage"] == "JSONata"
    assert 60 <= definition["TimeoutSeconds"] <= 30 * 24 * 3600


@pytest.mark.parametrize(
    ("workflow", "path", "value", "said"),
    [
        ("train", ("Evaluate", "TimeoutSeconds"), None, "Evaluate: no timeout"),
        ("train", ("Train", "Retry"), None, "Train: no retry with jitter"),
        ("train", ("Train", "Next"), "Evaluat", "Evaluat does not exist"),
        (
            "score",
            ("Score", "Arguments", "TransformResources", "InstanceTyp"),
            "ml.m5.large",
            "InstanceTyp is no parameter",
        ),
        ("score", ("Score", "Arguments", "BatchStrategy"), "MultiRecords", "'MultiRecords' is none of MultiRecord"),
        (
            "promote",
            ("Create the model", "Arguments", "ExecutionRoleArn"),
            7,
            "ExecutionRoleArn = 7 should be a string",
        ),
        ("launch", ("Start the run", "Resource"), "arn:aws:states:::aws-sdk:sfn:startExecutions", "no such operation"),
        (
            "launch",
            ("Start the run", "Resource"),
            "arn:aws:states:::aws-sdk:sfn:startExecution.sync",
            "cannot be waited",
        ),
    ],
)
def test_the_check_finds_a_planted_defect(workflow: str, path: tuple[str, ...], value: Any, said: str) -> None:
    broken: dict[str, Any] = copy.deepcopy(definitions()[workflow])
    place = broken["States"]
    for step in path[:-1]:
        place = place[step]
    if value is None:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    assert any(said in problem for problem in problems(broken)), problems(broken)


def test_jobs_are_isolated_encrypted_and_stopped_in_time() -> None:
    for workflow, state in (("train", "Train"), ("train", "Evaluate"), ("score", "Monitor"), ("measure", "Measure")):
        arguments = definitions()[workflow]["States"][state]["Arguments"]
        network = arguments.get("NetworkConfig", arguments)
        assert network["EnableNetworkIsolation"] is True
        assert network["EnableInterContainerTrafficEncryption"] is True
        assert (
            arguments["StoppingCondition"]["MaxRuntimeInSeconds"]
            < definitions()[workflow]["States"][state]["TimeoutSeconds"]
        )
        assert "KmsKeyId" in str(arguments)


def test_a_challenger_waits_for_a_person() -> None:
    register = definitions()["train"]["States"]["Register the challenger"]["Arguments"]
    assert register["ModelApprovalStatus"] == "PendingManualApproval"
    assert {"run_id", "started_by", "data_hash", "code_version", "image_digest"} <= set(
        register["CustomerMetadataProperties"]
    )


def test_states_read_as_speech(definition: Definition) -> None:
    for name in definition["States"]:
        assert name[0].isupper() and "_" not in name and len(name) <= 80, name


def test_no_state_keeps_message_text(definition: Definition) -> None:
    """State carries S3 addresses and counts: what a run reads is its own small JSON files."""
    read = [
        state["Arguments"]["Key"]
        for state in definition["States"].values()
        if state.get("Resource", "").endswith("s3:getObject")
    ]
    assert all(any(folder in key for folder in ("'runs/", "'evaluations/", "'reports/", "'latest/")) for key in read)
