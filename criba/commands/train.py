"""`criba train`: start a training run."""

import typer

from criba import runs
from criba.commands.options import Again, Json, RunId, Watch, aws
from criba.commands.starting import tell

app = typer.Typer(no_args_is_help=True, help="Train a challenger on all labelled examples.")


@app.callback()
def train() -> None:
    """Train a challenger on all labelled examples."""


@app.command()
def start(
    context: typer.Context, run_id: RunId = None, again: Again = False, watch: Watch = False, as_json: Json = False
) -> None:
    """Start a training run, or bring the one of this name a step on."""
    here = aws(context)
    tell(here, runs.start(here, "train", run_id=run_id, again=again), watch=watch, as_json=as_json)
