"""SageMaker's API: jobs that really run, models that need an approval, and a registry that says who gave it."""

import json
import time

import botocore.session
import pytest

from criba.local import sagemaker
from criba.local.errors import AwsError
from criba.local.jobs import files
from criba.local.sagemaker import shapes

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


# Jobs


def test_a_training_job_goes_from_in_progress_to_completed_with_its_artefact(call, ended, events, bucket):
    answer = call("CreateTrainingJob", **training(bucket, EnableNetworkIsolation=True))
    arn = "arn:aws:sagemaker:eu-west-1:000000000000:training-job/train-1"
    assert answer == {"TrainingJobArn": arn}
    job = ended("Training", "train-1")
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Completed", "Completed")
    assert job["ModelArtifacts"] == {"S3ModelArtifacts": bucket.uri("trained/train-1/output/model.tar.gz")}
    assert [step["Status"] for step in job["SecondaryStatusTransitions"]] == [
        "Starting", "Downloading", "Training", "Uploading", "Completed",
    ]  # fmt: skip
    assert job["CreationTime"] <= job["TrainingStartTime"] <= job["TrainingEndTime"]
    told = [(kind, detail["TrainingJobStatus"], resources) for _, kind, detail, resources in events]
    assert told == [
        ("SageMaker Training Job State Change", "InProgress", [arn]),
        ("SageMaker Training Job State Change", "Completed", [arn]),
    ]


def test_a_failing_training_job_says_why(call, ended, bucket):
    call("CreateTrainingJob", **training(bucket, Environment={"CODE": "1"}))
    job = ended("Training", "train-1")
    assert (job["TrainingJobStatus"], job["FailureReason"]) == (
        "Failed",
        "AlgorithmError: one label only, exit code: 1",
    )


def test_a_training_job_out_of_time_is_stopped_with_what_it_has(call, ended, bucket):
    request = training(bucket, Environment={"SLOW": "30"}, StoppingCondition={"MaxRuntimeInSeconds": 1})
    call("CreateTrainingJob", **request)
    job = ended("Training", "train-1")
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Stopped", "MaxRuntimeExceeded")
    assert "ModelArtifacts" in job


def test_a_job_can_be_stopped_while_it_runs_and_not_after(call, ended, bucket):
    call("CreateTrainingJob", **training(bucket, Environment={"SLOW": "30"}))
    call("StopTrainingJob", TrainingJobName="train-1")
    assert call("DescribeTrainingJob", TrainingJobName="train-1")["TrainingJobStatus"] in ("Stopping", "Stopped")
    assert ended("Training", "train-1")["TrainingJobStatus"] == "Stopped"
    assert refusal(call, "StopTrainingJob", TrainingJobName="train-1") == (
        "ValidationException",
        "The request was rejected because the training job is in status Stopped.",
    )


def test_a_used_job_name_is_in_use_for_ever(call, ended, bucket):
    call("CreateTrainingJob", **training(bucket))
    ended("Training", "train-1")
    code, message = refusal(call, "CreateTrainingJob", **training(bucket))
    assert code == "ResourceInUse"
    assert message == (
        "Training job names must be unique within an AWS account and region, and a training job with this name "
        "already exists (arn:aws:sagemaker:eu-west-1:000000000000:training-job/train-1)"
    )


def test_an_output_bucket_that_is_not_there_fails_the_job(call, ended, bucket):
    call("CreateTrainingJob", **training(bucket, OutputDataConfig={"S3OutputPath": "s3://nobodys-bucket/x"}))
    job = ended("Training", "train-1")
    assert job["TrainingJobStatus"] == "Failed"
    assert "NoSuchBucket" in job["FailureReason"]


def test_unknown_jobs_are_refused_in_the_services_words(call):
    assert refusal(call, "DescribeTrainingJob", TrainingJobName="x") == (
        "ValidationException",
        "Requested resource not found.",
    )
    for noun in ("Processing", "Transform"):
        assert refusal(call, f"Describe{noun}Job", **{f"{noun}JobName": "x"}) == (
            "ValidationException",
            "Could not find requested job with name: x",
        )


