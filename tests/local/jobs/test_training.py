"""A training job sees SageMaker's folders and leaves a model archive, a reason, or both."""

import io
import json
import tarfile
import threading
import time

import pytest

from criba.local.jobs import JobFailed, JobStopped, JobTimedOut, training
from criba.local.jobs.container import Job

from .images import URI, image

TRAIN = """
import json, os, pathlib
root = pathlib.Path(os.environ["SAGEMAKER_BASE_DIR"])
config = {f.stem: json.loads(f.read_text()) for f in (root / "input/config").glob("*.json")}
data = {str(f.relative_to(root / "input/data")): f.read_text() for f in (root / "input/data").rglob("*.jsonl")}
(root / "model" / "seen.json").write_text(json.dumps({"config": config, "data": data, "env": dict(os.environ)}))
print("macro_f1=0.71")
print("macro_f1=0.83")
"""


@pytest.fixture
def reported():
    return {}


@pytest.fixture
def train(aws, bucket, stop, tmp_path, reported):
    """Run a program as `train`; returns the model archive's files."""

    def run(program=TRAIN, entry=None, **request):
        job = Job(
            name="train-1",
            arn="arn:aws:sagemaker:eu-west-1:000000000000:training-job/train-1",
            work=tmp_path / "work",
            environment=aws,
            report=lambda **fields: reported.update(fields),
            images=(image(tmp_path, {"train": program, "other": program}),),
            stop=stop,
            grace=1.0,
        )
        full = {
            "TrainingJobName": "train-1",
            "RoleArn": "arn:aws:iam::000000000000:role/train",
            "AlgorithmSpecification": {"TrainingImage": URI, "TrainingInputMode": "File", **(entry or {})},
            "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 10},
            "OutputDataConfig": {"S3OutputPath": bucket.uri("trained/")},
            "StoppingCondition": {"MaxRuntimeInSeconds": 20},
            **request,
        }
        training.run(full, job)
        return members(bucket.get("trained/train-1/output/model.tar.gz"))

    return run


def members(archive):
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        return {member.name: tar.extractfile(member).read() for member in tar if member.isfile()}


def channel(name, uri, kind="S3Prefix"):
    return {"ChannelName": name, "DataSource": {"S3DataSource": {"S3DataType": kind, "S3Uri": uri}}}


def test_channels_hyperparameters_and_names_lie_where_sagemaker_puts_them(train, bucket):
    bucket.put("training/train/a.jsonl", "1\n")
    bucket.put("training/train/more/b.jsonl", "2\n")
    bucket.put("training/validation/c.jsonl", "3\n")
    manifest = bucket.put("m.json", json.dumps([{"prefix": bucket.uri("training/validation/")}, "c.jsonl"]))
    files = train(
        HyperParameters={"seed": "7"},
        Environment={"MODE": "fast"},
        InputDataConfig=[
            channel("train", bucket.uri("training/train")),
            channel("validation", manifest, "ManifestFile"),
        ],
    )
    seen = json.loads(files["seen.json"])
    assert seen["data"] == {"train/a.jsonl": "1\n", "train/more/b.jsonl": "2\n", "validation/c.jsonl": "3\n"}
    assert seen["config"]["hyperparameters"] == {"seed": "7"}
    assert seen["config"]["inputdataconfig"]["train"] == {
        "TrainingInputMode": "File", "S3DistributionType": "FullyReplicated", "RecordWrapperType": "None",
    }  # fmt: skip
    assert seen["config"]["resourceconfig"]["current_host"] == "algo-1"
    assert seen["env"]["TRAINING_JOB_NAME"] == "train-1"
    assert seen["env"]["TRAINING_JOB_ARN"].endswith(":training-job/train-1")
    assert seen["env"]["MODE"] == "fast"


def test_an_isolated_job_sees_no_credential_and_no_endpoint(train, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "the platform's own")
    seen = json.loads(train(EnableNetworkIsolation=True)["seen.json"])
    assert [name for name in seen["env"] if name.startswith("AWS_")] == []
    assert seen["env"]["HOME"] == seen["env"]["SAGEMAKER_BASE_DIR"]


def test_a_job_that_is_not_isolated_reaches_the_platform(train, aws):
    seen = json.loads(train()["seen.json"])
    assert seen["env"]["AWS_ENDPOINT_URL"] == aws["AWS_ENDPOINT_URL"]


