"""SageMaker Model Monitor, where the account has it: what promote sets up for the new champion.

A job definition cannot be changed. Each promotion makes two of its own and moves the two schedules to them; a roll back
is such a promotion.
"""

from collections.abc import Mapping
from typing import Any

from aws_cdk import Stack
from constructs import Construct

from pipeline_code.contracts import BASELINE, CAPTURED, MEASURE, MERGED_LATER, MONITOR, SCHEDULED
from stacks.constructs.workflow import Workflow
from stacks.workflows.platform import Platform
from stacks.workflows.states import States, jsonata, task

FIRST = "Define the data quality job"
HOURLY, DAILY = "cron(0 * ? * * *)", "cron(0 8 ? * * *)"
DATA = "/opt/ml/processing/endpointdata"
RESULTS = "/opt/ml/processing/resultdata"
LONGEST_SECONDS = 1800
"""The most that Model Monitor allows a model quality job of a schedule."""


def schedules(platform: Platform, *, next_: str) -> States:
    """Define both jobs for `$model`, then create their schedules or move them to the new definitions."""
    return {
        **_definition(platform, "data", "Define the model quality job"),
        **_definition(platform, "model", "Look for the data quality schedule"),
        **_schedule(platform, "data", HOURLY, next_="Look for the model quality schedule"),
        **_schedule(platform, "model", DAILY, next_=next_),
    }


def capture(platform: Platform) -> dict[str, Any]:
    """What a transform is asked to note for the schedules: manifests, and an id with each answer."""
    if not platform.settings.model_monitor_schedules:
        return {}
    return {
        "DataCaptureConfig": {
            "DestinationS3Uri": f"s3://{platform.storage.monitoring.bucket_name}/{CAPTURED}",
            "KmsKeyId": platform.storage.keys.data.key_arn,
            "GenerateInferenceId": True,
        }
    }


def grant(scope: Construct, work: Workflow, platform: Platform) -> None:
    """Make definitions, make and move schedules, and hand them the role that they run as."""
    stack, prefix = Stack.of(scope), platform.prefix

    def arn(kind: str) -> str:
        return stack.format_arn(service="sagemaker", resource=kind, resource_name=f"{prefix}*")

    work.allow("sagemaker:CreateDataQualityJobDefinition", on=[arn("data-quality-job-definition")])
    work.allow("sagemaker:CreateModelQualityJobDefinition", on=[arn("model-quality-job-definition")])
    work.allow(
        "sagemaker:CreateMonitoringSchedule",
        "sagemaker:DescribeMonitoringSchedule",
        "sagemaker:UpdateMonitoringSchedule",
        on=[arn("monitoring-schedule")],
    )
    work.allow_passing(platform.job_role, to="sagemaker.amazonaws.com")


def _name(platform: Platform, kind: str) -> str:
    """A definition's name as JSONata: the version, and which promotion made it; 63 characters at most."""
    promotion = "$substring($hash($states.context.Execution.Name, 'SHA-256'), 0, 10)"
    return f"'{platform.prefix}v' & $string($model.version) & '-{kind}-' & {promotion}"


def _definition(platform: Platform, kind: str, next_: str) -> States:
    noun = f"{kind.capitalize()}Quality"
    parts: Mapping[str, Any] = {
        "BaselineConfig": _baseline(platform, kind),
        "AppSpecification": _application(platform, kind),
        "JobInput": _input(platform, kind),
        "JobOutputConfig": {
            "KmsKeyId": platform.storage.keys.data.key_arn,
            "MonitoringOutputs": [
                {
                    "S3Output": {
                        "S3Uri": f"s3://{platform.storage.monitoring.bucket_name}/{SCHEDULED}/{kind}-quality",
                        "LocalPath": RESULTS,
                        "S3UploadMode": "EndOfJob",
                    }
                }
            ],
        },
    }
    return {
        f"Define the {kind} quality job": task(
            f"aws-sdk:sagemaker:create{noun}JobDefinition",
            {
                "JobDefinitionName": jsonata(_name(platform, kind)),
                **{f"{noun}{part}": value for part, value in parts.items()},
                "JobResources": {"ClusterConfig": platform.cluster(platform.settings.scoring.instance_type)},
                "NetworkConfig": {"EnableNetworkIsolation": True, "EnableInterContainerTrafficEncryption": True},
                "RoleArn": platform.job_role.role_arn,
                "StoppingCondition": {"MaxRuntimeInSeconds": LONGEST_SECONDS},
            },
            # Made by a call of this very promotion whose answer was lost.
            catch={"SageMaker.ResourceInUseException": next_},
            next_=next_,
        )
    }


