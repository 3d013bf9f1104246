"""SageMaker's jobs by its API: they really run, and what AWS would refuse is refused."""

import botocore.session
import pytest

from criba.local.sagemaker import shapes

from .api import model_of, processing, refusal, training, transform

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