def test_the_same_model_makes_the_same_archive(train, bucket):
    program = TRAIN.replace("dict(os.environ)", "0")
    train(program)
    first = bucket.get("trained/train-1/output/model.tar.gz")
    time.sleep(1.1)
    train(program)
    assert bucket.get("trained/train-1/output/model.tar.gz") == first


def test_artefacts_metrics_and_progress_are_reported(train, bucket, reported):
    train(entry={"MetricDefinitions": [{"Name": "macro_f1", "Regex": r"macro_f1=([0-9.]+)"}]})
    assert reported["ModelArtifacts"] == {"S3ModelArtifacts": bucket.uri("trained/train-1/output/model.tar.gz")}
    assert [(m["MetricName"], m["Value"]) for m in reported["FinalMetricDataList"]] == [("macro_f1", 0.83)]
    assert reported["SecondaryStatus"] == "Uploading"


def test_output_data_has_an_archive_of_its_own(train, bucket):
    train(TRAIN + '(root / "output/data/curve.csv").write_text("1,2")')
    assert members(bucket.get("trained/train-1/output/output.tar.gz")) == {"curve.csv": b"1,2"}


def test_an_entry_point_with_arguments_replaces_train(train):
    seen = train(
        TRAIN + 'import sys\n(root / "model/argv").write_text(" ".join(sys.argv[1:]))',
        entry={"ContainerEntrypoint": ["other"], "ContainerArguments": ["--fast", "yes"]},
    )
    assert seen["argv"] == b"--fast yes"


def test_the_failure_file_is_the_reason_and_half_a_model_is_not_kept(train, bucket):
    program = (
        "import os, sys, pathlib\n"
        "output = pathlib.Path(os.environ['SAGEMAKER_BASE_DIR'], 'output')\n"
        "(output.parent / 'model' / 'half.json').write_text('[]')\n"
        "(output / 'failure').write_text('one label only: refund')\n"
        "sys.exit(1)"
    )
    with pytest.raises(JobFailed, match=r"^AlgorithmError: one label only: refund, exit code: 1$"):
        train(program)
    assert bucket.keys("trained/") == []


def test_a_killed_job_fails_with_exit_code_137(train):
    with pytest.raises(JobFailed, match=r"^AlgorithmError: , exit code: 137$"):
        train("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)")


def test_a_job_past_its_time_ends_but_what_it_has_is_kept(train, bucket, tmp_path, lives):
    program = (
        TRAIN + "import subprocess, time\nchild = subprocess.Popen(['sleep', '60'])\n"
        "(root / 'model/pid').write_text(str(child.pid))\ntime.sleep(60)"
    )
    with pytest.raises(JobTimedOut, match=r"exceeded its MaxRuntimeInSeconds of 1$"):
        train(program, StoppingCondition={"MaxRuntimeInSeconds": 1})
    kept = members(bucket.get("trained/train-1/output/model.tar.gz"))
    assert not lives(int(kept["pid"]))


def test_a_job_that_ignores_sigterm_is_killed_after_the_grace_period(train, stop):
    program = "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\ntime.sleep(60)"
    threading.Timer(1.0, stop.set).start()
    started = time.monotonic()
    with pytest.raises(JobStopped):
        train(program)
    assert time.monotonic() - started < 5


def test_a_channel_without_objects_fails_in_sagemakers_words(train, bucket):
    with pytest.raises(JobFailed) as failure:
        train(InputDataConfig=[channel("train", bucket.uri("none/"))])
    assert str(failure.value) == (
        f'ClientError: Data download failed:No S3 objects found under S3 URL "{bucket.uri("none/")}" given in input '
        "data source. Please ensure that the bucket exists in the selected region (eu-west-1), that objects exist "
        'under that S3 prefix, and that the role "arn:aws:iam::000000000000:role/train" has "s3:ListBucket" '
        f'permissions on bucket "{bucket.name}".'
    )


def test_an_unknown_command_fails_naming_the_image_and_the_command(train):
    with pytest.raises(JobFailed, match=r"the image .*/shop-model@sha256:0+ has no command 'tune' here"):
        train(entry={"ContainerEntrypoint": ["tune"]})