def _baseline(platform: Platform, kind: str) -> dict[str, Any]:
    folder = f"'s3://{platform.storage.monitoring.bucket_name}/{BASELINE}/' & $string($model.version) & "
    if kind == "model":
        return {"ConstraintsResource": {"S3Uri": jsonata(f"{folder}'/quality_constraints.json'")}}
    return {
        "ConstraintsResource": {"S3Uri": jsonata(f"{folder}'/constraints.json'")},
        "StatisticsResource": {"S3Uri": jsonata(f"{folder}'/statistics.json'")},
    }


def _application(platform: Platform, kind: str) -> dict[str, Any]:
    image = {"ImageUri": platform.image.uri}
    if kind == "data":
        # Beside its own variables: a batch is judged by the baseline of the model that scored it, and of no other.
        ours = {"model_version": jsonata("$string($model.version)"), "trained_by": jsonata("$model.trained_by")}
        return {
            **image,
            "ContainerEntrypoint": [MONITOR],
            "Environment": {"analysis_type": "DATA_QUALITY", **ours},
        }
    return {
        **image,
        "ContainerEntrypoint": [MEASURE],
        "ProblemType": "MulticlassClassification",
        "Environment": {
            "analysis_type": "MODEL_QUALITY",
            "min_labels": str(platform.settings.measuring.min_labels),
        },
    }


def _input(platform: Platform, kind: str) -> dict[str, Any]:
    monitoring = platform.storage.monitoring.bucket_name
    batch: dict[str, Any] = {
        "DataCapturedDestinationS3Uri": f"s3://{monitoring}/{CAPTURED}",
        "DatasetFormat": {"Json": {"Line": True}},
        "LocalPath": DATA,
        "S3InputMode": "File",
        "S3DataDistributionType": "FullyReplicated",
    }
    if kind == "data":
        return {"BatchTransformInput": batch}
    days = platform.settings.measuring.days
    return {
        "BatchTransformInput": {
            **batch,
            "InferenceAttribute": "label",
            "StartTimeOffset": f"-P{days}D",
            "EndTimeOffset": "-PT0H",
        },
        "GroundTruthS3Input": {"S3Uri": f"s3://{monitoring}/{MERGED_LATER}"},
    }


def _schedule(platform: Platform, kind: str, cron: str, *, next_: str) -> States:
    """Look for the schedule; create it where there is none, else move it to the new definition."""
    look, create, move = (f"{verb} the {kind} quality schedule" for verb in ("Look for", "Create", "Move"))
    name = {"MonitoringScheduleName": f"{platform.prefix}{kind}-quality"}
    config = {
        **name,
        "MonitoringScheduleConfig": {
            "ScheduleConfig": {"ScheduleExpression": cron},
            "MonitoringJobDefinitionName": jsonata(_name(platform, kind)),
            "MonitoringType": f"{kind.capitalize()}Quality",
        },
    }
    return {
        look: task(
            "aws-sdk:sagemaker:describeMonitoringSchedule",
            name,
            catch={"SageMaker.ResourceNotFoundException": create},
            next_=move,
        ),
        create: task(
            "aws-sdk:sagemaker:createMonitoringSchedule",
            config,
            catch={"SageMaker.ResourceInUseException": move},
            next_=next_,
        ),
        move: task("aws-sdk:sagemaker:updateMonitoringSchedule", config, next_=next_),
    }
