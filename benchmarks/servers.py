"""The servers: ours as it is and on other servers of HTTP, and the peer in every setting worth trying."""

import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError

import psutil

from benchmarks.machine import free_port
from benchmarks.names import OUR_SERVER
from pipeline_code.server_settings import ServerSettings

ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


@dataclass(frozen=True)
class Server:
    """How to start one, given a port, and the requests to keep in flight: of many messages, and of one."""

    name: str
    command: Callable[[int], list[str]]
    environment: Mapping[str, str]
    in_flight: int
    in_flight_single: int


@dataclass(frozen=True)
class Started:
    """A server that answers: the seconds until its first healthy answer, and its processes."""

    port: int
    seconds: float
    process: psutil.Process

    def megabytes(self) -> float:
        """Memory of the server and its workers; what they share counts once."""
        family = [self.process, *self.process.children(recursive=True)]
        return float(sum(one.memory_full_info().pss for one in family)) / 1e6


def ours(root: Path, cores: int) -> list[Server]:
    """Our server, first as it is; `root` holds its model as SageMaker lays it out. Payload and workers by default."""
    environment = {"SAGEMAKER_BASE_DIR": str(root), "SAGEMAKER_BIND_TO_HOST": "127.0.0.1"}
    settings = ServerSettings.read(environment)

    def as_it_is(port: int) -> list[str]:
        return ["env", f"SAGEMAKER_BIND_TO_PORT={port}", sys.executable, "-m", "pipeline_code.serve"]

    def on_gunicorn(*kind: str) -> Callable[[int], list[str]]:
        return lambda port: [
            *(sys.executable, "-m", "gunicorn", "benchmarks.our_server:wsgi", "--preload", "--log-level", "warning"),
            *("--bind", f"127.0.0.1:{port}", "--workers", str(cores), "--worker-class", *kind, "--no-control-socket"),
        ]

    def on_rsgi(port: int) -> list[str]:
        command = [sys.executable, "-m", "granian", "--host", "127.0.0.1", "--port", str(port), "--workers", str(cores)]
        return [*command, "--interface", "rsgi", "--log-level", "warning", "benchmarks.our_server:rsgi"]

    commands = {
        OUR_SERVER: as_it_is,
        "granian RSGI": on_rsgi,
        "gunicorn gthread": on_gunicorn("gthread", "--threads", "4"),
        "gunicorn sync": on_gunicorn("sync"),
    }
    in_flight = settings.max_concurrent_transforms
    return [Server(name, command, ONE_THREAD | environment, in_flight, in_flight) for name, command in commands.items()]


def peers(model: Path, cores: int) -> list[Server]:
    """Flask on gunicorn with the given pipeline. gevent with one number of workers: it helps a server that waits."""
    numbers = sorted({1, cores, 2 * cores})
    kinds = [(kind, workers) for kind in ("sync", "gthread --threads 4") for workers in numbers]
    return [_peer(model, kind, workers) for kind, workers in [*kinds, ("gevent", cores)]]


def _peer(model: Path, kind: str, workers: int) -> Server:
    def command(port: int) -> list[str]:
        return [
            *(sys.executable, "-m", "gunicorn", "benchmarks.peer_server:app", "--preload", "--log-level", "warning"),
            *("--bind", f"127.0.0.1:{port}", "--workers", str(workers), "--worker-class", *kind.split()),
            *("--timeout", "300", "--no-control-socket"),
        ]

    # A body of many takes seconds, during which another would only wait; one message is over before the next is sent.
    name, environment = f"{workers} {kind.split()[0]}", ONE_THREAD | {"PEER_MODEL": str(model)}
    return Server(name, command, environment, workers, 2 * workers)


@contextmanager
def running(server: Server) -> Iterator[Started]:
    """Run a server until the block ends. Raises RuntimeError where it does not serve within a minute."""
    port, begun = free_port(), time.perf_counter()
    process = subprocess.Popen(server.command(port), env=os.environ | server.environment)  # noqa: S603 - our own words
    try:
        while not _healthy(port):
            if process.poll() is not None or time.perf_counter() - begun > 60:
                raise RuntimeError(f"{server.name} does not serve: see its log above")
            time.sleep(0.02)
        yield Started(port, time.perf_counter() - begun, psutil.Process(process.pid))
    finally:
        process.terminate()
        process.wait()


def _healthy(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/ping", timeout=5) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False