def test_jobs_are_listed_by_status_and_page(call, ended, bucket):
    for name in ("a-1", "a-2", "b-1"):
        call("CreateTrainingJob", **training(bucket, name, Environment={"CODE": "1" if name == "a-2" else "0"}))
        ended("Training", name)
    failed = call("ListTrainingJobs", StatusEquals="Failed")["TrainingJobSummaries"]
    assert [job["TrainingJobName"] for job in failed] == ["a-2"]
    first = call("ListTrainingJobs", NameContains="a-", MaxResults=1, SortBy="Name")
    assert [job["TrainingJobName"] for job in first["TrainingJobSummaries"]] == ["a-1"]
    second = call("ListTrainingJobs", NameContains="a-", MaxResults=1, SortBy="Name", NextToken=first["NextToken"])
    assert [job["TrainingJobName"] for job in second["TrainingJobSummaries"]] == ["a-2"]
    assert "NextToken" not in second


def test_a_processing_job_runs_and_its_description_is_what_was_asked(call, ended, events):
    call("CreateProcessingJob", **processing(Environment={"LEVEL": "2"}))
    job = ended("Processing", "evaluate-1")
    assert (job["ProcessingJobStatus"], job["Environment"]) == ("Completed", {"LEVEL": "2"})
    assert events[-1][1] == "SageMaker Processing Job State Change"


def test_what_the_platform_does_not_do_is_refused_by_name(call, bucket):
    two = {"InstanceType": "ml.m5.large", "InstanceCount": 2, "VolumeSizeInGB": 10}
    code, message = refusal(call, "CreateTrainingJob", **training(bucket, ResourceConfig=two))
    assert code == "NotEmulated"
    assert "2 instances" in message
    assert refusal(call, "CreateEndpoint", EndpointName="e", EndpointConfigName="c") == (
        "NotEmulated",
        "the local platform does not do this: sagemaker CreateEndpoint",
    )


# Requests against the service model


def test_a_request_is_held_against_the_service_model(call, bucket):
    code, message = refusal(call, "CreateTrainingJob", **training(bucket, "no_underscores"))
    assert code == "ValidationException"
    assert message.startswith(
        "1 validation error detected: Value 'no_underscores' at 'trainingJobName' failed to satisfy constraint: "
        "Member must satisfy regular expression pattern: "
    )


def test_a_missing_field_a_wrong_type_and_a_wrong_value_are_named(call):
    assert "TrainingJobName" in refusal(call, "CreateTrainingJob")[1]
    assert "ModelName" in refusal(call, "DescribeModel", ModelName=7)[1]
    code, message = refusal(call, "ListModels", SortOrder="Sideways")
    assert (code, "Member must satisfy enum value set: [Ascending, Descending]" in message) == (
        "ValidationException",
        True,
    )


def test_every_pattern_of_the_service_model_is_one_that_python_reads():
    service = botocore.session.get_session().get_service_model("sagemaker")
    patterns = {service.shape_for(name).metadata.get("pattern") for name in service.shape_names} - {None}
    assert len(patterns) > 200
    for pattern in patterns:
        shapes._python(pattern)


