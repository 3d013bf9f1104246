"""A state machine and SageMaker: jobs that are waited for, models, and the registry, with AWS's error names."""

import json
from typing import Any

import pytest

from tests.local.machines import call, history, run

IMAGE = "000000000000.dkr.ecr.eu-west-1.amazonaws.com/criba-local@sha256:" + "0" * 64
ROLE = "arn:aws:iam::000000000000:role/jobs"


@pytest.fixture(scope="module", autouse=True)
def bucket(aws: Any) -> None:
    aws("s3").create_bucket(Bucket="jobs", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})


def training(name: str, prefix: str) -> dict[str, Any]:
    def channel(split: str) -> dict[str, Any]:
        source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://jobs/{prefix}/{split}/"}
        source["S3DataDistributionType"] = "FullyReplicated"
        return {"ChannelName": split, "DataSource": {"S3DataSource": source}}

    return {
        "TrainingJobName": name,
        "RoleArn": ROLE,
        "AlgorithmSpecification": {
            "TrainingImage": IMAGE,
            "TrainingInputMode": "File",
            "ContainerEntrypoint": ["train"],
        },
        "HyperParameters": {"seed": "1", "review_quantile": "0.02", "min_confidence": "0.5"},
        "InputDataConfig": [channel("train"), channel("validation")],
        "OutputDataConfig": {"S3OutputPath": "s3://jobs/out"},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 10},
        "StoppingCondition": {"MaxRuntimeInSeconds": 600},
    }


def test_a_failed_job_is_task_failed_with_its_description_as_the_cause(aws):
    catch = [{"ErrorEquals": ["States.TaskFailed"], "Next": "After"}]
    job = call("sagemaker:createTrainingJob.sync", training("without-data", "nothing"), Catch=catch)
    after = {"Type": "Succeed", "Output": "{% $parse($states.input.Cause) %}"}
    described = run(aws, {"Train": job, "After": after})["output"]
    assert described["TrainingJobName"] == "without-data"
    assert described["TrainingJobStatus"] == "Failed"
    assert "s3://jobs/nothing/" in described["FailureReason"]
    assert isinstance(described["CreationTime"], int)


def test_a_job_name_that_is_taken_is_resource_in_use(aws):
    catch = [{"ErrorEquals": ["States.TaskFailed"], "Next": "Again"}]
    job = training("taken", "nothing")
    states = {
        "Train": call("sagemaker:createTrainingJob.sync", job, Catch=catch, Next="Again"),
        "Again": call("sagemaker:createTrainingJob.sync", job),
    }
    assert run(aws, states)["error"] == "SageMaker.ResourceInUseException"


def test_a_request_that_sagemaker_refuses_is_its_own_exception(aws):
    job = training("bad_name", "nothing")
    found = run(aws, {"Train": call("sagemaker:createTrainingJob.sync", job)})
    assert found["error"] == "SageMaker.AmazonSageMakerException"


def test_a_job_with_a_field_that_sagemaker_lacks_is_never_started(aws):
    found = run(aws, {"Train": call("sagemaker:createTrainingJob.sync", {**training("j", "n"), "Instances": 1})})
    assert found["error"] == "States.Runtime"
    assert 'The field "Instances" is not supported' in found["cause"]


def test_a_task_that_times_out_stops_its_job(aws):
    examples = [
        {"id": str(n), "text": f"mensaje número {n}", "label": str(n % 2), "language": "es", "source": "app"}
        for n in range(50_000)
    ]
    lines = "".join(json.dumps(example) + "\n" for example in examples)
    for split in ("train", "validation"):
        aws("s3").put_object(Bucket="jobs", Key=f"slow/{split}/part.jsonl", Body=lines.encode())
    job = training("slow", "slow")
    found = run(aws, {"Train": call("sagemaker:createTrainingJob.sync", job, TimeoutSeconds=1)})
    assert found["error"] == "States.Timeout", found["cause"]
    assert history(aws, found["executionArn"])[-2] == "TaskTimedOut"
    job = aws("sagemaker").describe_training_job(TrainingJobName="slow")
    assert job["TrainingJobStatus"] in ("Stopping", "Stopped"), job.get("FailureReason")


