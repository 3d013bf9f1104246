"""One platform for a module of tests, on a free port and in a folder of its own, and clients that reach it."""

import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from criba.local import process
from criba.local.process import Endpoint

Aws = Callable[..., Any]

os.environ.setdefault("PYTHONPYCACHEPREFIX", str(Path(__file__).parents[2] / "build" / "pycache"))
"""Platforms are started in new folders, and compiling MiniStack for each session of tests would take seconds."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """A platform that is really started, as `criba local up` does, and ended with the module."""
    root = tmp_path_factory.mktemp("platform")
    endpoint = process.up(free_port(), root=root)
    yield endpoint
    process.down(root=root)


@pytest.fixture(scope="module")
def aws(platform: Endpoint) -> Aws:
    """`aws("s3")` is a client of the platform; `aws("sagemaker", "ml-engineer")` one that a named person uses."""
    clients: dict[tuple[str, str], Any] = {}

    def client(service: str, person: str = "operator") -> Any:
        if (service, person) not in clients:
            clients[service, person] = boto3.client(
                service,
                endpoint_url=platform.endpoint,
                region_name=platform.region,
                aws_access_key_id=person,
                aws_secret_access_key="local",
                config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
            )
        return clients[service, person]

    return client
