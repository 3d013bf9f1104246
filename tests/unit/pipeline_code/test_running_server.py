"""The server as SageMaker runs it: its own process, real HTTP, signals."""

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipeline_code.classifier import Classifier


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


@pytest.fixture(scope="module")
def server(trained: Classifier, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    root = tmp_path_factory.mktemp("server")
    trained.save(root / "model")
    running = start(root)
    try:
        running.wait_until_healthy()
        yield running
    finally:
        running.stop()


def test_it_is_healthy_with_an_empty_body(server: RunningServer) -> None:
    assert server.request("GET", "/ping") == (200, b"")


def test_it_answers_good_and_bad_records(server: RunningServer) -> None:
    body = '{"id": "a", "text": "¿y mi PEDIDO?"}\n\n{"id": "b"}\nnada\n'.encode()
    status, answer = server.request("POST", "/invocations", body)
    first, second, third = [json.loads(line) for line in answer.splitlines()]
    assert (status, first["id"], first["label"]) == (200, "a", "delivery")
    assert second == {"id": "b", "error": "no text"}
    assert third == {"id": None, "error": "not JSON"}


def test_it_answers_an_empty_body_with_an_empty_body(server: RunningServer) -> None:
    assert server.request("POST", "/invocations", b"") == (200, b"")


def test_it_refuses_another_content_type(server: RunningServer) -> None:
    status, answer = server.request("POST", "/invocations", b"hola", content_type="text/plain")
    assert (status, answer[:12]) == (415, b"content type")


def test_sigterm_ends_it_in_order_and_nothing_was_wrong(trained: Classifier, tmp_path: Path) -> None:
    trained.save(tmp_path / "model")
    running = start(tmp_path)
    running.wait_until_healthy()
    assert running.stop() == ""
    assert running.process.returncode == 0


def test_without_a_model_it_does_not_start_and_says_why(tmp_path: Path) -> None:
    running = start(tmp_path)
    log = running.process.communicate(timeout=30)[1]
    assert running.process.returncode == 1
    assert log.startswith("serve: cannot read ")
    assert "Traceback" not in log
