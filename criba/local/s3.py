"""S3 where MiniStack differs from AWS: uploads under aws:kms without a key, ranges of versions, versions in events."""

import contextvars
import json
from collections.abc import Callable
from typing import Any

from criba.local import emulator, settings

ALGORITHM = "x-amz-server-side-encryption"
KEY = "x-amz-server-side-encryption-aws-kms-key-id"
PARTIAL_CONTENT = 206

_version: contextvars.ContextVar[str | None] = contextvars.ContextVar("version", default=None)


def install() -> None:
    module, bus = emulator.service("s3"), emulator.service("eventbridge")
    module._resolve_sse_write_headers = _with_the_accounts_key(module._resolve_sse_write_headers)
    module._get_object = _with_ranges_of_versions(module._get_object)
    module._fire_s3_event = _remembering_the_version(module._fire_s3_event)
    bus._dispatch_event = _naming_the_version(bus._dispatch_event)


def _with_the_accounts_key(inner: Callable[..., Any]) -> Callable[..., Any]:
    """An upload under aws:kms that names no key takes the account's own, as on AWS."""

    def resolve(headers: dict[str, str], bucket_name: str) -> Any:
        if headers.get(ALGORITHM) == "aws:kms" and not headers.get(KEY):
            headers = {**headers, KEY: f"arn:aws:kms:{settings.region()}:{settings.ACCOUNT}:alias/aws/s3"}
        return inner(headers, bucket_name)

    return resolve


def _with_ranges_of_versions(inner: Callable[..., Any]) -> Callable[..., Any]:
    """GetObject of a version gives the bytes of the range that it asks for."""

    def get(bucket: str, key: str, headers: dict[str, str], query: dict[str, Any] | None = None) -> Any:
        asked = headers.get("range") if query and "versionId" in query else None
        if not asked:
            return inner(bucket, key, headers, query)
        whole = {name: value for name, value in headers.items() if name not in ("range", "x-amz-checksum-mode")}
        status, answered, body = inner(bucket, key, whole, query)
        found = emulator.service("s3")._parse_range(asked, len(body)) if status == 200 else None
        if found is None:
            return inner(bucket, key, headers, query) if status == 200 else (status, answered, body)
        start, end = found
        part = body[start : end + 1]
        described = {"Content-Length": str(len(part)), "Content-Range": f"bytes {start}-{end}/{len(body)}"}
        return PARTIAL_CONTENT, {**answered, **described}, part

    return get


def _remembering_the_version(inner: Callable[..., None]) -> Callable[..., None]:
    """MiniStack leaves the version out of what it sends to EventBridge: keep it for the moment of sending."""

    def fire(*args: Any, version_id: str | None = None, **kwargs: Any) -> None:
        token = _version.set(version_id)
        try:
            inner(*args, version_id=version_id, **kwargs)
        finally:
            _version.reset(token)

    return fire


def _naming_the_version(inner: Callable[..., None]) -> Callable[..., None]:
    def dispatch(event: dict[str, Any], view: Any = None) -> None:
        version = _version.get()
        if event.get("Source") == "aws.s3" and version:
            detail = json.loads(event["Detail"])
            detail["object"]["version-id"] = version
            event = {**event, "Detail": json.dumps(detail)}
        inner(event, view)

    return dispatch
