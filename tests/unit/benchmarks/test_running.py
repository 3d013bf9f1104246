"""What the benchmarks make of histories, processes and answers."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from benchmarks.data import held_out
from benchmarks.http_load import Body, Connection, bodies, load
from benchmarks.memory import Process, by_kind, job_name
from benchmarks.million import states
from benchmarks.words import words


def event(kind: str, seconds: float, name: str | None = None) -> dict[str, Any]:
    told: dict[str, Any] = {"type": kind, "timestamp": datetime(2026, 11, 24, tzinfo=UTC) + timedelta(seconds=seconds)}
    return {**told, "stateEnteredEventDetails": {"name": name}} if name else told


def test_a_states_seconds_are_those_between_its_entry_and_its_exit() -> None:
    history = [
        event("ExecutionStarted", 0),
        event("TaskStateEntered", 0.5, "Clean messages"),
        event("TaskScheduled", 0.6),
        event("TaskStateExited", 90.75),
        event("ChoiceStateEntered", 91, "Anything to score?"),
        event("ChoiceStateExited", 91.01),
        event("SucceedStateEntered", 91.01, "Done"),
    ]
    assert states(history) == [
        {"name": "Clean messages", "seconds": 90.25},
        {"name": "Anything to score?", "seconds": 0.01},
        {"name": "Done", "seconds": 0.0},
    ]


def test_a_jobs_memory_is_that_of_all_its_processes_and_strangers_count_for_nothing() -> None:
    found = {
        1: Process(0, "init", 1),
        10: Process(1, "python -m criba.local.server", 800),
        20: Process(
            10,
            "python guard.py python main.py --JOB_NAME Criba-local-Pipeline-CleanMessagesJob87B172C7-35D216 --run_id a",
            10,
        ),
        21: Process(20, "java", 900),
        22: Process(21, "python -m pyspark.daemon", 50),
        30: Process(10, "python guard.py python -m pipeline_code.serve", 10),
        31: Process(30, "gunicorn", 100),
        99: Process(1, "a browser", 4_000),
    }
    assert by_kind(found, platform=10) == {"platform": 800, "CleanMessages": 960, "serve": 110}


@pytest.mark.parametrize(
    ("command", "name"),
    [
        (
            "python main.py /script/f7bc.py --JOB_NAME Criba-local-Pipeline-BuildBatchJob0E384ED5-78DC36B4 --x",
            "BuildBatch",
        ),
        ("python -I guard.py python -m pipeline_code.monitor", "monitor"),
        ("node cdk deploy", "other"),
    ],
)
def test_a_job_is_named_by_what_it_runs(command: str, name: str) -> None:
    assert job_name(command) == name


def test_bodies_are_whole_lines_up_to_their_size() -> None:
    made = bodies(["hola", "adiós"], megabytes=0.0001)
    assert len(made) == 8
    for body in made:
        assert 100 <= len(body.content) < 150
        assert body.lines == len(body.content.splitlines())
        assert {json.loads(line)["text"] for line in body.content.splitlines()} == {"hola", "adiós"}


def test_bodies_of_one_message_have_one() -> None:
    assert [(body.lines, json.loads(body.content)) for body in bodies(["hola", "adiós"], None)] == [
        (1, {"id": "web:0", "text": "hola"}),
        (1, {"id": "web:1", "text": "adiós"}),
    ]


def test_peers_that_do_not_fold_get_plain_words() -> None:
    assert words("¿Dónde está MI pedido n.º 7?") == ["donde", "esta", "mi", "pedido", "n", "o", "7"]


def test_every_tenth_message_of_train_is_held_out_to_calibrate_on() -> None:
    learnt, held = held_out([(str(n), "a") for n in range(20)])
    assert held == [("0", "a"), ("10", "a")]
    assert [text for text, _ in learnt] == [str(n) for n in range(20) if n not in (0, 10)]


class _Echo(BaseHTTPRequestHandler):
    """Answers each line with a label; a body that says so is answered short, or its connection closed."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        lines = self.rfile.read(int(self.headers["Content-Length"])).splitlines()
        answer = b"".join(b'{"label": "a"}\n' for line in lines if b"forget" not in line)
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        if b"close" in lines[0]:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


@pytest.fixture
def port() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Echo) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def test_a_connection_is_opened_anew_where_the_server_closes_it(port: int) -> None:
    connection = Connection(port)
    for text in (b'{"text": "close"}\n', b'{"text": "stay"}\n', b'{"text": "stay"}\n'):
        assert bytes(connection.post(Body(text, 1).request())) == b'{"label": "a"}\n'


def test_load_counts_the_messages_answered_and_its_own_share_of_the_processor(port: int) -> None:
    found = load(port, [Body(b'{"text": "a"}\n' * 50, 50)], connections=2, seconds=0.3)
    assert found.messages_per_second > 50
    assert 0 < found.processor_seconds_per_second < 2


def test_a_line_without_an_answer_is_no_throughput(port: int, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(RuntimeError, match="a request failed"):
        load(port, [Body(b'{"text": "a"}\n{"text": "forget"}\n', 2)], connections=1, seconds=0.1)
    assert "2 lines were sent and 1 labels came back" in capfd.readouterr().err
