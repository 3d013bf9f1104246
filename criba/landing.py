"""Landing files in the raw bucket: checked first, uploaded byte by byte, never over one that is there."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from botocore.exceptions import ClientError

from criba.aws import Aws
from criba.errors import BadInput
from pipeline_code.contracts import RAW_GROUND_TRUTH, RAW_LABELS, marker_key, raw_message_key

EXTENSIONS = (".jsonl", ".ndjson", ".json", ".csv", ".parquet")
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Landed:
    """Where a file lies now. `already` says that the very same bytes lay there before."""

    bucket: str
    key: str
    bytes: int
    sha256: str
    already: bool


def check_file(path: Path) -> Path:
    """`path` if it is a file that a job can read. Raises BadInput."""
    if not path.is_file():
        raise BadInput(f"{path} is not a file" if path.exists() else f"there is no file {path}")
    if not path.name.removesuffix(".gz").endswith(EXTENSIONS):
        raise BadInput(f"{path.name} is of no known format: name it {', '.join(EXTENSIONS)}, with or without .gz")
    try:
        with path.open("rb") as file:
            empty = not file.read(1)
    except OSError as problem:
        raise BadInput(f"{path} cannot be read: {problem.strerror}") from problem
    if empty:
        raise BadInput(f"{path} is empty: there is nothing to land")
    return path


def land_messages(aws: Aws, path: Path, source: str, date: str, progress: Callable[[int], None]) -> Landed:
    """Land a file of messages under its source and date; `progress` hears of every chunk's bytes."""
    sha256 = _digest(check_file(path))
    return _upload(aws, path, sha256, raw_message_key(source, date, key_name(path.name, sha256)), progress)


def land_labels(aws: Aws, path: Path, progress: Callable[[int], None]) -> Landed:
    """Land a file of labelled examples; `progress` hears of every chunk's bytes."""
    return _land_below(aws, RAW_LABELS, path, progress)


def land_ground_truth(aws: Aws, path: Path, progress: Callable[[int], None]) -> Landed:
    """Land a file of labels for messages that were scored; `progress` hears of every chunk's bytes."""
    return _land_below(aws, RAW_GROUND_TRUTH, path, progress)


def _land_below(aws: Aws, folder: str, path: Path, progress: Callable[[int], None]) -> Landed:
    sha256 = _digest(check_file(path))
    return _upload(aws, path, sha256, f"{folder}/{key_name(path.name, sha256)}", progress)


def write_marker(aws: Aws, date: str, source: str | None) -> str:
    """Say that a date, or one source's date, is complete, which starts **score**; returns the marker's key."""
    key = marker_key(date, source)
    aws.s3.put_object(Bucket=aws.deployment.raw_bucket, Key=key, Body=b"")
    return key


def key_name(name: str, sha256: str) -> str:
    """A file's name in S3: its own in plain characters, then what its bytes hash to, so that no two files collide.

    `Buzón de hoy.jsonl.gz` becomes `Buz-n-de-hoy-<12 hex digits>.jsonl.gz`. A name never starts with `_` or `.`,
    which mark what is not data.
    """
    stem = name.removesuffix(".gz")
    extension = next(ending for ending in EXTENSIONS if stem.endswith(ending))
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", stem.removesuffix(extension)).strip("._-") or "messages"
    return f"{plain[:80]}-{sha256[:12]}{extension}{'.gz' if name.endswith('.gz') else ''}"


def _upload(aws: Aws, path: Path, sha256: str, key: str, progress: Callable[[int], None]) -> Landed:
    bucket, size = aws.deployment.raw_bucket, path.stat().st_size
    if _exists(aws, bucket, key):
        return Landed(bucket, key, size, sha256, already=True)
    with path.open("rb") as file:
        aws.s3.upload_fileobj(file, bucket, key, Callback=progress)
    return Landed(bucket, key, size, sha256, already=False)


def _exists(aws: Aws, bucket: str, key: str) -> bool:
    """Whether the object is there; a person who may write but not read learns nothing and writes it again."""
    try:
        aws.s3.head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] in (403, 404):
            return False
        raise
    return True


def _digest(path: Path) -> str:
    sha256 = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            sha256.update(chunk)
    return sha256.hexdigest()
