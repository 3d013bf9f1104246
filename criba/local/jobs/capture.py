"""Data capture of a batch transform: an id and a time with each answer, and manifests of what was read and written."""

import json
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from criba.local.jobs import files
from criba.local.jobs.files import InputObject

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def add_inference_ids(path: Path, began: datetime) -> None:
    """Append SageMakerInferenceId and SageMakerInferenceTime to each JSON line of an output."""
    moment = began.strftime("%Y-%m-%dT%H:%M:%SZ")
    with_ids = path.with_suffix(".ids")
    with path.open("rb") as answers, with_ids.open("wb") as target:
        for line in answers:
            answer = {**json.loads(line), "SageMakerInferenceId": str(uuid.uuid4()), "SageMakerInferenceTime": moment}
            target.write(json.dumps(answer, ensure_ascii=False).encode() + b"\n")
    with_ids.replace(path)


def write_manifests(
    request: Mapping[str, Any], done: Sequence[InputObject], s3: "S3Client", job: str, began: datetime
) -> None:
    """Note, by the hour in which the job began, which objects it read and which it wrote; nothing without a capture."""
    config = request.get("DataCaptureConfig")
    if config is None or not done:
        return
    read = f"s3://{done[0].bucket}/{done[0].key.removesuffix(done[0].name)}"
    written = f"{request['TransformOutput']['S3OutputPath'].rstrip('/')}/"
    names = [one.name for one in done]
    for side, prefix, ending in (("input", read, ""), ("output", written, ".out")):
        uri = f"{config['DestinationS3Uri'].rstrip('/')}/{side}/{began:%Y/%m/%d/%H}/{job}.jsonl"
        bucket, key = files.split_uri(uri)
        body = json.dumps([{"prefix": prefix}, *(f"{name}{ending}" for name in names)]).encode()
        key_id = config.get("KmsKeyId")
        encryption: dict[str, Any] = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key_id} if key_id else {}
        s3.put_object(Bucket=bucket, Key=key, Body=body, **encryption)
