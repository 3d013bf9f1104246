"""`criba local`: the platform on this laptop, started, deployed to, asked and ended."""

from dataclasses import asdict
from typing import Annotated

import typer

from criba import deploying, monitoring_schedules
from criba.commands.options import Json, Where, aws
from criba.console import sentence, show, table, working
from criba.errors import CribaError
from criba.local import process, settings

app = typer.Typer(no_args_is_help=True, help="The platform on this laptop: no AWS account, no Docker.")


@app.command()
def up(
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="Where it listens.")] = settings.PORT,
    as_json: Json = False,
) -> None:
    """Start a fresh platform on 127.0.0.1.

    What it holds lasts until `down`.
    """
    with working("Starting the local platform"):
        running = process.up(port)
    words = f"{running.endpoint} is up (process {running.pid}). Next: criba local deploy"
    show(asdict(running), sentence(words), as_json=as_json)


@app.command()
def deploy(context: typer.Context, as_json: Json = False) -> None:
    """Deploy the stacks with the CDK CLI as it comes.

    Names what is only recorded: resource types, and properties of others.
    """
    where: Where = context.obj
    running = process.status()
    if running is None:
        raise CribaError("no local platform is running. Start one with: criba local up")
    with working("Deploying") as told:
        recorded = deploying.deploy(running, told, where.person)
    words = f"Deployed to {running.endpoint}. Only recorded, not emulated: {recorded}"
    document = {
        "endpoint": running.endpoint,
        "not_emulated": recorded.types,
        "not_emulated_properties": recorded.properties,
    }
    show(document, sentence(words), as_json=as_json)


@app.command()
def status(as_json: Json = False) -> None:
    """Say whether the platform runs, and where."""
    running = process.status()
    words = f"{running.endpoint} is up (process {running.pid})" if running else "no local platform is running"
    show({"running": running is not None, **(asdict(running) if running else {})}, sentence(words), as_json=as_json)


@app.command("fire-schedules")
def fire_schedules(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(help="One schedule; all by default.")] = None,
    as_json: Json = False,
) -> None:
    """Run Model Monitor's schedules now, as AWS does every hour, and wait for their executions."""
    here = aws(context)
    with working("Firing the monitoring schedules"):
        fired = monitoring_schedules.fire(here, name)
    columns = ("schedule", "type", "status", "reason")
    show(fired, table(columns, ([one[column] for column in columns] for one in fired)), as_json=as_json)


@app.command()
def down(as_json: Json = False) -> None:
    """End the platform and every job that it started."""
    with working("Ending the local platform"):
        ended = process.down()
    show({"ended": ended}, sentence("ended" if ended else "no local platform was running"), as_json=as_json)
