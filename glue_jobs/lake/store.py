"""Small JSON documents and object versions in S3, through boto3: on the driver, and in the executors."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import cache
from typing import TYPE_CHECKING, Any, cast

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

ALREADY_THERE = "PreconditionFailed"
WRITTEN_MEANWHILE = "ConditionalRequestConflict"
CONFLICT_ATTEMPTS = 5


@cache
def s3() -> S3Client:
    """The S3 client of this process, safe to share among its threads."""
    return boto3.client("s3", config=Config(retries={"mode": "standard", "max_attempts": 8}, max_pool_connections=32))


def read_json(bucket: str, key: str) -> dict[str, Any]:
    """Return a JSON object that lies in S3; raises FileNotFoundError when it does not."""
    try:
        body = s3().get_object(Bucket=bucket, Key=key)["Body"].read()
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchKey":
            raise
        raise FileNotFoundError(f"s3://{bucket}/{key} does not exist: has the step before this one run?") from error
    return cast(dict[str, Any], json.loads(body))


def read_json_if_there(bucket: str, key: str) -> dict[str, Any] | None:
    """Return a JSON object that lies in S3, None when there is none."""
    try:
        return read_json(bucket, key)
    except FileNotFoundError:
        return None


def write_json(bucket: str, key: str, document: dict[str, Any]) -> None:
    """Write a JSON object, over an earlier one."""
    s3().put_object(Bucket=bucket, Key=key, Body=_encoded(document), ContentType="application/json")


def write_text(bucket: str, key: str, text: str, content_type: str) -> None:
    """Write a text in UTF-8, over an earlier one."""
    s3().put_object(Bucket=bucket, Key=key, Body=text.encode(), ContentType=content_type)


def write_json_once(bucket: str, key: str, document: dict[str, Any]) -> bool:
    """Write a JSON object if none lies there; returns whether this call wrote it."""
    for _ in range(CONFLICT_ATTEMPTS):
        try:
            s3().put_object(
                Bucket=bucket, Key=key, Body=_encoded(document), ContentType="application/json", IfNoneMatch="*"
            )
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code == ALREADY_THERE:
                return False
            if code != WRITTEN_MEANWHILE:
                raise
        else:
            return True
    raise RuntimeError(f"s3://{bucket}/{key} was being written by others in {CONFLICT_ATTEMPTS} attempts: run again")


def update_json(bucket: str, key: str, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Replace a JSON object, {} if there is none, by what `change` makes of it; what others write is not lost."""
    for _ in range(CONFLICT_ATTEMPTS):
        before, condition = _current(bucket, key)
        try:
            s3().put_object(
                Bucket=bucket, Key=key, Body=_encoded(change(before)), ContentType="application/json", **condition
            )
        except ClientError as error:
            if error.response["Error"]["Code"] not in (ALREADY_THERE, WRITTEN_MEANWHILE, "NoSuchKey"):
                raise
        else:
            return
    raise RuntimeError(f"s3://{bucket}/{key} was being written by others in {CONFLICT_ATTEMPTS} attempts: run again")


def keys_below(bucket: str, prefix: str) -> Iterator[str]:
    """Yield the keys of the current objects that start with the prefix."""
    for page in s3().get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        yield from (item["Key"] for item in page.get("Contents", []))


def delete(bucket: str, key: str) -> None:
    """Delete the current version of an object, if there is one."""
    s3().delete_object(Bucket=bucket, Key=key)


def _current(bucket: str, key: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """A JSON object, and the condition on which it is still the one that was read."""
    try:
        found = s3().get_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchKey":
            raise
        return {}, {"IfNoneMatch": "*"}
    return json.loads(found["Body"].read()), {"IfMatch": found["ETag"]}


def _encoded(document: dict[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True).encode()
