"""What Model Monitor's jobs are given: captured data of a window, labels merged into it, variables, baselines.

Captured data are manifests by hour, of what a transform read and of what it answered. Each becomes an input of the job,
below `input/` and `output/` of its data; labels are merged into the answers by their inference id.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Self

from criba.local.jobs import files
from criba.local.sagemaker.account import Account

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

Record = dict[str, Any]

HOUR = timedelta(hours=1)
BASELINES = "/opt/ml/processing/baseline"


class NothingCaptured(Exception):  # noqa: N818 - what a window holds, not a fault
    """There is nothing in the window that could be looked at, in words."""


@dataclass(frozen=True)
class Window:
    """Whole hours, the last one exclusive."""

    start: datetime
    end: datetime

    @classmethod
    def around(cls, since: datetime, until: datetime) -> Self:
        return cls(_hour(since), _hour(until) + HOUR)

    def moved(self, start: str, end: str) -> Self:
        """The window with offsets such as `-P30D` and `-PT1H`."""
        return type(self)(self.start + _offset(start), self.end + _offset(end))

    def holds(self, key: str) -> bool:
        """Whether a key lies in a folder yyyy/mm/dd/hh of the window."""
        found = re.search(r"(\d{4})/(\d{2})/(\d{2})/(\d{2})/[^/]+$", key)
        if found is None:
            return False
        year, month, day, hour = map(int, found.groups())
        return self.start <= datetime(year, month, day, hour, tzinfo=self.start.tzinfo) < self.end


def job(account: Account, kind: str, definition: Record, schedule: str, window: Window) -> Record:
    """The processing job of an execution. Raises NothingCaptured."""
    s3 = files.s3_client(account.environment)
    given = definition[f"{kind}JobInput"]
    batch = given["BatchTransformInput"]
    read = window.moved(batch.get("StartTimeOffset", "PT0H"), batch.get("EndTimeOffset", "PT0H"))
    output = definition[f"{kind}JobOutputConfig"]
    place = output["MonitoringOutputs"][0]["S3Output"]
    folder = f"{place['S3Uri']}/{schedule}/{window.end - HOUR:%Y/%m/%d/%H}"
    if kind == "DataQuality":
        inputs = list(_captured(s3, batch, read))
    else:
        truth = given["GroundTruthS3Input"]["S3Uri"]
        inputs = _merged(s3, batch, read, truth, window, f"{folder}/merge/{window.end - HOUR:%Y/%m/%d/%H}")
    baselines, paths = _baselines(definition[f"{kind}BaselineConfig"])
    application = definition[f"{kind}AppSpecification"]
    return {
        "AppSpecification": {key: value for key, value in application.items() if key in _APPLICATION},
        "Environment": {
            **application.get("Environment", {}),
            **paths,
            "dataset_format": json.dumps({"json": {"line": True}}),
            "dataset_source": batch["LocalPath"],
            "output_path": place["LocalPath"],
            "publish_cloudwatch_metrics": "Disabled",
            "sagemaker_monitoring_schedule_name": schedule,
            "start_time": _iso(window.start),
            "end_time": _iso(window.end),
        },
        "ProcessingInputs": [*inputs, *baselines],
        "ProcessingOutputConfig": {
            **{key: value for key, value in output.items() if key == "KmsKeyId"},
            "Outputs": [{"OutputName": "result", "S3Output": {**place, "S3Uri": folder, "S3UploadMode": "EndOfJob"}}],
        },
        "ProcessingResources": definition["JobResources"],
        "StoppingCondition": definition.get("StoppingCondition", {"MaxRuntimeInSeconds": 3600}),
        "NetworkConfig": definition.get("NetworkConfig", {}),
        "RoleArn": definition["RoleArn"],
    }


_APPLICATION = ("ImageUri", "ContainerEntrypoint", "ContainerArguments")


def _captured(s3: "S3Client", batch: Record, window: Window) -> Iterator[Record]:
    """An input for each manifest of the window, laid out below `input/` and `output/` by hour and transform."""
    root = batch["DataCapturedDestinationS3Uri"].rstrip("/")
    bucket, prefix = files.split_uri(root)
    number = 0
    for entry in files.keys(s3, bucket, f"{prefix}/"):
        if not window.holds(entry["Key"]):
            continue
        number += 1
        below = PurePosixPath(entry["Key"].removeprefix(f"{prefix}/")).with_suffix("")
        yield _input(
            f"captured-{number}", f"s3://{bucket}/{entry['Key']}", f"{batch['LocalPath']}/{below}", "ManifestFile"
        )
    if not number:
        raise NothingCaptured(f"No captured data below {root} from {_iso(window.start)} to {_iso(window.end)}")


def _merged(s3: "S3Client", batch: Record, read: Window, truth: str, window: Window, target: str) -> list[Record]:
    """One input with the window's labels, each merged into the answer of its inference id."""
    labels = {one["eventMetadata"]["eventId"]: one for one in _lines_below(s3, truth, window)}
    lines = []
    for manifest in _manifests(s3, f"{batch['DataCapturedDestinationS3Uri'].rstrip('/')}/output/", read):
        for answer in _lines(s3, manifest):
            if (label := labels.get(answer.get("SageMakerInferenceId", ""))) is not None:
                lines.append(json.dumps({**answer, **label}, ensure_ascii=False))
    if not lines:
        raise NothingCaptured(f"No label below {truth} from {_iso(window.start)} to {_iso(window.end)} has its answer")
    bucket, key = files.split_uri(f"{target}/part-0.jsonl")
    s3.put_object(Bucket=bucket, Key=key, Body="\n".join(lines).encode() + b"\n")
    return [_input("merged", f"{target}/", f"{batch['LocalPath']}/{window.end - HOUR:%Y/%m/%d/%H}", "S3Prefix")]


