"""`criba demo`: the whole journey on this laptop."""

from pathlib import Path
from typing import Annotated

import typer

from criba.commands.options import Json, Where
from criba.console import show
from criba.errors import BadInput


def demo(
    context: typer.Context,
    data: Annotated[
        Path | None,
        typer.Option("--data", help="JSON Lines with text, label, split and lang; a bundled sample by default."),
    ] = None,
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave the platform running, to try commands on; criba local down ends it.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Run the whole journey on this laptop.

    Deploy, train, approve, score; then look at build/demo/.
    """
    # Imported here because it brings in pyarrow, which no other command needs.
    from criba.demo import journey, summary

    where: Where = context.obj
    if where.environment != "local":
        raise BadInput(f"--env {where.environment}: the demo runs on the laptop only, leave the option out")
    told = journey.demo(data, keep=keep)
    show(told, summary.readable(told, str(journey.FOLDER)), as_json=as_json)
