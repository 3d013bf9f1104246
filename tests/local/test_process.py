"""The platform as a process: it starts once, says what is wrong, listens on 127.0.0.1 alone, and ends whole."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from criba.local import process
from criba.local.errors import LocalPlatformError
from tests.local.conftest import free_port


@pytest.fixture
def root(tmp_path_factory):
    folder = tmp_path_factory.mktemp("own").with_suffix(".local")  # beside the others: compiled modules are shared
    yield folder
    process.down(root=folder)


def in_group(pgid):
    """The processes of a group, by what the kernel says."""
    listed = subprocess.run(["ps", "-e", "-o", "pid=,pgid=,stat="], capture_output=True, text=True, check=True).stdout
    rows = [line.split() for line in listed.splitlines()]
    return [int(pid) for pid, group, state in rows if int(group) == pgid and not state.startswith("Z")]


def test_up_answers_with_what_it_writes_down_and_down_leaves_nothing(root):
    port = free_port()
    endpoint = process.up(port, root=root)
    assert endpoint.endpoint == f"http://127.0.0.1:{port}"
    assert (endpoint.region, endpoint.account) == ("eu-west-1", "000000000000")
    assert json.loads((root / "endpoint.json").read_text()) == {
        "endpoint": endpoint.endpoint,
        "pid": endpoint.pid,
        "pgid": endpoint.pid,
        "port": port,
        "region": "eu-west-1",
        "account": "000000000000",
    }
    assert process.status(root=root) == endpoint
    assert in_group(endpoint.pgid) == [endpoint.pid]
    assert process.down(root=root) is True
    assert in_group(endpoint.pgid) == []
    assert not (root / "endpoint.json").exists()
    assert process.status(root=root) is None
    assert process.down(root=root) is False
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


def test_a_second_platform_from_the_same_folder_is_refused(root):
    endpoint = process.up(free_port(), root=root)
    with pytest.raises(LocalPlatformError, match=rf"already runs at {endpoint.endpoint}.*criba local down"):
        process.up(free_port(), root=root)
    assert process.status(root=root) == endpoint


def test_a_taken_port_is_named_with_what_to_do(root):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(LocalPlatformError, match=rf"port {port} on 127.0.0.1 cannot be used: .*choose another"):
            process.up(port, root=root)
    assert not (root / "endpoint.json").exists()


def test_a_folder_that_cannot_be_made_is_named_with_what_to_do(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(LocalPlatformError, match=r"cannot write in .*/file/local: .*Make the folder writable"):
        process.up(free_port(), root=tmp_path / "file" / "local")


def test_a_platform_that_dies_at_once_is_reported_with_its_log(root, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(LocalPlatformError, match=r"ended with exit code 1. The end of .*platform.log"):
        process.up(free_port(), root=root)
    assert process.status(root=root) is None


def test_a_platform_that_was_killed_is_gone_and_another_starts(root):
    killed = process.up(free_port(), root=root)
    os.kill(killed.pid, signal.SIGKILL)
    os.waitpid(killed.pid, 0)
    assert process.status(root=root) is None
    assert process.up(free_port(), root=root).pid != killed.pid


def test_a_recorded_process_id_that_is_someone_elses_is_left_alone(root):
    other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
    root.mkdir()
    recorded = {"endpoint": "http://127.0.0.1:1", "pid": other.pid, "pgid": other.pid, "port": 1}
    (root / "endpoint.json").write_text(json.dumps({**recorded, "region": "r", "account": "a"}))
    (root / "lock").write_text("")
    try:
        assert process.status(root=root) is None
        assert process.down(root=root) is False
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


def test_jobs_that_outlived_the_platform_are_ended(root):
    leader = subprocess.Popen(
        [sys.executable, "-c", "import os, time\nif os.fork() == 0: time.sleep(60)"], start_new_session=True
    )
    leader.wait()
    root.mkdir()
    recorded = {"endpoint": "http://127.0.0.1:1", "pid": leader.pid, "pgid": leader.pid, "port": 1}
    (root / "endpoint.json").write_text(json.dumps({**recorded, "region": "r", "account": "a"}))
    assert len(in_group(leader.pid)) == 1
    assert process.down(root=root) is True
    assert in_group(leader.pid) == []


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="reads the kernel's table of sockets")
def test_nothing_listens_on_any_other_address(platform, aws):
    for service, call in (("sqs", "list_queues"), ("stepfunctions", "list_state_machines"), ("glue", "get_jobs")):
        getattr(aws(service), call)()  # services start what they need when they are first called
    time.sleep(0.2)
    open_files = [str(link.readlink()) for link in Path(f"/proc/{platform.pid}/fd").iterdir()]
    sockets = {name[8:-1] for name in open_files if name.startswith("socket:[")}
    listening = []
    for table in ("tcp", "tcp6", "udp", "udp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            _, local, _, state, *rest = line.split()
            if rest[5] in sockets and state in ("0A", "07"):
                listening.append((table, local))
    assert listening == [("tcp", f"0100007F:{platform.port:04X}")]


def test_the_environment_reaches_the_platform_and_nothing_else(platform):
    variables = platform.environment("ml-engineer")
    assert variables["AWS_ENDPOINT_URL"] == variables["AWS_ENDPOINT_URL_S3"] == platform.endpoint
    assert variables["AWS_ACCESS_KEY_ID"] == "ml-engineer"
    assert variables["AWS_REGION"] == variables["AWS_DEFAULT_REGION"] == "eu-west-1"
    assert variables["AWS_EC2_METADATA_DISABLED"] == "true"


def test_the_access_key_names_the_person(aws):
    assert aws("sts", "ml-engineer").get_caller_identity()["Arn"] == (
        "arn:aws:sts::000000000000:assumed-role/ml-engineer/local"
    )
    assert aws("sts").get_caller_identity()["Arn"] == "arn:aws:sts::000000000000:assumed-role/operator/local"


def test_an_assumed_role_keeps_its_own_identity(platform, aws):
    import boto3

    aws("iam").create_role(RoleName="deploy", AssumeRolePolicyDocument='{"Statement": []}')
    role = "arn:aws:iam::000000000000:role/deploy"
    given = aws("sts").assume_role(RoleArn=role, RoleSessionName="cdk")["Credentials"]
    session = boto3.client(
        "sts",
        endpoint_url=platform.endpoint,
        region_name="eu-west-1",
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
    )
    assert session.get_caller_identity()["Arn"] == "arn:aws:sts::000000000000:assumed-role/deploy/cdk"
