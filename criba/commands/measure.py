"""`criba measure`: land what people said afterwards, and hold the predictions against it."""

from pathlib import Path
from typing import Annotated

import typer

from criba import landing, runs
from criba.commands.options import Again, Json, RunId, Watch, aws
from criba.commands.starting import tell
from criba.commands.uploads import land_file

app = typer.Typer(no_args_is_help=True, help="Hold predictions against labels that come later.")


@app.command()
def land(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="JSON Lines, CSV or Parquet, plain or .gz: source, message_id, label.")],
    as_json: Json = False,
) -> None:
    """Upload a file of labels for messages that were scored, as it is."""
    land_file(context, file, landing.land_ground_truth, as_json=as_json)


@app.command()
def start(
    context: typer.Context, run_id: RunId = None, again: Again = False, watch: Watch = False, as_json: Json = False
) -> None:
    """Start a measuring run, or bring the one of this name a step on."""
    here = aws(context)
    tell(here, runs.start(here, "measure", run_id=run_id, again=again), watch=watch, as_json=as_json)
