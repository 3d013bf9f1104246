"""`criba labels`: land labelled examples, which the next train run learns from."""

from pathlib import Path
from typing import Annotated

import typer

from criba import landing
from criba.commands.options import Json
from criba.commands.uploads import land_file

app = typer.Typer(no_args_is_help=True, help="Land labelled examples to learn from.")


@app.callback()
def labels() -> None:
    """Land labelled examples to learn from."""


@app.command()
def land(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="JSON Lines, CSV or Parquet, plain or .gz, with a label each.")],
    as_json: Json = False,
) -> None:
    """Upload a file of labelled examples as it is."""
    land_file(context, file, landing.land_labels, as_json=as_json)
