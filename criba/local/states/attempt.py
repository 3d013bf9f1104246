"""The running execution as its own threads see it: until when it may run, and whether someone has stopped it."""

import contextvars
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from criba.local.states.errors import state_error

_POLL_SECONDS = 0.1
_current: contextvars.ContextVar["Attempt | None"] = contextvars.ContextVar("attempt", default=None)


@dataclass(frozen=True)
class Attempt:
    """An execution's record with its deadlines (on the monotonic clock): the whole run's and the task's.

    `redrive` tells attempts at the same execution apart; `cancelled` is set when a parallel branch has failed.
    """

    execution: dict[str, Any]
    redrive: int = 0
    deadline: float = float("inf")
    task_deadline: float = float("inf")
    cancelled: threading.Event = field(default_factory=threading.Event)

    def has_timed_out(self) -> bool:
        """Whether the whole execution has run for longer than its TimeoutSeconds."""
        return time.monotonic() >= self.deadline

    def is_stopped(self) -> bool:
        """Whether a person ended the execution, even if it was redriven since."""
        return bool(self.execution["status"] != "RUNNING" or self.execution["criba"]["redrives"] != self.redrive)

    def check_execution(self) -> None:
        """Raise when the execution is over."""
        if self.is_stopped() or self.has_timed_out() or self.cancelled.is_set():
            raise state_error("States.Runtime", "the execution was stopped or timed out")

    def check(self) -> None:
        """Raise when the execution is over, or when its current task has had its time."""
        self.check_execution()
        if time.monotonic() >= self.task_deadline:
            raise state_error("States.Timeout", "")


def enter(attempt: Attempt) -> None:
    """Make `attempt` the current one for this thread and those that it starts."""
    _current.set(attempt)


def current() -> Attempt:
    attempt = _current.get()
    if attempt is None:
        raise LookupError("no execution runs in this thread")
    return attempt


@contextmanager
def task_timeout(seconds: float | None) -> Iterator[None]:
    """Give the task that runs inside `seconds` to end (None: no limit)."""
    until = float("inf") if seconds is None else time.monotonic() + seconds
    token = _current.set(replace(current(), task_deadline=until))
    try:
        yield
    finally:
        _current.reset(token)


def check_execution() -> None:
    """Raise when the current execution is over."""
    current().check_execution()


def pause(seconds: float = _POLL_SECONDS) -> None:
    """Wait, and raise as soon as the execution or the task has come to its end."""
    until = time.monotonic() + seconds
    while True:
        attempt = _current.get()
        if attempt is not None:
            attempt.check()
        left = until - time.monotonic()
        if left <= 0:
            return
        time.sleep(min(left, _POLL_SECONDS))