# Batch Transform's limits


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        ({"MaxConcurrentTransforms": 20, "MaxPayloadInMB": 6}, "20 * 6 = 120"),
        ({"MaxConcurrentTransforms": 17}, "17 * 6 = 102"),
        ({"MaxPayloadInMB": 101}, "MaxPayloadInMB is 101"),
        ({"TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 101}}, "InstanceCount is 101"),
        ({"TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 0}}, "InstanceCount"),
        ({"ModelClientConfig": {"InvocationsTimeoutInSeconds": 3601}}, "3600"),
        ({"ModelClientConfig": {"InvocationsTimeoutInSeconds": 0}}, "InvocationsTimeoutInSeconds"),
        ({"ModelClientConfig": {"InvocationsMaxRetries": 4}}, "less than or equal to 3"),
        ({"Environment": {f"V{number}": "x" for number in range(17)}}, "less than or equal to 16"),
    ],
)
def test_a_transform_job_beyond_a_limit_is_refused(call, package, bucket, request_, said):
    model_of(call, package(ModelApprovalStatus="Approved"))
    code, message = refusal(call, "CreateTransformJob", **transform(bucket, **request_))
    assert code == "ValidationException"
    assert said in message


def test_single_record_needs_a_split(call, package, bucket):
    model_of(call, package(ModelApprovalStatus="Approved"))
    request = transform(bucket, BatchStrategy="SingleRecord")
    del request["TransformInput"]["SplitType"]
    code, message = refusal(call, "CreateTransformJob", **request)
    assert (code, message.startswith("BatchStrategy SingleRecord needs a TransformInput.SplitType")) == (
        "ValidationException",
        True,
    )


def test_a_join_is_refused_by_name(call, package, bucket):
    model_of(call, package(ModelApprovalStatus="Approved"))
    request = transform(bucket, DataProcessing={"JoinSource": "Input"})
    assert refusal(call, "CreateTransformJob", **request) == (
        "NotEmulated",
        "the local platform does not do this: DataProcessing (joins and filters)",
    )


# Models and the registry


def model_of(call, package, name="champion"):
    return call("CreateModel", ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer={"ModelPackageName": package})


def test_an_approved_package_becomes_a_model_that_scores(call, ended, package, bucket, tmp_path):
    (tmp_path / "m").mkdir()
    files.pack(tmp_path / "m", tmp_path / "m.tar.gz")
    arn = package(ModelApprovalStatus="Approved")
    bucket.put("model.tar.gz", (tmp_path / "m.tar.gz").read_bytes())
    assert model_of(call, arn) == {"ModelArn": "arn:aws:sagemaker:eu-west-1:000000000000:model/champion"}
    bucket.put("in/shard-0.jsonl", "hola\n")
    call("CreateTransformJob", **transform(bucket))
    job = ended("Transform", "score-1")
    assert (job["TransformJobStatus"], job.get("FailureReason")) == ("Completed", None)
    assert bucket.text("out/shard-0.jsonl.out") == "HOLA\n"


@pytest.mark.parametrize("status", ["PendingManualApproval", "Rejected"])
def test_a_package_without_an_approval_becomes_no_model(call, package, status):
    arn = package(ModelApprovalStatus=status)
    with pytest.raises(AwsError, match=rf"ValidationException: .*its ModelApprovalStatus is {status}, not Approved"):
        model_of(call, arn)


def test_a_package_waits_for_approval_unless_it_says_otherwise(call, package):
    arn = package()
    described = call("DescribeModelPackage", ModelPackageName=arn)
    assert described["ModelApprovalStatus"] == "PendingManualApproval"
    assert described["ModelPackageStatus"] == "Completed"


def test_an_approval_says_who_why_and_when(call, package):
    arn = package(CustomerMetadataProperties={"run_id": "r1"})
    before = call("DescribeModelPackage", ModelPackageName=arn)
    call(
        "UpdateModelPackage",
        person=APPROVER,
        ModelPackageArn=arn,
        ModelApprovalStatus="Approved",
        ApprovalDescription="better on refunds",
        CustomerMetadataProperties={"ticket": "42"},
    )
    package_ = call("DescribeModelPackage", ModelPackageName=arn)
    assert package_["ModelApprovalStatus"] == "Approved"
    assert package_["ApprovalDescription"] == "better on refunds"
    assert package_["CustomerMetadataProperties"] == {"run_id": "r1", "ticket": "42"}
    assert package_["CreatedBy"]["IamIdentity"]["Arn"] == MAKER
    assert package_["LastModifiedBy"]["IamIdentity"] == {"Arn": APPROVER, "PrincipalId": "AROAMLENGINEERXXXXXXX:local"}
    assert package_["LastModifiedTime"] >= before["LastModifiedTime"]


def test_an_approval_is_an_event_with_what_a_rule_matches_on(call, package, events):
    arn = package()
    call("UpdateModelPackage", person=APPROVER, ModelPackageArn=arn, ModelApprovalStatus="Approved")
    assert [event[:2] for event in events] == [("aws.sagemaker", "SageMaker Model Package State Change")] * 2
    created, updated = (event[2] for event in events)
    assert (created["ModelApprovalStatus"], created["UpdatedModelPackageFields"]) == ("PendingManualApproval", [])
    assert {name: updated[name] for name in (
        "ModelPackageGroupName", "ModelPackageVersion", "ModelPackageArn", "ModelApprovalStatus", "ModelPackageStatus",
        "UpdatedModelPackageFields",
    )} == {
        "ModelPackageGroupName": "messages",
        "ModelPackageVersion": 1,
        "ModelPackageArn": arn,
        "ModelApprovalStatus": "Approved",
        "ModelPackageStatus": "Completed",
        "UpdatedModelPackageFields": ["ModelApprovalStatus"],
    }  # fmt: skip
    assert events[1][3] == [arn]


def test_versions_count_on_and_no_number_is_given_twice(call, package):
    first, second = package(), package()
    assert second == "arn:aws:sagemaker:eu-west-1:000000000000:model-package/messages/2"
    call("DeleteModelPackage", ModelPackageName=second)
    assert package().endswith("/messages/3")
    listed = call("ListModelPackages", ModelPackageGroupName="messages", SortOrder="Descending")
    assert [entry["ModelPackageVersion"] for entry in listed["ModelPackageSummaryList"]] == [3, 1]
    assert first.endswith("/messages/1")


def test_packages_are_listed_by_their_approval(call, package):
    package()
    approved = package(ModelApprovalStatus="Approved")
    listed = call("ListModelPackages", ModelPackageGroupName="messages", ModelApprovalStatus="Approved")
    assert [entry["ModelPackageArn"] for entry in listed["ModelPackageSummaryList"]] == [approved]


def test_the_same_client_token_registers_one_version(call, package):
    assert package(ClientToken="again") == package(ClientToken="again")


def test_a_group_with_packages_is_not_deleted(call, package):
    arn = package()
    assert refusal(call, "DeleteModelPackageGroup", ModelPackageGroupName="messages")[0] == "ConflictException"
    call("DeleteModelPackage", ModelPackageName=arn)
    call("DeleteModelPackageGroup", ModelPackageGroupName="messages")
    code, message = refusal(call, "DescribeModelPackageGroup", ModelPackageGroupName="messages")
    assert (code, message.endswith("model-package-group/messages does not exist.")) == ("ValidationException", True)


def test_a_model_name_is_taken_until_it_is_deleted(call, package):
    arn = package(ModelApprovalStatus="Approved")
    model_of(call, arn)
    with pytest.raises(AwsError) as refused:
        model_of(call, arn)
    assert refused.value.code == "ValidationException"
    assert refused.value.message == (
        'Cannot create already existing model "arn:aws:sagemaker:eu-west-1:000000000000:model/champion".'
    )
    call("DeleteModel", ModelName="champion")
    model_of(call, arn)


def test_a_model_needs_its_data(call, bucket):
    container = {"Image": URI, "ModelDataUrl": bucket.uri("none.tar.gz")}
    assert refusal(call, "CreateModel", ModelName="m", ExecutionRoleArn=ROLE, PrimaryContainer=container) == (
        "ValidationException",
        f"Could not find model data at {bucket.uri('none.tar.gz')}.",
    )


def test_an_unknown_model_scores_nothing(call, bucket):
    assert refusal(call, "CreateTransformJob", **transform(bucket)) == (
        "ValidationException",
        'Could not find model "arn:aws:sagemaker:eu-west-1:000000000000:model/champion".',
    )


def test_tags_are_kept_and_added_to(call, package):
    arn = package(Tags=[{"Key": "run", "Value": "r1"}])
    call("AddTags", ResourceArn=arn, Tags=[{"Key": "team", "Value": "nlp"}])
    assert call("ListTags", ResourceArn=arn)["Tags"] == [
        {"Key": "run", "Value": "r1"}, {"Key": "team", "Value": "nlp"},
    ]  # fmt: skip
    call("DeleteTags", ResourceArn=arn, TagKeys=["run"])
    assert call("ListTags", ResourceArn=arn)["Tags"] == [{"Key": "team", "Value": "nlp"}]
