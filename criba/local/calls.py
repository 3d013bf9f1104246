"""Who called what: every request that the platform answers, one JSON line each in `calls.jsonl`, as CloudTrail has it.

It is written at the front door, so nothing that anybody calls is missing, whichever SDK it uses. What messages and
people say is left out: bodies, inputs and details of events.
"""

import json
import re
import threading
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import parse_qs, unquote

from criba.local import emulator, settings

Handler = Callable[[str, str, dict[str, str], bytes, dict[str, Any]], Awaitable[Any]]

FILE = "calls.jsonl"
MOUNT = "criba-mount"
"""In the user agent of the requests by which a Glue job's files are laid out and taken back: no job makes them."""

_HIDDEN = {"input", "Input", "Body", "Detail", "Message", "MetricData", "Parameters", "Value"}
_LONGEST = 300
_S3 = {
    "GET object": "GetObject",
    "HEAD object": "HeadObject",
    "PUT object": "PutObject",
    "DELETE object": "DeleteObject",
    "POST object uploads": "CreateMultipartUpload",
    "PUT object uploadId": "UploadPart",
    "POST object uploadId": "CompleteMultipartUpload",
    "DELETE object uploadId": "AbortMultipartUpload",
    "GET bucket list-type": "ListObjectsV2",
    "GET bucket versions": "ListObjectVersions",
    "POST bucket delete": "DeleteObjects",
    "HEAD bucket": "HeadBucket",
    "PUT bucket": "CreateBucket",
}
_SUBRESOURCES = {
    "delete",
    "list-type",
    "location",
    "policy",
    "tagging",
    "uploadId",
    "uploads",
    "versioning",
    "versions",
}
_lock = threading.Lock()


def recorded(service: str, answer: Handler) -> Handler:
    """`answer`, with a line for each request once it is answered."""

    async def handler(method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]) -> Any:
        answered = await answer(method, path, headers, body, query)
        if MOUNT not in headers.get("user-agent", ""):
            who = emulator.module("core.router").extract_access_key_id(headers, query) or settings.OPERATOR
            operation, parameters = told(service, method, path, headers, body, query)
            call = {"who": who, "service": service, "operation": operation, "parameters": parameters}
            _write({**call, "status": answered[0]})
        return answered

    return handler


def told(
    service: str, method: str, path: str, headers: Mapping[str, str], body: bytes, query: Mapping[str, Any]
) -> tuple[str, dict[str, Any]]:
    """The operation of a request and its parameters; one that has no name here is told as it came."""
    if service == "s3":
        return _of_s3(method, path, headers, body, query)
    if target := headers.get("x-amz-target"):
        return target.rpartition(".")[2], _shortened(_parsed(body))
    given = {name: values[0] for name, values in parse_qs(body.decode(errors="replace")).items()}
    if action := given.pop("Action", None):
        return action, _shortened(given)
    return f"{method} {path}", {}


def _of_s3(
    method: str, path: str, headers: Mapping[str, str], body: bytes, query: Mapping[str, Any]
) -> tuple[str, dict[str, Any]]:
    bucket, _, key = unquote(path).lstrip("/").partition("/")
    kind = " ".join([method, "object" if key else "bucket", *sorted(_SUBRESOURCES & set(query))])
    copied = headers.get("x-amz-copy-source")
    parameters = {
        "Bucket": bucket,
        "Key": key,
        "Keys": re.findall(r"<Key>([^<]+)</Key>", body.decode(errors="replace")) if "delete" in query else None,
        "Prefix": _first(query, "prefix"),
        "VersionId": _first(query, "versionId"),
        "CopySource": unquote(copied) if copied else None,
        "SSEKMSKeyId": headers.get("x-amz-server-side-encryption-aws-kms-key-id"),
    }
    operation = "CopyObject" if copied and kind == "PUT object" else _S3.get(kind, kind)
    return operation, {name: value for name, value in parameters.items() if value}


def _parsed(body: bytes) -> Any:
    """A body in JSON; what is none is for the service to refuse."""
    try:
        return json.loads(body or b"{}")
    except ValueError:
        return {}


def _first(query: Mapping[str, Any], name: str) -> str | None:
    found = query.get(name)
    return found[0] if isinstance(found, list) else found


def _shortened(value: Any) -> Any:
    """A request's parameters without what people or messages say."""
    if isinstance(value, dict):
        return {name: _shortened(one) for name, one in value.items() if name not in _HIDDEN}
    if isinstance(value, list):
        return [_shortened(one) for one in value]
    return value[:_LONGEST] if isinstance(value, str) else value


def _write(call: dict[str, Any]) -> None:
    with _lock, (settings.root() / FILE).open("a", encoding="utf-8") as file:
        file.write(json.dumps(call) + "\n")
