"""HTTP load: one process a connection posts bodies made beforehand and counts the messages answered in the time."""

import itertools
import json
import multiprocessing
import re
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass

FORKED = multiprocessing.get_context("fork")
"""The bodies, which may be seventy megabytes, are then in every process without being copied."""


@dataclass(frozen=True)
class Body:
    """JSON Lines, and how many."""

    content: bytes
    lines: int

    def first_line(self) -> "Body":
        return Body(self.content[: self.content.index(b"\n") + 1], 1)

    def request(self) -> bytes:
        """The whole request, as it goes over the wire."""
        head = "POST /invocations HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/jsonlines\r\n"
        return f"{head}Content-Length: {len(self.content)}\r\n\r\n".encode() + self.content


@dataclass(frozen=True)
class Load:
    """What a server answered, and the seconds of processor that asking took in a second: what is stolen from it."""

    messages_per_second: float
    processor_seconds_per_second: float


def bodies(texts: Sequence[str], megabytes: float | None) -> list[Body]:
    """The texts, repeated, as eight bodies of about a size; of no size, as five hundred of one message."""
    lines = [json.dumps({"id": f"web:{n}", "text": text}).encode() + b"\n" for n, text in enumerate(texts)]
    if megabytes is None:
        return [Body(line, 1) for line in lines[:500]]
    made: list[Body] = []
    part: list[bytes] = []
    size = turn = 0
    while len(made) < 8:
        part.append(lines[turn % len(lines)])
        size += len(part[-1])
        turn += 1
        if size >= megabytes * 1e6:
            made.append(Body(b"".join(part), len(part)))
            part, size = [], 0
    return made


def load(port: int, bodies: Sequence[Body], connections: int, seconds: float) -> Load:
    """Keep `connections` requests in flight for so long. A request that the end cuts counts by its share before it.

    Raises RuntimeError where a line stays unanswered.
    """
    requests = [(body.request(), body.lines) for body in bodies]
    told, ready, running = FORKED.SimpleQueue(), FORKED.Barrier(connections), FORKED.Value("i", connections)

    def post(number: int) -> None:
        connection, own = Connection(port), requests[number % len(requests) :: connections] or requests
        connection.post(bodies[0].first_line().request())
        ready.wait(60)
        try:
            told.put(_posted(connection, own, seconds))
        finally:
            with running.get_lock():
                running.value -= 1
        # A request that is still to end must not find the server idle; one that takes long is not worth the wait.
        while running.value and connection.seconds < 1:
            connection.post(own[0][0])

    posting = [FORKED.Process(target=post, args=(number,)) for number in range(connections)]
    for process in posting:
        process.start()
    for process in posting:
        process.join()
    if any(process.exitcode for process in posting):
        raise RuntimeError("a request failed: see the traceback above")
    answered, busy = zip(*(told.get() for _ in posting), strict=True)
    return Load(sum(answered), sum(busy))


def _posted(connection: "Connection", requests: Sequence[tuple[bytes, int]], seconds: float) -> tuple[float, float]:
    """Messages answered a second on one connection, and the processor's seconds a second that asking took."""
    busy, begin = time.process_time(), time.perf_counter()
    end, answered = begin + seconds, 0.0
    lengths: dict[int, int] = {}
    for place in itertools.cycle(range(len(requests))):
        start = time.perf_counter()
        if start >= end:
            break
        request, lines = requests[place]
        answer = connection.post(request)
        answered += lines * min(1.0, (end - start) / connection.seconds)
        # The first answer of each body is read; later ones have to be as long, which costs nothing to see.
        if place not in lengths:
            lengths[place] = _length(answer, lines)
        if len(answer) != lengths[place]:
            raise RuntimeError(f"{len(answer)} bytes came back where the same body had {lengths[place]} before")
    return answered / seconds, (time.process_time() - busy) / (time.perf_counter() - begin)


def _length(answer: memoryview, lines: int) -> int:
    labels = bytes(answer).count(b'"label"')
    if labels != lines:
        raise RuntimeError(f"{lines} lines were sent and {labels} labels came back")
    return len(answer)


class Connection:
    """One connection over a bare socket, opened anew where the server closes it after each answer."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._socket: socket.socket | None = None
        self._buffer = bytearray(32 * 1024 * 1024)
        self.seconds = 0.0
        """What the latest answer took."""

    def post(self, request: bytes) -> memoryview:
        """The answer's body, valid until the next request. Raises RuntimeError for any status but 200."""
        begun = time.perf_counter()
        wire = self._socket or self._opened()
        wire.sendall(request)
        received = 0
        while (head := self._buffer.find(b"\r\n\r\n", 0, received)) < 0:
            received += self._receive(wire, received)
        start, headers = head + 4, bytes(self._buffer[:head]).lower()
        length = re.search(rb"\r\ncontent-length: *(\d+)", headers)
        if b" 200 " not in headers[:16] or length is None:
            raise RuntimeError(f"the server answered {headers.decode(errors='replace')}")
        end = start + int(length[1])
        while received < end:
            received += self._receive(wire, received)
        if b"\r\nconnection: close" in headers:
            wire.close()
            self._socket = None
        self.seconds = time.perf_counter() - begun
        return memoryview(self._buffer)[start:end]

    def _opened(self) -> socket.socket:
        self._socket = socket.create_connection(("127.0.0.1", self._port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self._socket

    def _receive(self, wire: socket.socket, received: int) -> int:
        count = wire.recv_into(memoryview(self._buffer)[received:])
        if not count:
            raise RuntimeError("the server closed the connection before its answer was whole")
        return count