@pytest.fixture(scope="module")
def package(aws: Any) -> str:
    """ARN of a package that a state machine registered."""
    aws("sagemaker").create_model_package_group(ModelPackageGroupName="group")
    aws("s3").put_object(Bucket="jobs", Key="model.tar.gz", Body=b"model")
    arguments = {
        "ModelPackageGroupName": "group",
        "ModelApprovalStatus": "PendingManualApproval",
        "CustomerMetadataProperties": {"run_id": "run-1"},
        "InferenceSpecification": {
            "Containers": [{"Image": IMAGE, "ModelDataUrl": "s3://jobs/model.tar.gz"}],
            "SupportedContentTypes": ["application/jsonlines"],
            "SupportedResponseMIMETypes": ["application/jsonlines"],
        },
    }
    found = run(aws, {"Register": call("aws-sdk:sagemaker:createModelPackage", arguments)})
    assert found["status"] == "SUCCEEDED", found
    return str(found["output"]["ModelPackageArn"])


def test_a_package_is_registered_and_described_with_times_in_iso(aws, package):
    found = run(aws, {"Look": call("aws-sdk:sagemaker:describeModelPackage", {"ModelPackageName": package})})["output"]
    assert found["ModelPackageVersion"] == 1
    assert found["ModelApprovalStatus"] == "PendingManualApproval"
    assert found["CustomerMetadataProperties"] == {"run_id": "run-1"}
    assert found["CreationTime"].endswith("Z")


def test_a_package_that_does_not_exist_is_named_as_aws_names_it(aws):
    arn = "arn:aws:sagemaker:eu-west-1:000000000000:model-package/group/99"
    found = run(aws, {"Look": call("aws-sdk:sagemaker:describeModelPackage", {"ModelPackageName": arn})})
    assert found["error"] == "SageMaker.SageMakerException"
    assert "Status Code: 400" in found["cause"]


def test_a_person_approves_a_package_by_name_and_the_bus_is_told(aws, package):
    queue = aws("sqs").create_queue(QueueName="approvals")["QueueUrl"]
    pattern = {
        "source": ["aws.sagemaker"],
        "detail-type": ["SageMaker Model Package State Change"],
        "detail": {"ModelPackageGroupName": ["group"], "ModelApprovalStatus": ["Approved"]},
    }
    aws("events").put_rule(Name="approved", EventPattern=json.dumps(pattern))
    arn = "arn:aws:sqs:eu-west-1:000000000000:approvals"
    aws("events").put_targets(Rule="approved", Targets=[{"Id": "q", "Arn": arn}])
    engineer = aws("sagemaker", "ml-engineer")
    engineer.update_model_package(ModelPackageArn=package, ModelApprovalStatus="Approved", ApprovalDescription="good")
    event = json.loads(aws("sqs").receive_message(QueueUrl=queue, WaitTimeSeconds=5)["Messages"][0]["Body"])
    assert event["detail"]["ModelPackageArn"] == package
    by = engineer.describe_model_package(ModelPackageName=package)["LastModifiedBy"]
    assert by["IamIdentity"]["Arn"] == "arn:aws:sts::000000000000:assumed-role/ml-engineer/local"


def test_a_model_is_made_of_an_approved_package(aws, package):
    aws("sagemaker").update_model_package(ModelPackageArn=package, ModelApprovalStatus="Approved")
    arguments = {
        "ModelName": "m",
        "ExecutionRoleArn": ROLE,
        "PrimaryContainer": {"ModelPackageName": package},
    }
    found = run(aws, {"Make": call("sagemaker:createModel", arguments)})
    assert found["status"] == "SUCCEEDED", found
    assert found["output"]["ModelArn"] == "arn:aws:sagemaker:eu-west-1:000000000000:model/m"
