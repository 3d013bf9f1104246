"""A training job: channels in, the image's `train`, model.tar.gz out."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from criba.local.jobs import JobFailed, JobTimedOut, files
from criba.local.jobs.container import Job, resources

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

Request = Mapping[str, Any]
_DEFAULT_SECONDS = 86400


def run(request: Request, job: Job) -> None:
    """Run a CreateTrainingJob request on one instance, in File mode.

    Reports SecondaryStatus, ModelArtifacts and FinalMetricDataList. What lies in `/opt/ml/model` is kept also when
    the job was stopped or ran out of time, as SageMaker does.
    Raises JobFailed with the FailureReason, JobStopped, or JobTimedOut after StoppingCondition.MaxRuntimeInSeconds.
    """
    s3 = files.s3_client(job.environment)
    job.report(SecondaryStatus="Downloading")
    _write_configuration(request, job)
    for channel in request.get("InputDataConfig", []):
        _download(s3, channel, request["RoleArn"], job)
    job.report(SecondaryStatus="Training")
    try:
        _train(request, job)
    except JobFailed as ended:
        if _was_interrupted(ended):
            _upload(s3, request, job)
        raise
    job.report(SecondaryStatus="Uploading", FinalMetricDataList=list(_metrics(request, job.log)))
    _upload(s3, request, job)


def _was_interrupted(ended: JobFailed) -> bool:
    return type(ended) is not JobFailed


def _train(request: Request, job: Job) -> None:
    algorithm = request["AlgorithmSpecification"]
    entry = [*(algorithm.get("ContainerEntrypoint") or ["train"]), *algorithm.get("ContainerArguments", [])]
    names = {"TRAINING_JOB_NAME": job.name, "TRAINING_JOB_ARN": job.arn}
    seconds = request.get("StoppingCondition", {}).get("MaxRuntimeInSeconds", _DEFAULT_SECONDS)
    environment = {**names, **request.get("Environment", {})}
    isolated = request.get("EnableNetworkIsolation", False)
    with job.start(algorithm["TrainingImage"], entry, environment=environment, isolated=isolated) as child:
        try:
            code = child.wait(job.stop, seconds)
        except JobTimedOut as late:
            raise JobTimedOut(f"the job exceeded its MaxRuntimeInSeconds of {seconds}") from late
    if code:
        raise JobFailed(f"AlgorithmError: {job.said('failure')}, exit code: {code}")


def _write_configuration(request: Request, job: Job) -> None:
    config = "/opt/ml/input/config"
    job.write_config(f"{config}/hyperparameters.json", request.get("HyperParameters", {}))
    job.write_config(f"{config}/resourceconfig.json", resources(request["ResourceConfig"].get("InstanceType", "")))
    channels = {channel["ChannelName"]: _described(channel) for channel in request.get("InputDataConfig", [])}
    job.write_config(f"{config}/inputdataconfig.json", channels)
    for folder in ("model", "output/data", "input/data"):
        job.path(f"/opt/ml/{folder}").mkdir(parents=True, exist_ok=True)


def _described(channel: Mapping[str, Any]) -> dict[str, str]:
    """One entry of `inputdataconfig.json`."""
    source = channel["DataSource"]["S3DataSource"]
    content_type = {"ContentType": channel["ContentType"]} if "ContentType" in channel else {}
    return {
        **content_type,
        "TrainingInputMode": "File",
        "S3DistributionType": source.get("S3DataDistributionType", "FullyReplicated"),
        "RecordWrapperType": channel.get("RecordWrapperType", "None"),
    }


def _download(s3: "S3Client", channel: Mapping[str, Any], role: str, job: Job) -> None:
    source = channel["DataSource"]["S3DataSource"]
    found = files.inputs(s3, source["S3DataType"], source["S3Uri"], region=job.region, role=role)
    files.download_inputs(s3, found, job.path(f"/opt/ml/input/data/{channel['ChannelName']}"))


def _upload(s3: "S3Client", request: Request, job: Job) -> None:
    output = request["OutputDataConfig"]
    folder = f"{output['S3OutputPath'].rstrip('/')}/{job.name}/output"
    for name, path in (("model", "/opt/ml/model"), ("output", "/opt/ml/output/data")):
        if not any(job.path(path).iterdir()):
            continue
        archive = job.work / f"{name}.tar.gz"
        files.pack(job.path(path), archive)
        files.upload(s3, archive, *files.split_uri(f"{folder}/{name}.tar.gz"), kms_key=output.get("KmsKeyId"))
        if name == "model":
            job.report(ModelArtifacts={"S3ModelArtifacts": f"{folder}/model.tar.gz"})


def _metrics(request: Request, log: Path) -> Iterator[dict[str, Any]]:
    """The last value of each metric whose expression the log matches."""
    text = log.read_text(errors="replace")
    for definition in request["AlgorithmSpecification"].get("MetricDefinitions", []):
        if values := re.findall(definition["Regex"], text):
            yield {"MetricName": definition["Name"], "Value": float(values[-1]), "Timestamp": log.stat().st_mtime}
