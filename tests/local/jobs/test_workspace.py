"""Spark's folders and the objects of S3 are the same thing during a Glue run."""

import pytest

from criba.local.jobs import files
from criba.local.jobs.s3_gate import S3Gate
from criba.local.jobs.workspace import Workspace, is_data


@pytest.fixture
def workspace(aws, bucket, tmp_path):
    bucket.put("in/a.jsonl", "1\n")
    bucket.put("in/b.jsonl", "2\n")
    work = Workspace(files.s3_client(aws), tmp_path / "s3", [(bucket.name, "")])
    work.pull()
    return work


@pytest.fixture
def folder(workspace, bucket):
    return workspace.folder / bucket.name


@pytest.fixture
def through_the_gate(aws, workspace):
    """The S3 client that a script makes from its environment."""
    with S3Gate(aws["AWS_ENDPOINT_URL"], workspace) as gate:
        environment = gate.environment(aws)
        yield files.s3_client({**environment, "AWS_ENDPOINT_URL": environment["AWS_ENDPOINT_URL_S3"]})


def versions(bucket, key):
    listed = bucket.s3.list_object_versions(Bucket=bucket.name, Prefix=key)
    return len(listed.get("Versions", [])), len(listed.get("DeleteMarkers", []))


def test_a_file_that_nobody_changed_is_not_written_again(workspace, bucket):
    workspace.push()
    assert versions(bucket, "in/a.jsonl") == (1, 0)


def test_a_changed_file_is_a_new_version_and_a_deleted_one_a_delete_marker(workspace, bucket, folder):
    (folder / "in/a.jsonl").write_text("one\n")
    (folder / "in/b.jsonl").unlink()
    workspace.push()
    assert (versions(bucket, "in/a.jsonl"), bucket.text("in/a.jsonl")) == ((2, 0), "one\n")
    assert versions(bucket, "in/b.jsonl") == (1, 1)


def test_what_is_written_twice_is_put_once(workspace, bucket, folder):
    (folder / "out.json").write_text("{}")
    workspace.push()
    workspace.push()
    assert versions(bucket, "out.json") == (1, 0)


@pytest.mark.parametrize(
    "key",
    ["out/_SUCCESS", "out/.part-0.json.crc", "out/_temporary/0/part-0", "out/.spark-staging-1/part-0", "a//b", "../b"],
)
def test_sparks_own_files_and_keys_that_are_no_path_are_left_out(key):
    assert not is_data(key)


def test_keys_that_only_look_like_sparks_own_are_data():
    assert is_data("claims/messages/day=1/_SUCCESS.json")
    assert is_data("out/part-0.crc")


def test_boto3_finds_what_spark_has_just_written(through_the_gate, bucket, folder):
    (folder / "out").mkdir()
    (folder / "out/part-0.json").write_text("{}\n")
    listed = through_the_gate.list_objects_v2(Bucket=bucket.name, Prefix="out/")
    assert [entry["Key"] for entry in listed["Contents"]] == ["out/part-0.json"]
    assert through_the_gate.get_object(Bucket=bucket.name, Key="out/part-0.json")["Body"].read() == b"{}\n"


def test_spark_finds_what_boto3_has_just_put_and_deleted(through_the_gate, bucket, folder, workspace):
    through_the_gate.put_object(Bucket=bucket.name, Key="late/c.json", Body=b"3")
    through_the_gate.delete_object(Bucket=bucket.name, Key="in/a.jsonl")
    through_the_gate.delete_objects(Bucket=bucket.name, Delete={"Objects": [{"Key": "in/b.jsonl"}]})
    assert (folder / "late/c.json").read_text() == "3"
    assert [path.name for path in (folder / "in").iterdir()] == []
    workspace.push()
    assert versions(bucket, "late/c.json") == (1, 0)
    assert versions(bucket, "in/a.jsonl") == (1, 1)


def test_a_large_file_passes_the_gate_in_parts(through_the_gate, bucket, folder, tmp_path):
    (tmp_path / "large").write_bytes(b"x" * (9 << 20))
    through_the_gate.upload_file(str(tmp_path / "large"), bucket.name, "large")
    assert (folder / "large").stat().st_size == 9 << 20


def test_an_error_passes_the_gate_as_it_is(through_the_gate, bucket):
    with pytest.raises(through_the_gate.exceptions.NoSuchKey):
        through_the_gate.get_object(Bucket=bucket.name, Key="none")
    refused = through_the_gate.exceptions.ClientError
    with pytest.raises(refused, match="PreconditionFailed"):
        through_the_gate.put_object(Bucket=bucket.name, Key="in/a.jsonl", Body=b"", IfNoneMatch="*")


def test_it_is_told_which_files_were_opened_written_and_deleted(workspace, bucket, folder):
    (folder / "in/a.jsonl").read_text()
    (folder / "out").mkdir()
    (folder / "out/part-0.parquet").write_text("x")
    (folder / "in/b.jsonl").unlink()
    workspace.push()
    assert workspace.account() == {
        "read": [f"{bucket.name}/in/a.jsonl"],
        "wrote": [f"{bucket.name}/out/part-0.parquet"],
        "deleted": [f"{bucket.name}/in/b.jsonl"],
    }
