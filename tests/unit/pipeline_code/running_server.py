"""A server as SageMaker runs it, for tests: its own process, on a free port of 127.0.0.1."""

import http.client
import os
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class RunningServer:
    process: subprocess.Popen[str]
    port: int

    def request(
        self, method: str, path: str, body: bytes = b"", content_type: str = "application/jsonlines"
    ) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body, {"Content-Type": content_type})
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def wait_until_healthy(self) -> None:
        deadline = time.monotonic() + 30
        while self.process.poll() is None and time.monotonic() < deadline:
            try:
                self.request("GET", "/ping")
                return
            except ConnectionRefusedError:
                time.sleep(0.05)
        pytest.fail("the server did not become healthy")

    def stop(self) -> str:
        """Ask it to end, and return what it wrote to its log."""
        self.process.terminate()
        return self.process.communicate(timeout=30)[1]


def start(root: Path) -> RunningServer:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = os.environ | {
        "SAGEMAKER_BASE_DIR": str(root),
        "SAGEMAKER_BIND_TO_HOST": "127.0.0.1",
        "SAGEMAKER_BIND_TO_PORT": str(port),
        "SAGEMAKER_MODEL_SERVER_WORKERS": "2",
    }
    command = [sys.executable, "-m", "pipeline_code.serve"]
    return RunningServer(subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True), port)
