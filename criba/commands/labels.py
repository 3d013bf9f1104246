"""`criba labels`: land labelled examples, which the next train run learns from."""

from pathlib import Path
from typing import Annotated

import typer

from criba import landing
from criba.commands.options import Json, aws
from criba.console import sentence, show, uploading

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
    landing.check_file(file)
    here = aws(context)
    with uploading(file.name, file.stat().st_size) as progress:
        landed = landing.land_labels(here, file, progress)
    said = "was there already" if landed.already else f"landed, {landed.bytes:,} bytes"
    show(vars(landed), sentence(f"s3://{landed.bucket}/{landed.key} {said}"), as_json=as_json)
