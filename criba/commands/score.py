"""`criba score`: start a scoring run."""

from dataclasses import asdict
from typing import Annotated

import typer

from criba import runs
from criba.commands.options import Again, Json, RunId, Watch, aws
from criba.commands.starting import tell

app = typer.Typer(no_args_is_help=True, help="Score new messages with the champion.")


@app.callback()
def score() -> None:
    """Score new messages with the champion."""


@app.command()
def start(
    context: typer.Context,
    source: Annotated[str | None, typer.Option("--source", help="This source alone; all by default.")] = None,
    date_from: Annotated[str | None, typer.Option("--from", help="First date, YYYY-MM-DD.")] = None,
    date_to: Annotated[str | None, typer.Option("--to", help="Last date, YYYY-MM-DD.")] = None,
    run_id: RunId = None,
    again: Again = False,
    watch: Watch = False,
    as_json: Json = False,
) -> None:
    """Start a scoring run of the messages that no run took yet, or bring the one of this name a step on."""
    scope = runs.scope(source, date_from, date_to)
    here = aws(context)
    wanted = {"scope": asdict(scope)} if scope else None
    tell(here, runs.start(here, "score", run_id=run_id, again=again, wanted=wanted), watch=watch, as_json=as_json)
