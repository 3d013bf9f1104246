"""The platform writes down who called what, and nothing of what messages or people say."""

import json
from pathlib import Path
from typing import Any

import pytest

from criba.local.calls import MOUNT, told
from criba.local.jobs import files
from criba.local.process import Endpoint
from tests.local.conftest import Aws


def lines(platform: Endpoint, folders: Path) -> list[dict[str, Any]]:
    """What this platform has written, of all that tests have started."""
    here = (path.parent for path in folders.glob("platform[0-9]/endpoint.json"))
    (folder,) = [one for one in here if json.loads((one / "endpoint.json").read_text())["port"] == platform.port]
    return [json.loads(line) for line in (folder / "calls.jsonl").read_text().splitlines()]


def test_a_call_is_told_with_who_made_it_and_what_came_of_it(
    aws: Aws, platform: Endpoint, tmp_path_factory: pytest.TempPathFactory
) -> None:
    s3 = aws("s3", "data-engineer")
    s3.create_bucket(Bucket="told", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket="told", Key="a/secret name.txt", Body=b"nobody may know")
    with pytest.raises(s3.exceptions.ClientError):
        s3.get_object(Bucket="told", Key="b")
    aws("ssm", "admin").put_parameter(Name="/x", Value="nobody may know", Type="String")
    files.s3_client(platform.environment("glue"), MOUNT).list_objects_v2(Bucket="told")
    found = lines(platform, tmp_path_factory.getbasetemp())
    assert found[-3:] == [
        {
            "who": "data-engineer",
            "service": "s3",
            "operation": "PutObject",
            "parameters": {"Bucket": "told", "Key": "a/secret name.txt"},
            "status": 200,
        },
        {
            "who": "data-engineer",
            "service": "s3",
            "operation": "GetObject",
            "parameters": {"Bucket": "told", "Key": "b"},
            "status": 404,
        },
        {
            "who": "admin",
            "service": "ssm",
            "operation": "PutParameter",
            "parameters": {"Name": "/x", "Type": "String"},
            "status": 200,
        },
    ]
    assert "nobody may know" not in json.dumps(found)


@pytest.mark.parametrize(
    ("method", "path", "query", "headers", "operation"),
    [
        ("GET", "/b", {"list-type": ["2"], "prefix": ["a/"]}, {}, "ListObjectsV2"),
        ("GET", "/b", {"versions": [""]}, {}, "ListObjectVersions"),
        ("HEAD", "/b/k", {}, {}, "HeadObject"),
        ("PUT", "/b/k", {"partNumber": ["1"], "uploadId": ["u"]}, {}, "UploadPart"),
        ("POST", "/b/k", {"uploads": [""]}, {}, "CreateMultipartUpload"),
        ("PUT", "/b/k", {}, {"x-amz-copy-source": "other/k"}, "CopyObject"),
        ("PUT", "/b", {"policy": [""]}, {}, "PUT bucket policy"),
    ],
)
def test_a_request_to_s3_has_its_operations_name_or_is_told_as_it_came(
    method: str, path: str, query: dict[str, list[str]], headers: dict[str, str], operation: str
) -> None:
    assert told("s3", method, path, headers, b"", query)[0] == operation


def test_the_objects_of_a_bulk_deletion_are_told() -> None:
    body = b"<Delete><Object><Key>a</Key></Object><Object><Key>b/c</Key></Object></Delete>"
    assert told("s3", "POST", "/b", {}, body, {"delete": [""]}) == (
        "DeleteObjects",
        {"Bucket": "b", "Keys": ["a", "b/c"]},
    )


def test_a_call_in_the_query_protocol_is_told_by_its_action() -> None:
    assert told("sns", "POST", "/", {}, b"Action=Publish&TopicArn=arn&Message=secret", {}) == (
        "Publish",
        {"TopicArn": "arn"},
    )


def test_what_is_no_json_is_left_to_the_service_to_refuse() -> None:
    assert told("glue", "POST", "/", {"x-amz-target": "AWSGlue.GetJob"}, b"{", {}) == ("GetJob", {})
