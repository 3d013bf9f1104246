"""What SageMaker refuses beyond its service model, and what this platform does not do and therefore refuses by name."""

from collections.abc import Iterator
from typing import Any

from criba.local.errors import AwsError
from criba.local.jobs.container import OPT_ML

Record = dict[str, Any]


def check_training(request: Record) -> None:
    """One instance, File mode, an image of the account's own."""
    _refuse_training(request)
    for channel in request.get("InputDataConfig", []):
        _require_file_mode(channel.get("InputMode", "File"))
        _require_plain_source(channel["DataSource"].get("S3DataSource"))


def _refuse_training(request: Record) -> None:
    algorithm = request.get("AlgorithmSpecification", {})
    resources = request.get("ResourceConfig", {})
    if "TrainingImage" not in algorithm:
        raise _not_emulated("CreateTrainingJob without AlgorithmSpecification.TrainingImage")
    _require_file_mode(algorithm.get("TrainingInputMode", "File"))
    _require_one_instance(resources.get("InstanceCount", 0))
    if request["OutputDataConfig"].get("CompressionType", "GZIP") != "GZIP":
        raise _not_emulated("OutputDataConfig.CompressionType NONE")
    if "CheckpointConfig" in request:
        raise _not_emulated("CheckpointConfig")


def check_processing(request: Record) -> None:
    """One instance, a named entry point, files in and files out."""
    if "ContainerEntrypoint" not in request["AppSpecification"]:
        raise _not_emulated("CreateProcessingJob without AppSpecification.ContainerEntrypoint")
    _require_one_instance(request["ProcessingResources"]["ClusterConfig"]["InstanceCount"])
    for given in request.get("ProcessingInputs", []):
        source = given.get("S3Input")
        _require_plain_source(source)
        _require_file_mode(source.get("S3InputMode", "File"))
        _require_below_processing(source.get("LocalPath"))
    for output in request.get("ProcessingOutputConfig", {}).get("Outputs", []):
        place = output.get("S3Output")
        if place is None or place.get("S3UploadMode") != "EndOfJob":
            raise _not_emulated("a processing output other than S3Output with S3UploadMode EndOfJob")
        _require_below_processing(place.get("LocalPath"))


def check_transform(request: Record) -> None:
    """The limits of Batch Transform."""
    for violation in _transform_violations(request):
        raise AwsError("ValidationException", violation)
    given = request["TransformInput"]
    if request.get("MaxPayloadInMB") == 0:
        raise _not_emulated("MaxPayloadInMB 0 (chunked payloads)")
    if given.get("SplitType", "None") not in ("None", "Line"):
        raise _not_emulated(f"SplitType {given['SplitType']}")
    capture, accept = request.get("DataCaptureConfig", {}), request["TransformOutput"].get("Accept")
    if capture.get("GenerateInferenceId") and accept != "application/jsonlines":
        raise _not_emulated(f"DataCaptureConfig.GenerateInferenceId with answers of type {accept}")
    processing = request.get("DataProcessing", {})
    filters = {processing.get("InputFilter", "$"), processing.get("OutputFilter", "$")}
    if processing.get("JoinSource", "None") != "None" or filters != {"$"}:
        raise _not_emulated("DataProcessing (joins and filters)")
    _require_plain_source(given["DataSource"]["S3DataSource"])


def _transform_violations(request: Record) -> Iterator[str]:
    payload, concurrent = request.get("MaxPayloadInMB", 6), request.get("MaxConcurrentTransforms") or 1
    if payload > 100:
        yield f"MaxPayloadInMB is {payload}: it cannot be greater than 100."
    if payload * concurrent > 100:
        yield (
            f"MaxConcurrentTransforms * MaxPayloadInMB is {concurrent} * {payload} = {concurrent * payload}: "
            "it cannot be greater than 100."
        )
    if (count := request["TransformResources"]["InstanceCount"]) > 100:
        yield f"TransformResources.InstanceCount is {count}: it must be between 1 and 100."
    if request.get("BatchStrategy") == "SingleRecord" and request["TransformInput"].get("SplitType", "None") == "None":
        yield "BatchStrategy SingleRecord needs a TransformInput.SplitType: set Line, RecordIO or TFRecord."


def _require_plain_source(source: Record | None) -> None:
    if source is None:
        raise _not_emulated("an input other than S3")
    if source["S3DataType"] not in ("S3Prefix", "ManifestFile"):
        raise _not_emulated(f"S3DataType {source['S3DataType']}")


def _require_file_mode(mode: str) -> None:
    if mode != "File":
        raise _not_emulated(f"input mode {mode}: use File")


def _require_one_instance(count: int) -> None:
    if count != 1:
        raise _not_emulated(f"{count} instances of a training or processing job: use one")


def _require_below_processing(path: str | None) -> None:
    if path is not None and not path.startswith(f"{OPT_ML}/processing/"):
        raise AwsError("ValidationException", f"LocalPath {path} must start with {OPT_ML}/processing/")


def _not_emulated(what: str) -> AwsError:
    return AwsError("NotEmulated", f"the local platform does not do this: {what}", 501)