def _manifests(s3: "S3Client", root: str, window: Window) -> Iterator[str]:
    bucket, prefix = files.split_uri(root)
    for entry in files.keys(s3, bucket, prefix):
        if window.holds(entry["Key"]):
            yield f"s3://{bucket}/{entry['Key']}"


def _lines(s3: "S3Client", manifest: str) -> Iterator[Record]:
    for found in files.inputs(s3, "ManifestFile", manifest, region="", role=""):
        for line in s3.get_object(Bucket=found.bucket, Key=found.key)["Body"].iter_lines():
            yield json.loads(line)


def _lines_below(s3: "S3Client", root: str, window: Window) -> Iterator[Record]:
    for uri in _manifests(s3, f"{root.rstrip('/')}/", window):
        bucket, key = files.split_uri(uri)
        for line in s3.get_object(Bucket=bucket, Key=key)["Body"].iter_lines():
            yield json.loads(line)


def _baselines(config: Record) -> tuple[list[Record], dict[str, str]]:
    """Inputs for the baseline's files, and the variables that name them."""
    inputs, paths = [], {}
    for part in ("constraints", "statistics"):
        if resource := config.get(f"{part.capitalize()}Resource"):
            uri = resource["S3Uri"]
            folder = f"{BASELINES}/{part}"
            inputs.append(_input(f"baseline-{part}", uri, folder, "S3Prefix"))
            paths[f"baseline_{part}"] = f"{folder}/{uri.rpartition('/')[2]}"
    return inputs, paths


def _input(name: str, uri: str, path: str, kind: str) -> Record:
    return {"InputName": name, "S3Input": {"S3Uri": uri, "LocalPath": path, "S3DataType": kind, "S3InputMode": "File"}}


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def _offset(text: str) -> timedelta:
    """An ISO 8601 duration of days or hours."""
    found = re.fullmatch(r"(-?)P(?:(\d+)D)?(?:T(\d+)H)?", text)
    if found is None:
        raise NothingCaptured(f"the offset {text!r} is not of days or hours")
    length = timedelta(days=int(found[2] or 0), hours=int(found[3] or 0))
    return -length if found[1] else length


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
