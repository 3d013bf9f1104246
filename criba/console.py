"""What the operator sees: results on stdout (a table, or one JSON document), progress on stderr."""

import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console, RenderableType
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TransferSpeedColumn,
)
from rich.table import Table
from rich.text import Text

_UNWRAPPED = 160
progress_console = Console(stderr=True, highlight=False)
_LIVE: dict[str, Any] = {
    "console": progress_console,
    "transient": True,
    "disable": not progress_console.is_terminal,
}


def show(document: Any, readable: RenderableType, *, as_json: bool) -> None:
    """Print a result: `document` as JSON, or its `readable` form."""
    if as_json:
        print(json.dumps(document, indent=2, ensure_ascii=False))
    else:
        # A line of words is left whole: a path or a run's name that is cut in two cannot be copied.
        console = Console(highlight=False)
        if not console.is_terminal:
            console.width = max(console.width, _UNWRAPPED)
        console.print(readable, soft_wrap=isinstance(readable, Text))


def sentence(text: str) -> Text:
    """Words to print as they are, brackets included."""
    return Text(text)


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, title: str | None = None) -> Table:
    """A plain table; None is printed as a dash, numbers stand to the right."""
    made = Table(title=title and Text(title), title_justify="left", box=None, header_style="bold", pad_edge=False)
    kept = [list(row) for row in rows]
    for i, column in enumerate(columns):
        numeric = bool(kept) and all(isinstance(row[i], int | float) or row[i] is None for row in kept)
        made.add_column(column, justify="right" if numeric else "left", overflow="fold")
    for row in kept:
        made.add_row(*(Text("—" if cell is None else _figure(cell)) for cell in row))
    return made


def when(moment: str | None) -> str | None:
    """An ISO 8601 moment to the second, as people read it."""
    return moment and moment[:19].replace("T", " ")


def who(arn: str | None) -> str | None:
    """The person whom an ARN names: what follows the kind of identity, such as `ml-engineer/local`."""
    return arn and (arn.partition("/")[2] if arn.startswith("arn:") else arn)


def _figure(cell: object) -> str:
    return f"{cell:,}" if isinstance(cell, int) and not isinstance(cell, bool) else str(cell)


@contextmanager
def uploading(name: str, size: int) -> Iterator[Callable[[int], None]]:
    """A bar that grows by the bytes it is told of."""
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, TimeElapsedColumn(), **_LIVE) as bar:
        task = bar.add_task(name, total=size)
        yield lambda sent: bar.advance(task, sent)


@contextmanager
def working(what: str) -> Iterator[Callable[[str], None]]:
    """A spinner beside `what` and whatever was told last, with the seconds that it takes."""
    columns = (TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    with Progress(*columns, **_LIVE) as spinner:
        task = spinner.add_task(what, total=None)
        yield lambda told: spinner.update(task, description=f"{what}: {told[:100]}")


@contextmanager
def counting(what: str, total: int) -> Iterator[Callable[[str], None]]:
    """A bar that grows by one with each line that is told."""
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, **_LIVE) as bar:
        task = bar.add_task(what, total=total)

        def one_more(line: str) -> None:
            progress_console.print(Text(line))
            bar.advance(task)

        yield one_more


@contextmanager
def states_of(run: str) -> Iterator[Callable[[str], None]]:
    """Print each state of a run as the run comes to it, with the seconds since the start."""
    began = time.monotonic()
    with working(run) as now:

        def entered(state: str) -> None:
            progress_console.print(Text(f"{time.monotonic() - began:7.1f} s  {state}"))
            now(state)

        yield entered


def complain(message: str) -> None:
    """Print an error on stderr, plainly."""
    print(f"criba: {message}", file=sys.stderr)
