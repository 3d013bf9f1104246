"""A processing job: inputs in, one command of an image, outputs out when it ends."""

from collections.abc import Mapping
from typing import Any

from criba.local.jobs import JobFailed, JobTimedOut, files
from criba.local.jobs.container import Job, resources

Request = Mapping[str, Any]
_DEFAULT_SECONDS = 86400
_PROCESSING = "/opt/ml/processing"


def run(request: Request, job: Job) -> None:
    """Run a CreateProcessingJob request on one instance; outputs are uploaded when the job succeeded.

    Reports ExitMessage, which the program leaves in `/opt/ml/output/message`.
    Raises JobFailed with the FailureReason, JobStopped, or JobTimedOut after StoppingCondition.MaxRuntimeInSeconds.
    """
    s3 = files.s3_client(job.environment)
    outputs = request.get("ProcessingOutputConfig", {})
    job.path("/opt/ml/output").mkdir(parents=True, exist_ok=True)
    job.write_config("/opt/ml/config/processingjobconfig.json", dict(request))
    instance = request["ProcessingResources"]["ClusterConfig"]["InstanceType"]
    job.write_config("/opt/ml/config/resourceconfig.json", resources(instance))
    for given in request.get("ProcessingInputs", []):
        source = given["S3Input"]
        found = files.inputs(s3, source["S3DataType"], source["S3Uri"], region=job.region, role=request["RoleArn"])
        files.download_inputs(s3, found, job.path(source.get("LocalPath") or f"{_PROCESSING}/{given['InputName']}"))
    for output in outputs.get("Outputs", []):
        job.path(output["S3Output"]["LocalPath"]).mkdir(parents=True, exist_ok=True)
    _process(request, job)
    for output in outputs.get("Outputs", []):
        place = output["S3Output"]
        files.upload_folder(s3, job.path(place["LocalPath"]), place["S3Uri"], kms_key=outputs.get("KmsKeyId"))


def _process(request: Request, job: Job) -> None:
    application = request["AppSpecification"]
    entry = [*application["ContainerEntrypoint"], *application.get("ContainerArguments", [])]
    seconds = request.get("StoppingCondition", {}).get("MaxRuntimeInSeconds", _DEFAULT_SECONDS)
    names = {"PROCESSING_JOB_NAME": job.name, "PROCESSING_JOB_ARN": job.arn}
    environment = {**names, **request.get("Environment", {})}
    isolated = request.get("NetworkConfig", {}).get("EnableNetworkIsolation", False)
    try:
        with job.start(application["ImageUri"], entry, environment=environment, isolated=isolated) as child:
            code = child.wait(job.stop, seconds)
    except JobTimedOut as late:
        raise JobTimedOut(f"the job exceeded its MaxRuntimeInSeconds of {seconds}") from late
    finally:
        if message := job.said("message"):
            job.report(ExitMessage=message)
    if code:
        raise JobFailed(f"AlgorithmError: {job.said('failure')}, exit code: {code}")
