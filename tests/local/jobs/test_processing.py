"""A processing job takes files in, runs one command and gives files out when it has succeeded."""

import json

import pytest

from criba.local.jobs import JobFailed, JobTimedOut, processing
from criba.local.jobs.container import Job

from .images import URI, image

EVALUATE = """
import os, pathlib, sys
root = pathlib.Path(os.environ["SAGEMAKER_BASE_DIR"])
text = "".join(f.read_text() for f in sorted((root / "processing/input/test").rglob("*.jsonl")))
(root / "processing/output/evaluation.json").write_text(text + " ".join(sys.argv[1:]))
(root / "output/message").write_text("Completed: 2 examples")
"""


@pytest.fixture
def reported():
    return {}


@pytest.fixture
def process(aws, bucket, stop, tmp_path, reported):
    def run(program=EVALUATE, arguments=("--run-id", "r1"), **request):
        job = Job(
            name="evaluate-1",
            arn="arn:aws:sagemaker:eu-west-1:000000000000:processing-job/evaluate-1",
            work=tmp_path / "work",
            environment=aws,
            report=lambda **fields: reported.update(fields),
            images=(image(tmp_path, {"evaluate": program}),),
            stop=stop,
            grace=1.0,
        )
        given = {
            "S3Uri": bucket.uri("test/"),
            "LocalPath": "/opt/ml/processing/input/test",
            "S3DataType": "S3Prefix",
        }
        output = {"S3Uri": bucket.uri("out"), "LocalPath": "/opt/ml/processing/output", "S3UploadMode": "EndOfJob"}
        full = {
            "ProcessingJobName": "evaluate-1",
            "RoleArn": "arn:aws:iam::000000000000:role/evaluate",
            "ProcessingResources": {"ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large"}},
            "AppSpecification": {
                "ImageUri": URI,
                "ContainerEntrypoint": ["evaluate"],
                "ContainerArguments": list(arguments),
            },
            "ProcessingInputs": [{"InputName": "test", "S3Input": given}],
            "ProcessingOutputConfig": {"Outputs": [{"OutputName": "report", "S3Output": output}]},
            **request,
        }
        processing.run(full, job)

    return run


def test_inputs_arguments_and_outputs_pass_through(process, bucket, reported):
    bucket.put("test/a.jsonl", "1\n")
    bucket.put("test/b/c.jsonl", "2\n")
    process()
    assert bucket.text("out/evaluation.json") == "1\n2\n--run-id r1"
    assert reported["ExitMessage"] == "Completed: 2 examples"


def test_one_object_is_an_input_under_its_own_name(process, bucket):
    bucket.put("test/model.jsonl", "the model\n")
    given = {"S3Uri": bucket.uri("test/model.jsonl"), "LocalPath": "/opt/ml/processing/input/test"}
    process(ProcessingInputs=[{"InputName": "m", "S3Input": {**given, "S3DataType": "S3Prefix"}}])
    assert bucket.text("out/evaluation.json").startswith("the model\n")


def test_the_job_is_described_to_its_container(process, bucket):
    bucket.put("test/a.jsonl", "1\n")
    process(
        "import json, os, pathlib\nroot = pathlib.Path(os.environ['SAGEMAKER_BASE_DIR'])\n"
        "config = json.loads((root / 'config/processingjobconfig.json').read_text())\n"
        "(root / 'processing/output/name').write_text(config['ProcessingJobName'] + os.environ['LEVEL'])",
        Environment={"LEVEL": "2"},
    )
    assert bucket.text("out/name") == "evaluate-12"


def test_a_failed_job_uploads_nothing_and_says_why(process, bucket, reported):
    bucket.put("test/a.jsonl", "1\n")
    program = EVALUATE.replace("Completed: 2 examples", "no example has a known label") + "\nsys.exit(1)"
    with pytest.raises(JobFailed, match=r"^AlgorithmError: , exit code: 1$"):
        process(program)
    assert reported["ExitMessage"] == "no example has a known label"
    assert bucket.keys("out/") == []


def test_an_isolated_job_sees_no_credential_and_no_endpoint(process, bucket, monkeypatch):
    monkeypatch.setenv("AWS_SESSION_TOKEN", "the platform's own")
    bucket.put("test/a.jsonl", "1\n")
    process(
        "import json, os, pathlib\nroot = pathlib.Path(os.environ['SAGEMAKER_BASE_DIR'])\n"
        "(root / 'processing/output/env.json').write_text(json.dumps([n for n in os.environ if n[:4] == 'AWS_']))",
        NetworkConfig={"EnableNetworkIsolation": True},
    )
    assert json.loads(bucket.text("out/env.json")) == []


def test_a_job_past_its_time_ends(process, bucket):
    bucket.put("test/a.jsonl", "1\n")
    with pytest.raises(JobTimedOut):
        process("import time\ntime.sleep(60)", StoppingCondition={"MaxRuntimeInSeconds": 1})


def test_a_path_outside_opt_ml_is_refused(process, bucket):
    bucket.put("test/a.jsonl", "1\n")
    given = {"S3Uri": bucket.uri("test/"), "LocalPath": "/opt/ml/../../etc", "S3DataType": "S3Prefix"}
    with pytest.raises(JobFailed, match=r"LocalPath /opt/ml/\.\./\.\./etc is not below /opt/ml"):
        process(ProcessingInputs=[{"InputName": "x", "S3Input": given}])
