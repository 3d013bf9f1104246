"""The platform as one process group of its own: started, asked and ended from the command line."""

import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from criba.local import settings
from criba.local.errors import LocalPlatformError

ROOT = Path("build/local")
_READY_SECONDS = 60
_GRACE_SECONDS = 5


@dataclass(frozen=True)
class Endpoint:
    """Where a platform answers, and the process group that it lives in."""

    endpoint: str
    pid: int
    pgid: int
    port: int
    region: str
    account: str

    def environment(self, person: str = settings.OPERATOR) -> dict[str, str]:
        """The AWS_* variables for boto3 and for subprocesses that act as `person` here."""
        return settings.environment(port=self.port, region=self.region, person=person)


def up(port: int = settings.PORT, *, root: Path = ROOT, region: str = settings.REGION) -> Endpoint:
    """Start a fresh platform, detached, and return once it answers. Its state lasts as long as the process.

    Raises LocalPlatformError when the port is taken, `root` cannot be written, or a platform already runs from it.
    """
    if running := status(root=root):
        raise LocalPlatformError(
            f"a platform already runs at {running.endpoint} (process {running.pid}). "
            "Use it, or end it with: criba local down"
        )
    down(root=root)
    _require_free(port)
    _prepare(root)
    process = _spawn(port, root, region)
    endpoint = Endpoint(f"http://{settings.HOST}:{port}", process.pid, process.pid, port, region, settings.ACCOUNT)
    try:
        (root / "endpoint.json").write_text(json.dumps(asdict(endpoint), indent=2) + "\n")
        _wait_until_ready(process, endpoint, root)
    except BaseException:
        down(root=root)
        raise
    return endpoint


def status(*, root: Path = ROOT) -> Endpoint | None:
    """The platform that runs from `root`, or None."""
    return _recorded(root) if _is_held(root) else None


def down(*, root: Path = ROOT) -> bool:
    """End the platform and every job that it started; False when there was nothing to end."""
    recorded = _recorded(root)
    if recorded is None:
        return False
    ours = _is_held(root) or _only_jobs_are_left(recorded)
    if ours:
        _end_group(recorded.pgid)
    (root / "endpoint.json").unlink(missing_ok=True)
    return ours


def _recorded(root: Path) -> Endpoint | None:
    try:
        return Endpoint(**json.loads((root / "endpoint.json").read_text()))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, TypeError, ValueError) as problem:
        raise LocalPlatformError(
            f"cannot read {root / 'endpoint.json'}: {problem}. Remove the file and end the process that it named."
        ) from problem


def _is_held(root: Path) -> bool:
    """Whether the process that started from `root` still lives: it holds a lock for as long as it does.

    A process id alone says little, because the system gives it to another process one day.
    """
    try:
        with (root / "lock").open() as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _only_jobs_are_left(recorded: Endpoint) -> bool:
    """Whether the group outlived its leader. A group's number is not given away while the group has a member, so
    a group without a leader can only be ours."""
    _reap(recorded.pid)
    return _group_lives(recorded.pgid) and not _lives(recorded.pid)


def _require_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.HOST, port))
        except (OSError, OverflowError) as problem:
            raise LocalPlatformError(
                f"port {port} on {settings.HOST} cannot be used: {problem}. "
                "End what uses it, or choose another: criba local up --port 4577"
            ) from problem


def _prepare(root: Path) -> None:
    try:
        shutil.rmtree(root / "data", ignore_errors=True)
        root.mkdir(parents=True, exist_ok=True)
        for name in ("platform.log", "lock", "recorded.json", "calls.jsonl"):
            (root / name).write_text("")
    except OSError as problem:
        raise LocalPlatformError(
            f"cannot write in {root.absolute()}: {problem.strerror}. Make the folder writable, or remove what is there."
        ) from problem


def _spawn(port: int, root: Path, region: str) -> "subprocess.Popen[bytes]":
    """The server, in a session and a process group of its own, with the lock in its hands before it starts."""
    command = [sys.executable, "-m", "criba.local.server", "--port", str(port), "--region", region]
    with (root / "platform.log").open("ab") as log, (root / "lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [*command, "--root", str(root.absolute()), "--lock", str(lock.fileno())],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=_environment(root),
            start_new_session=True,
            pass_fds=(lock.fileno(),),
        )


def _environment(root: Path) -> dict[str, str]:
    """The server's variables: none of an account's or an emulator's, and a place for compiled modules beside `root`.

    Compiling MiniStack takes seconds, and whoever runs this may have forbidden Python to keep what it compiles.
    """
    foreign = ("AWS_", "MINISTACK_", "MOTO_", "PYTHONDONTWRITEBYTECODE")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    return {"PYTHONPYCACHEPREFIX": str(root.absolute().parent / "pycache"), **kept}


def _wait_until_ready(process: "subprocess.Popen[bytes]", endpoint: Endpoint, root: Path) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise LocalPlatformError(_died(f"ended with exit code {process.returncode}", root))
        with suppress(urllib.error.URLError, ConnectionError, TimeoutError):
            urllib.request.urlopen(f"{endpoint.endpoint}/_criba/status", timeout=2).close()  # noqa: S310 - http
            return
        time.sleep(0.05)
    raise LocalPlatformError(_died(f"did not answer within {_READY_SECONDS} s", root))


def _died(how: str, root: Path) -> str:
    log = root / "platform.log"
    tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
    return f"the local platform {how}. The end of {log}:\n{tail}"


def _end_group(pgid: int) -> None:
    for number, patience in ((signal.SIGTERM, _GRACE_SECONDS), (signal.SIGKILL, _GRACE_SECONDS)):
        with suppress(ProcessLookupError):
            os.killpg(pgid, number)
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            _reap(pgid)
            if not _group_lives(pgid):
                return
            time.sleep(0.02)
    raise LocalPlatformError(f"process group {pgid} does not end. End it by hand: kill -9 -- -{pgid}")


def _reap(pid: int) -> None:
    """Collect the server if this very process started it: until then it lives on as a zombie."""
    with suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _group_lives(pgid: int) -> bool:
    try:
        os.killpg(pgid, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True
