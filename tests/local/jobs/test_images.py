"""Which program stands for which image."""

import subprocess
import sys

import pytest

from criba.local.jobs import JobFailed
from criba.local.jobs.images import OURS, find


@pytest.mark.parametrize(
    "uri",
    [
        "000000000000.dkr.ecr.eu-west-1.amazonaws.com/criba-local-storage-repository@sha256:" + "0" * 64,
        "000000000000.dkr.ecr.eu-west-1.amazonaws.com/criba:latest",
        "000000000000.dkr.ecr.eu-west-1.amazonaws.com/team/Criba-Local:1",
    ],
)
def test_our_repositories_stand_for_this_checkout(uri):
    assert find([OURS], uri) is OURS


def test_another_repository_stands_for_nothing():
    with pytest.raises(JobFailed, match=r"no program stands for the image .*/sklearn:1\. Known .* start with: criba$"):
        find([OURS], "141502667606.dkr.ecr.eu-west-1.amazonaws.com/sklearn:1")


def test_each_command_is_a_module_that_is_there():
    for name in ("train", "evaluate", "serve", "monitor"):
        command = OURS.command("criba", [name])
        assert command == [sys.executable, "-m", f"pipeline_code.{name}"]
        found = "import importlib.util, sys; sys.exit(importlib.util.find_spec(sys.argv[1]) is None)"
        subprocess.run([sys.executable, "-c", found, command[2]], cwd=OURS.folder, check=True)


def test_arguments_follow_the_command():
    assert OURS.command("criba", ["evaluate", "--run-id", "r1"])[2:] == ["pipeline_code.evaluate", "--run-id", "r1"]
