"""One job's process group: started, waited for, stopped."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from criba.local.jobs import JobStopped, JobTimedOut

GRACE_SECONDS = 120.0
"""How long SageMaker waits between SIGTERM and SIGKILL."""

_GUARD = Path(__file__).with_name("guard.py")
_INHERITED = ("PATH", "LANG", "LC_ALL", "TZ", "TMPDIR")


class Child:
    """A command in a process group of its own, whose output goes to a log file. Ends with the `with` block.

    `environment` is all that the command sees, besides the path and the locale: no variable of the platform's own
    reaches it, least of all AWS_*.
    """

    def __init__(
        self, command: Sequence[str], *, environment: Mapping[str, str], folder: Path, log: Path, grace: float
    ) -> None:
        self.log = log
        self._grace = grace
        inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            self._process = subprocess.Popen(  # noqa: S603 - the command comes from images.py or is our interpreter
                [sys.executable, "-I", "-S", str(_GUARD), *command],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                cwd=folder,
                env={**inherited, **environment},
                start_new_session=True,
            )

    def __enter__(self) -> "Child":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    @property
    def exit_code(self) -> int | None:
        """The command's exit code, 128 + n after signal n; None while it runs."""
        code = self._process.poll()
        return 128 - code if code is not None and code < 0 else code

    def wait(self, stop: threading.Event, seconds: float | None = None) -> int:
        """The exit code, once there is one.

        Raises JobStopped when `stop` is set and JobTimedOut after `seconds`; the process group has ended by then.
        """
        deadline = None if seconds is None else time.monotonic() + seconds
        while True:
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=0.1)
            if (code := self.exit_code) is not None:
                return code
            if stop.is_set():
                self.end()
                raise JobStopped("stopped on request")
            if deadline is not None and time.monotonic() > deadline:
                self.end()
                raise JobTimedOut(f"ran longer than {seconds:g} s")

    def end(self) -> None:
        """Ask the process group to end, insist after the grace period, and leave none of it behind."""
        if self.exit_code is None:
            self._signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=self._grace)
        self._signal(signal.SIGKILL)
        self._process.wait()
        if self._process.stdin:
            self._process.stdin.close()

    def last_lines(self, number: int = 20) -> str:
        """The end of the log."""
        with self.log.open("rb") as log:
            log.seek(max(0, self.log.stat().st_size - 8192))
            return "\n".join(log.read().decode(errors="replace").splitlines()[-number:])

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)
