"""SageMaker's API under test: calls by a named person to an account of their own, and requests to make them with."""

import json
import time

import pytest

from criba.local import sagemaker
from criba.local.errors import AwsError

from .images import SERVER, URI, image

ROLE = "arn:aws:iam::000000000000:role/jobs"
MAKER = "arn:aws:sts::000000000000:assumed-role/data-scientist/local"
APPROVER = "arn:aws:sts::000000000000:assumed-role/ml-engineer/local"
TRAIN = """
import os, pathlib, sys, time
root = pathlib.Path(os.environ["SAGEMAKER_BASE_DIR"])
(root / "model/labels.json").write_text("[]")
time.sleep(float(os.environ.get("SLOW", "0")))
(root / "output/failure").write_text("one label only")
sys.exit(int(os.environ.get("CODE", "0")))
"""


@pytest.fixture
def events():
    return []


@pytest.fixture
def call(aws, events, tmp_path):
    """Make one call, as `person`, to an account of its own."""
    programs = {"train": TRAIN, "evaluate": "pass", "serve": SERVER}
    sagemaker.configure(
        aws,
        lambda *event: events.append(event),
        tmp_path / "work",
        images=(image(tmp_path, programs),),
        grace=1.0,
    )

    def make(operation, person=MAKER, **request):
        answer = sagemaker.handle(operation, request, person=person)
        return json.loads(json.dumps(answer))

    return make


@pytest.fixture
def ended(call):
    """Wait until a job has ended; returns its description."""

    def wait(noun, name):
        deadline = time.monotonic() + 15
        while time.monotonic() < deadline:
            job = call(f"Describe{noun}Job", **{f"{noun}JobName": name})
            if job[f"{noun}JobStatus"] not in ("InProgress", "Stopping"):
                return job
            time.sleep(0.02)
        raise AssertionError(f"{name} has not ended")

    return wait


def refusal(call, operation, **request):
    with pytest.raises(AwsError) as refused:
        call(operation, **request)
    return refused.value.code, refused.value.message


def training(bucket, name="train-1", **request):
    return {
        "TrainingJobName": name,
        "RoleArn": ROLE,
        "AlgorithmSpecification": {"TrainingImage": URI, "TrainingInputMode": "File"},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 10},
        "OutputDataConfig": {"S3OutputPath": bucket.uri("trained")},
        "StoppingCondition": {"MaxRuntimeInSeconds": 10},
        **request,
    }


def transform(bucket, name="score-1", **request):
    source = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": bucket.uri("in/")}}
    return {
        "TransformJobName": name,
        "ModelName": "champion",
        "TransformInput": {"DataSource": source, "SplitType": "Line"},
        "TransformOutput": {"S3OutputPath": bucket.uri("out")},
        "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 1},
        **request,
    }


def processing(**request):
    return {
        "ProcessingJobName": "evaluate-1",
        "RoleArn": ROLE,
        "ProcessingResources": {
            "ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 10}
        },
        "AppSpecification": {"ImageUri": URI, "ContainerEntrypoint": ["evaluate"]},
        **request,
    }


@pytest.fixture
def package(call, bucket):
    """Register a version of the group `messages`; returns its ARN."""
    call("CreateModelPackageGroup", ModelPackageGroupName="messages")
    data = bucket.put("model.tar.gz", b"")

    def register(**request):
        container = {"Image": URI, "ModelDataUrl": data, "Environment": {"WORKERS": "2"}}
        specification = {
            "Containers": [container],
            "SupportedContentTypes": ["application/jsonlines"],
            "SupportedResponseMIMETypes": ["application/jsonlines"],
        }
        given = {"ModelPackageGroupName": "messages", "InferenceSpecification": specification, **request}
        return call("CreateModelPackage", **given)["ModelPackageArn"]

    return register


def model_of(call, package, name="champion"):
    return call("CreateModel", ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer={"ModelPackageName": package})
