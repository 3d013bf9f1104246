"""An S3 that answers on 127.0.0.1, and buckets to fill and read."""

import threading
from pathlib import Path

import pytest
from moto.server import ThreadedMotoServer

from criba.local.jobs import files

from .api import call, ended, events, package

__all__ = ["call", "ended", "events", "package"]


@pytest.fixture(scope="session")
def aws():
    """The AWS_* variables of an S3 without the platform."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    endpoint = f"http://127.0.0.1:{port}"
    yield {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ENDPOINT_URL_S3": endpoint,
        "AWS_ACCESS_KEY_ID": "operator",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_REGION": "eu-west-1",
        "AWS_DEFAULT_REGION": "eu-west-1",
    }
    server.stop()


class Bucket:
    """One bucket, by text and by key."""

    def __init__(self, s3, name):
        self.s3 = s3
        self.name = name
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})

    def put(self, key, body):
        self.s3.put_object(Bucket=self.name, Key=key, Body=body if isinstance(body, bytes) else body.encode())
        return f"s3://{self.name}/{key}"

    def get(self, key):
        return self.s3.get_object(Bucket=self.name, Key=key)["Body"].read()

    def text(self, key):
        return self.get(key).decode()

    def keys(self, prefix=""):
        return [entry["Key"] for entry in files.keys(self.s3, self.name, prefix)]

    def uri(self, key=""):
        return f"s3://{self.name}/{key}"


@pytest.fixture
def bucket(aws, request):
    s3 = files.s3_client(aws)
    return Bucket(s3, f"b-{abs(hash(request.node.nodeid)):x}"[:60])


@pytest.fixture
def stop():
    return threading.Event()


@pytest.fixture
def lives():
    """Whether a process still runs: a zombie does not."""

    def check(pid):
        try:
            return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
        except FileNotFoundError:
            return False

    return check
