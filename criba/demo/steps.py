"""The demo's steps as they are told: what is being done, how long it has taken, and what it took in the end."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.text import Text

from criba.console import progress_console, working


class Steps:
    """Tells each step on stderr and keeps the seconds that it took."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self.seconds: dict[str, float] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[Callable[[str], None]]:
        """Time what is done inside; the callable tells what is going on, such as a state's name."""
        began = time.monotonic()
        with working(name) as told:
            yield told
        self.seconds[name] = round(time.monotonic() - began, 1)
        progress_console.print(Text(f"{self.total:7.1f} s  {name} ({self.seconds[name]:.1f} s)"))

    def note(self, words: str) -> None:
        """Say something that a person should know."""
        progress_console.print(Text(f"           {words}"))

    @property
    def total(self) -> float:
        return round(time.monotonic() - self._began, 1)
