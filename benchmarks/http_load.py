"""HTTP load: bodies posted again and again over a few connections, and the messages answered in a second."""

import http.client
import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

Body = tuple[bytes, int]
"""JSON Lines, and how many."""


@contextmanager
def serving(command: Sequence[str], environment: Mapping[str, str], port: int) -> Iterator[float]:
    """Run a server until the block ends; gives the seconds from its start to its first healthy answer."""
    begun = time.perf_counter()
    process = subprocess.Popen(command, env=os.environ | environment)  # noqa: S603 - a command of this package
    try:
        while not _healthy(port):
            if process.poll() is not None or time.perf_counter() - begun > 60:
                raise RuntimeError(f"{command[:4]} does not serve: see its log above")
            time.sleep(0.02)
        yield time.perf_counter() - begun
    finally:
        process.terminate()
        process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def messages_per_second(port: int, bodies: Sequence[Body], connections: int, seconds: float) -> float:
    """Post the bodies in turn over each connection for so long; every line has to be answered."""
    end = time.perf_counter() + seconds

    def post(number: int) -> int:
        connection, answered, turn = http.client.HTTPConnection("127.0.0.1", port, timeout=300), 0, number
        while time.perf_counter() < end:
            body, lines = bodies[turn % len(bodies)]
            connection.request("POST", "/invocations", body, {"Content-Type": "application/jsonlines"})
            answer = connection.getresponse().read()
            if answer.count(b'"label"') != lines:
                raise RuntimeError(f"{lines} lines were sent and {answer.count(b'label')} labels came back")
            answered, turn = answered + lines, turn + connections
        connection.close()
        return answered

    begun = time.perf_counter()
    with ThreadPoolExecutor(connections) as pool:
        answered = sum(pool.map(post, range(connections)))
    return answered / (time.perf_counter() - begun)


def _healthy(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/ping")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()
