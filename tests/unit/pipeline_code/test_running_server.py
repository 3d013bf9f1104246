"""The server as SageMaker runs it: its own process, real HTTP, signals."""

import http.client
import json
import resource
import time
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


def test_a_request_that_sigterm_meets_half_sent_is_answered_whole(trained: Classifier, tmp_path: Path) -> None:
    trained.save(tmp_path / "model")
    running = start(tmp_path)
    running.wait_until_healthy()
    body = b'{"id": 1, "text": "mi pedido"}\n' * 20_000
    connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=30)
    connection.putrequest("POST", "/invocations")
    connection.putheader("Content-Type", "application/jsonlines")
    connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body[: len(body) // 2])
    time.sleep(0.2)  # so that a worker has the request
    running.process.terminate()
    time.sleep(0.2)
    connection.send(body[len(body) // 2 :])
    response = connection.getresponse()
    assert (response.status, response.read().count(b'"delivery"')) == (200, 20_000)
    connection.close()
    assert running.process.wait(timeout=30) == 0
    running.stop()


def test_it_is_healthy_within_two_seconds(trained: Classifier, tmp_path: Path) -> None:
    trained.save(tmp_path / "model")
    begun = processor_seconds()
    running = start(tmp_path)
    running.wait_until_healthy()
    running.stop()
    # in processor time, which a busy machine does not stretch; both workers' and the tests' own included
    assert processor_seconds() - begun < 2


def processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def test_without_a_model_it_does_not_start_and_says_why(tmp_path: Path) -> None:
    running = start(tmp_path)
    log = running.process.communicate(timeout=30)[1]
    assert running.process.returncode == 1
    assert log.startswith("serve: cannot read ")
    assert "Traceback" not in log
