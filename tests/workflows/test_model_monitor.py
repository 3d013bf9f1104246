"""Model Monitor where it is on: what a transform captures, what promote defines and moves; nothing where it is off."""

import json
from typing import Any

from tests.infrastructure.conftest import synthesize
from tests.workflows.conftest import definitions
from tests.workflows.evaluation import evaluate

CONTEXT = {"Execution": {"Name": "promote-v1234567890-0123456789-12"}}
MODEL = {"version": "123456", "trained_by": "train-7"}


def given(state: str, **known: Any) -> dict[str, Any]:
    """The arguments of a state of **promote**, evaluated."""
    arguments = definitions()["promote"]["States"][state]["Arguments"]
    found: dict[str, Any] = evaluate(arguments, context=CONTEXT, model=MODEL, **known)
    return found


def test_a_transform_notes_what_it_reads_and_gives_each_answer_an_id() -> None:
    for state in ("Score", "Score the missing shards"):
        capture = definitions()["score"]["States"][state]["Arguments"]["DataCaptureConfig"]
        assert capture["GenerateInferenceId"] is True
        assert capture["DestinationS3Uri"].endswith("/captured")
        assert "KmsKeyId" in capture


def test_promote_defines_both_jobs_before_it_moves_the_schedules() -> None:
    states = definitions()["promote"]["States"]
    path = ["Point to the champion"]
    while path[-1] != "Tell people":
        path.append(states[path[-1]]["Next"])
    assert path == [
        "Point to the champion",
        "Define the data quality job",
        "Define the model quality job",
        "Look for the data quality schedule",
        "Move the data quality schedule",
        "Look for the model quality schedule",
        "Move the model quality schedule",
        "Tell people",
    ]


def test_a_schedule_that_is_not_there_is_created_and_one_that_is_just_made_moved() -> None:
    states = definitions()["promote"]["States"]
    for kind, then in (("data", "Look for the model quality schedule"), ("model", "Tell people")):
        (missing,) = states[f"Look for the {kind} quality schedule"]["Catch"]
        assert missing["ErrorEquals"] == ["SageMaker.ResourceNotFoundException"]
        assert missing["Next"] == f"Create the {kind} quality schedule"
        create = states[missing["Next"]]
        assert create["Next"] == then
        assert create["Catch"][0]["ErrorEquals"] == ["SageMaker.ResourceInUseException"]
        assert create["Catch"][0]["Next"] == f"Move the {kind} quality schedule"
        assert create["Arguments"] == states[f"Move the {kind} quality schedule"]["Arguments"]


def test_each_promotion_has_definitions_of_its_own_with_names_that_sagemaker_takes() -> None:
    names = set()
    for execution in ("promote-v7-abc-1", "promote-20261124-ffffff-1"):
        context = {"Execution": {"Name": execution}}
        for kind in ("data", "model"):
            arguments = definitions()["promote"]["States"][f"Define the {kind} quality job"]["Arguments"]
            name = evaluate(arguments["JobDefinitionName"], context=context, model=MODEL)
            assert name.startswith(f"criba-local-v123456-{kind}-") and len(name) <= 63
            names.add(name)
    assert len(names) == 4
    moved = given("Move the model quality schedule")["MonitoringScheduleConfig"]
    assert moved["MonitoringJobDefinitionName"] == given("Define the model quality job")["JobDefinitionName"]
    assert (moved["MonitoringType"], moved["ScheduleConfig"]["ScheduleExpression"]) == (
        "ModelQuality",
        "cron(0 8 ? * * *)",
    )


def test_the_jobs_are_isolated_encrypted_and_compare_with_the_promoted_version() -> None:
    for kind, noun, command in (("data", "DataQuality", "monitor"), ("model", "ModelQuality", "measure")):
        job = given(f"Define the {kind} quality job")
        assert job["NetworkConfig"] == {"EnableNetworkIsolation": True, "EnableInterContainerTrafficEncryption": True}
        assert "VolumeKmsKeyId" in job["JobResources"]["ClusterConfig"]
        assert job["StoppingCondition"]["MaxRuntimeInSeconds"] <= 1800  # AWS's bound for an hourly schedule of quality
        assert "KmsKeyId" in job[f"{noun}JobOutputConfig"]
        assert job[f"{noun}AppSpecification"]["ContainerEntrypoint"] == [command]
        batch = job[f"{noun}JobInput"]["BatchTransformInput"]
        assert batch["DatasetFormat"] == {"Json": {"Line": True}}
        assert "/baseline/123456/" in job[f"{noun}BaselineConfig"]["ConstraintsResource"]["S3Uri"]
    ours = given("Define the data quality job")["DataQualityAppSpecification"]["Environment"]
    assert (ours["model_version"], ours["trained_by"]) == ("123456", "train-7")
    quality = given("Define the model quality job")
    assert quality["ModelQualityJobInput"]["BatchTransformInput"]["StartTimeOffset"] == "-P30D"
    assert quality["ModelQualityJobInput"]["GroundTruthS3Input"]["S3Uri"].endswith("/ground-truth")


def test_where_it_is_off_nothing_of_it_is_there() -> None:
    prod, local = (json.dumps(synthesize(name).pipeline) for name in ("prod", "local"))
    for word in ("DataCaptureConfig", "MonitoringSchedule", "JobDefinition", "/captured"):
        assert word not in prod, word
    for word in (
        "DataCaptureConfig",
        "sagemaker:UpdateMonitoringSchedule",
        "sagemaker:CreateModelQualityJobDefinition",
    ):
        assert word in local, word
