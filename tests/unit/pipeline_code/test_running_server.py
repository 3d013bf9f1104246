"""The server as SageMaker runs it: its own process, real HTTP, signals."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from running_server import RunningServer, start

from pipeline_code.classifier import Classifier


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
