"""Glue runs through Glue's own API: states, errors, limits, and Step Functions waiting for them."""

import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.machines import call, run


@pytest.fixture(scope="module")
def job(aws: Any) -> Any:
    """`job(script, **settings)` makes a job of the text of a script and returns its name."""
    aws("s3").create_bucket(Bucket="scripts", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    names = iter(f"job-{n}" for n in range(100))

    def make(script: str, **settings: Any) -> str:
        name = next(names)
        aws("s3").put_object(Bucket="scripts", Key=f"{name}.py", Body=script.encode())
        command = {"Name": "glueetl", "ScriptLocation": f"s3://scripts/{name}.py"}
        aws("glue").create_job(Name=name, Role="arn:aws:iam::000000000000:role/cleaner", Command=command, **settings)
        return name

    return make


def ended(aws: Any, name: str, id_: str) -> dict[str, Any]:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        found: dict[str, Any] = aws("glue").get_job_run(JobName=name, RunId=id_)["JobRun"]
        if found["JobRunState"] not in ("STARTING", "RUNNING", "STOPPING"):
            return found
        time.sleep(0.05)
    raise AssertionError("the run does not end")


def test_a_run_runs_the_script_with_its_arguments_as_its_role(aws, job):
    script = """
import sys, boto3
caller = boto3.client("sts").get_caller_identity()["Arn"]
boto3.client("s3").put_object(Bucket="scripts", Key="said", Body=(caller + " " + " ".join(sys.argv[1:])).encode())
"""
    name = job(script, DefaultArguments={"--a": "1"})
    id_ = aws("glue").start_job_run(JobName=name, Arguments={"--b": "2"})["JobRunId"]
    found = ended(aws, name, id_)
    assert found["JobRunState"] == "SUCCEEDED", found
    assert "ErrorMessage" not in found
    said = aws("s3").get_object(Bucket="scripts", Key="said")["Body"].read().decode()
    assert said.startswith("arn:aws:sts::000000000000:assumed-role/cleaner/local ")
    assert "--b 2" in said


def test_a_script_that_raises_fails_with_its_message(aws, job):
    name = job("raise ValueError('the plan is empty')")
    found = ended(aws, name, aws("glue").start_job_run(JobName=name)["JobRunId"])
    assert found["JobRunState"] == "FAILED"
    assert "the plan is empty" in found["ErrorMessage"]


def test_one_run_more_than_allowed_is_refused_and_a_stopped_one_ends(aws, job):
    name = job("import time; time.sleep(60)")
    id_ = aws("glue").start_job_run(JobName=name)["JobRunId"]
    with pytest.raises(ClientError) as refusal:
        aws("glue").start_job_run(JobName=name)
    assert refusal.value.response["Error"]["Code"] == "ConcurrentRunsExceededException"
    answer = aws("glue").batch_stop_job_run(JobName=name, JobRunIds=[id_, "jr_nothing"])
    assert [each["JobRunId"] for each in answer["SuccessfulSubmissions"]] == [id_]
    assert [each["ErrorDetail"]["ErrorCode"] for each in answer["Errors"]] == ["EntityNotFoundException"]
    assert ended(aws, name, id_)["JobRunState"] == "STOPPED"


def test_a_machine_waits_for_a_run_and_takes_its_description(aws, job):
    found = run(aws, {"Run": call("glue:startJobRun.sync", {"JobName": job("pass"), "Arguments": {"--n": "1"}})})
    assert found["status"] == "SUCCEEDED", found
    assert found["output"]["JobRunState"] == "SUCCEEDED"
    assert isinstance(found["output"]["StartedOn"], int)


def test_a_failed_run_is_task_failed_with_the_run_as_its_cause(aws, job):
    catch = [{"ErrorEquals": ["States.TaskFailed"], "Next": "After"}]
    output = "{% $parse($states.input.Cause).ErrorMessage %}"
    states = {"Run": call("glue:startJobRun.sync", {"JobName": job("raise SystemExit('no data')")}, Catch=catch)}
    found = run(aws, {**states, "After": {"Type": "Succeed", "Output": output}})
    assert "no data" in found["output"]


def test_a_task_that_times_out_stops_its_run(aws, job):
    name = job("import time; time.sleep(60)")
    found = run(aws, {"Run": call("glue:startJobRun.sync", {"JobName": name}, TimeoutSeconds=1)})
    assert found["error"] == "States.Timeout"
    last = aws("glue").get_job_runs(JobName=name)["JobRuns"][0]
    assert ended(aws, name, last["Id"])["JobRunState"] == "STOPPED"


def test_a_job_that_does_not_exist_is_named_in_the_error(aws):
    found = run(aws, {"Run": call("glue:startJobRun.sync", {"JobName": "nothing"})})
    assert found["error"] == "Glue.EntityNotFoundException"
