"""Serving: messages a second over HTTP, our server beside the best that a tuned peer reaches, in turns."""

import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import servers
from benchmarks.contenders import contenders
from benchmarks.data import Splits
from benchmarks.http_load import Body, Load, bodies, load
from benchmarks.names import ONE_MESSAGE, OURS, SERVED
from benchmarks.servers import Server
from benchmarks.summary import chosen

SIZES = {"0.5 MB": 0.5, "1 MB": 1.0, "6 MB": 6.0, ONE_MESSAGE: None}
"""Megabytes of a body, by name."""

OUR_SIZES = ("1 MB", "6 MB", ONE_MESSAGE)
TRIED, FINALISTS = 1.5, 3
"""Seconds of load for each setting tried, and how many of them are then measured beside ours."""


@dataclass(frozen=True)
class Turn:
    """One server's loads by size of body, the seconds that it took to start and the megabytes that it ended with."""

    loads: dict[str, Load]
    start_seconds: float
    megabytes: float


def measure(found: Splits, *, rounds: int, seconds: float, told: Callable[[str], None]) -> dict[str, Any]:
    """Tune the peer, then measure all in every round, so that a busy moment hits all alike; medians of the rounds."""
    texts = [text for part in found.values() for text, _ in part]
    sent = {size: bodies(texts, megabytes) for size, megabytes in SIZES.items()}
    cores = os.cpu_count() or 1
    with tempfile.TemporaryDirectory() as folder:
        told("the two models to serve")
        root = Path(folder)
        _fit(found, root)
        peers = servers.peers(root / "peer", cores)
        tried = {peer.name: _speeds(_turn(peer, sent, tuple(sent), TRIED, told)) for peer in peers}
        finalists = chosen(tried, FINALISTS)
        plan: list[tuple[Server, tuple[str, ...]]] = [(server, OUR_SIZES) for server in servers.ours(root, cores)]
        plan += [(peer, finalists[peer.name]) for peer in peers if peer.name in finalists]
        turns = [
            {server.name: _turn(server, sent, sizes, seconds, told) for server, sizes in plan} for _ in range(rounds)
        ]
    measured = {server.name: _medians([turn[server.name] for turn in turns]) for server, _ in plan}
    return {"peers": sorted(finalists), "tried": tried, "servers": measured}


def _fit(found: Splits, root: Path) -> None:
    for name, path in ((OURS, root / "model"), (SERVED, root / "peer")):
        contenders()[name].fit(found, 0).save(path)


def _turn(
    server: Server,
    sent: Mapping[str, Sequence[Body]],
    sizes: Sequence[str],
    seconds: float,
    told: Callable[[str], None],
) -> Turn:
    """Start one server and load it with bodies of each size."""
    loads = {}
    with servers.running(server) as started:
        for size in sizes:
            told(f"{server.name}, {size}")
            in_flight = server.in_flight_single if size == ONE_MESSAGE else server.in_flight
            loads[size] = load(started.port, sent[size], in_flight, seconds)
        return Turn(loads, started.seconds, started.megabytes())


def _speeds(turn: Turn) -> dict[str, float]:
    return {size: one.messages_per_second for size, one in turn.loads.items()}


def _medians(turns: Sequence[Turn]) -> dict[str, Any]:
    """One server's figures over its turns."""
    return {
        "start_seconds": median(turn.start_seconds for turn in turns),
        "megabytes": median(turn.megabytes for turn in turns),
        "sizes": {size: _size([turn.loads[size] for turn in turns]) for size in turns[0].loads},
    }


def _size(loads: Sequence[Load]) -> dict[str, float]:
    speeds = [one.messages_per_second for one in loads]
    return {
        "messages_per_second": median(speeds),
        "lowest": min(speeds),
        "highest": max(speeds),
        "load_cores": median(one.processor_seconds_per_second for one in loads),
    }
