"""What SageMaker is asked to run: the image's commands with their inputs, outputs, limits and encryption."""

from collections.abc import Mapping, Sequence
from typing import Any

from aws_cdk import aws_s3 as s3

from pipeline_code.contracts import TRAIN, TRAINED
from stacks.workflows.model_monitor import capture
from stacks.workflows.platform import Platform
from stacks.workflows.states import jsonata

INPUT = "/opt/ml/processing/input"
OUTPUT = "/opt/ml/processing/output"


def training_job(platform: Platform, *, channels: Mapping[str, str]) -> dict[str, Any]:
    """Fit a model on `channels`, each an S3 folder as a JSONata expression; the artefact lies below `trained/`."""
    training, scoring = platform.settings.training, platform.settings.scoring
    return {
        "RoleArn": platform.job_role.role_arn,
        "AlgorithmSpecification": {
            "TrainingImage": platform.image.uri,
            "TrainingInputMode": "File",
            "ContainerEntrypoint": [TRAIN],
        },
        "HyperParameters": {
            "seed": str(training.seed),
            "min_confidence": str(scoring.min_confidence),
            "auto_accuracy": str(scoring.auto_accuracy),
            "review_quantile": str(scoring.review_quantile),
            "typo_rate": str(training.typo_rate),
        },
        "InputDataConfig": [
            {
                "ChannelName": channel,
                "DataSource": {
                    "S3DataSource": {
                        "S3DataType": "S3Prefix",
                        "S3Uri": jsonata(uri),
                        "S3DataDistributionType": "FullyReplicated",
                    }
                },
                "InputMode": "File",
            }
            for channel, uri in channels.items()
        ],
        "OutputDataConfig": {
            "S3OutputPath": f"s3://{platform.storage.models.bucket_name}/{TRAINED}",
            "KmsKeyId": platform.storage.keys.data.key_arn,
        },
        "ResourceConfig": platform.cluster(training.instance_type),
        "StoppingCondition": {"MaxRuntimeInSeconds": training.timeout_minutes * 60},
        "EnableNetworkIsolation": True,
        "EnableInterContainerTrafficEncryption": True,
        **platform.vpc_config,
    }


def processing_job(
    platform: Platform,
    command: str,
    *,
    inputs: Mapping[str, str] | str,
    bucket: s3.IBucket,
    folder: str,
    instance_type: str,
    arguments: Sequence[str] = (),
    environment: str | None = None,
) -> dict[str, Any]:
    """Run one of the image's commands; `inputs` are S3 folders by name, or one expression that makes the whole list.

    What the command writes goes to `folder` of `bucket`, below the run's id. `environment` is an expression.
    """
    application: dict[str, Any] = {"ImageUri": platform.image.uri, "ContainerEntrypoint": [command]}
    if arguments:
        application["ContainerArguments"] = list(arguments)
    target = jsonata(f"'s3://{bucket.bucket_name}/{folder}/run_id=' & $run_id")
    return {
        "RoleArn": platform.job_role.role_arn,
        "AppSpecification": application,
        **({"Environment": environment} if environment else {}),
        "ProcessingInputs": inputs
        if isinstance(inputs, str)
        else [processing_input(name, jsonata(uri)) for name, uri in inputs.items()],
        "ProcessingOutputConfig": {
            "KmsKeyId": platform.storage.keys.data.key_arn,
            "Outputs": [
                {
                    "OutputName": "output",
                    "S3Output": {"S3Uri": target, "LocalPath": OUTPUT, "S3UploadMode": "EndOfJob"},
                }
            ],
        },
        "ProcessingResources": {"ClusterConfig": platform.cluster(instance_type)},
        "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
        "NetworkConfig": {
            "EnableNetworkIsolation": True,
            "EnableInterContainerTrafficEncryption": True,
            **platform.vpc_config,
        },
    }


def processing_input(name: str, uri: str) -> dict[str, Any]:
    """One input folder of a processing job."""
    return {
        "InputName": name,
        "S3Input": {
            "S3Uri": uri,
            "LocalPath": f"{INPUT}/{name}",
            "S3DataType": "S3Prefix",
            "S3InputMode": "File",
        },
    }


def transform_job(platform: Platform, *, data: Mapping[str, str], output: str, instances: str) -> dict[str, Any]:
    """Score JSON Lines with the run's model; `output` and `instances` are JSONata expressions."""
    scoring = platform.settings.scoring
    return {
        "ModelName": jsonata("$model.model_name"),
        "BatchStrategy": "MultiRecord",
        "MaxPayloadInMB": scoring.max_payload_mb,
        "MaxConcurrentTransforms": scoring.max_concurrent,
        "ModelClientConfig": {"InvocationsTimeoutInSeconds": 600, "InvocationsMaxRetries": 3},
        "TransformInput": {
            "ContentType": "application/jsonlines",
            "SplitType": "Line",
            "CompressionType": "None",
            "DataSource": {"S3DataSource": dict(data)},
        },
        "TransformOutput": {
            "Accept": "application/jsonlines",
            "AssembleWith": "Line",
            "S3OutputPath": jsonata(output),
            "KmsKeyId": platform.storage.keys.data.key_arn,
        },
        "TransformResources": {
            "InstanceType": scoring.instance_type,
            "InstanceCount": jsonata(instances),
            "VolumeKmsKeyId": platform.storage.keys.data.key_arn,
        },
        **capture(platform),
    }
