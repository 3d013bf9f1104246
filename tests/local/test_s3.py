"""S3 as the jobs rely on it: writes that happen once, versions, ranges, and encryption by default."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError


@pytest.fixture(scope="module")
def s3(aws):
    aws("s3").create_bucket(Bucket="objects", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    aws("s3").put_bucket_versioning(Bucket="objects", VersioningConfiguration={"Status": "Enabled"})
    return aws("s3")


def test_of_many_conditional_writes_exactly_one_succeeds(s3):
    def claim(n: int) -> str:
        try:
            s3.put_object(Bucket="objects", Key="claim", Body=str(n).encode(), IfNoneMatch="*")
        except ClientError as refusal:
            return f"{refusal.response['ResponseMetadata']['HTTPStatusCode']} {refusal.response['Error']['Code']}"
        return str(n)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(claim, range(16)))
    winners = [answer for answer in answers if " " not in answer]
    assert len(winners) == 1
    assert set(answers) - set(winners) == {"412 PreconditionFailed"}
    assert s3.get_object(Bucket="objects", Key="claim")["Body"].read().decode() == winners[0]


def test_versions_are_listed_with_the_latest_marked_and_read_by_their_id(s3):
    first = s3.put_object(Bucket="objects", Key="v", Body=b"first")["VersionId"]
    second = s3.put_object(Bucket="objects", Key="v", Body=b"second")["VersionId"]
    listed = s3.list_object_versions(Bucket="objects", Prefix="v")["Versions"]
    assert {version["VersionId"]: version["IsLatest"] for version in listed} == {first: False, second: True}
    assert s3.get_object(Bucket="objects", Key="v", VersionId=first)["Body"].read() == b"first"
    assert s3.get_object(Bucket="objects", Key="v", VersionId=first, Range="bytes=1-2")["Body"].read() == b"ir"


def test_a_deleted_object_leaves_a_marker_and_its_versions(s3):
    version = s3.put_object(Bucket="objects", Key="d", Body=b"kept")["VersionId"]
    s3.delete_object(Bucket="objects", Key="d")
    listed = s3.list_object_versions(Bucket="objects", Prefix="d")
    assert [marker["IsLatest"] for marker in listed["DeleteMarkers"]] == [True]
    assert s3.get_object(Bucket="objects", Key="d", VersionId=version)["Body"].read() == b"kept"
    assert "Contents" not in s3.list_objects_v2(Bucket="objects", Prefix="d")


def test_a_version_is_copied(s3):
    version = s3.put_object(Bucket="objects", Key="from", Body=b"old")["VersionId"]
    s3.put_object(Bucket="objects", Key="from", Body=b"new")
    source = {"Bucket": "objects", "Key": "from", "VersionId": version}
    s3.copy_object(Bucket="objects", Key="to", CopySource=source)
    assert s3.get_object(Bucket="objects", Key="to")["Body"].read() == b"old"


def test_an_upload_under_kms_without_a_key_takes_the_accounts_own(s3):
    s3.put_object(Bucket="objects", Key="kms", Body=b"x", ServerSideEncryption="aws:kms")
    head = s3.head_object(Bucket="objects", Key="kms")
    assert head["SSEKMSKeyId"] == "arn:aws:kms:eu-west-1:000000000000:alias/aws/s3"


def test_an_empty_object_is_an_object(s3):
    s3.put_object(Bucket="objects", Key="empty", Body=b"")
    assert s3.get_object(Bucket="objects", Key="empty")["Body"].read() == b""
