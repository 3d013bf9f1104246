"""`criba alerts`: which alarms are off now, and whether messages reach people at all."""

from typing import Annotated

import typer

from criba import alerts
from criba.commands.options import Json, Where, acting_as, aws
from criba.console import sentence, show, table

app = typer.Typer(no_args_is_help=True, help="See what is wrong now, and whether messages reach people.")


@app.command("list")
def list_(
    context: typer.Context,
    every: Annotated[bool, typer.Option("--all", help="The alarms that are in order too.")] = False,
    as_json: Json = False,
) -> None:
    """List the alarms that are off now, with cause, impact, first action and runbook."""
    here = aws(context)
    found = alerts.alarms(here, every=every)
    rows = alerts.by_name(found, here.environment)
    readable = table(("alarm", "state", "says"), rows) if rows else sentence("nothing is wrong")
    show(found, readable, as_json=as_json)


@app.command()
def check(context: typer.Context, as_json: Json = False) -> None:
    """Say what keeps mails and SMS from people, and what to do about it; exit code 1 if anything does."""
    where: Where = context.obj
    acting_as(where, ("admin",), "check how people are told")
    found = alerts.check(aws(context))
    rows = [(one["missing"], one["do"]) for one in found]
    show(found, table(("missing", "what to do"), rows) if rows else sentence("nothing is missing"), as_json=as_json)
    if found:
        raise typer.Exit(1)
