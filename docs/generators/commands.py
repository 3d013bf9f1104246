"""The page of all `criba` commands, made from their own help."""

from collections.abc import Iterator
from typing import Any

import typer
from typer.main import get_command

from criba.cli import app

WIDTH = 100


def commands() -> str:
    """A heading and the help for each command, in the order in which `criba --help` lists them."""
    return "\n\n".join(f"{'#' * (len(name) + 1)} {' '.join(name)}\n\n```text\n{text}\n```" for name, text in _pages())


def _pages() -> Iterator[tuple[tuple[str, ...], str]]:
    root: Any = get_command(app)
    yield from _below(("criba",), root, None)


def _below(name: tuple[str, ...], command: Any, parent: typer.Context | None) -> Iterator[tuple[tuple[str, ...], str]]:
    context = typer.Context(
        command, info_name=name[-1], parent=parent, terminal_width=WIDTH, **command.context_settings
    )
    yield name, "\n".join(line.rstrip() for line in command.get_help(context).splitlines())
    for child, found in getattr(command, "commands", {}).items():
        yield from _below((*name, child), found, context)
