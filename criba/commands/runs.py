"""`criba runs`: what ran, what came of it, and bringing a failed run on."""

from typing import Annotated

import typer
from rich.console import Group

from criba import drift as drift_reports
from criba import executions, quality, reconciliation, reports, runs
from criba.commands.options import Json, OfWorkflow, Watch, aws
from criba.commands.starting import tell, watch_run
from criba.console import sentence, show, table, when, working
from pipeline_code.contracts import WORKFLOWS

app = typer.Typer(no_args_is_help=True, help="See what ran and what came of it; bring a failed run on.")

Run = Annotated[str, typer.Argument(help="Name of the run.")]


@app.command("list")
def list_(
    context: typer.Context,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="How many at most.")] = 20,
    as_json: Json = False,
) -> None:
    """List the latest attempts of all workflows, the newest first."""
    here = aws(context)
    rows = [row for workflow in WORKFLOWS for row in executions.recent(here, workflow, limit)]
    rows = sorted(rows, key=lambda row: row["started_at"], reverse=True)[:limit]
    columns = ("run_id", "attempt", "workflow", "status", "started", "seconds")
    cells = ([row.get(name, when(row["started_at"])) for name in columns] for row in rows)
    show(rows, table(columns, cells) if rows else sentence("nothing ran yet"), as_json=as_json)


@app.command("show")
def show_(context: typer.Context, run: Run, workflow: OfWorkflow = None, as_json: Json = False) -> None:
    """Show a run's outcome, the reason of a failure in words, and what each step counted."""
    here = aws(context)
    found = reports.report(here, reports.workflow_of(here, run, workflow), run)
    show(found, reports.readable(found), as_json=as_json)


@app.command("quality")
def quality_(context: typer.Context, run: Run, workflow: OfWorkflow = None, as_json: Json = False) -> None:
    """Show how good the records of a run were, by source and rule, and where the page with pictures lies."""
    here = aws(context)
    found = quality.report(here, reports.workflow_of(here, run, workflow), run)
    show(found, quality.readable(found), as_json=as_json)


@app.command()
def accept(
    context: typer.Context,
    run: Run,
    reason: Annotated[str, typer.Option("--reason", help="Why these records may be used as they are.")],
    workflow: OfWorkflow = None,
    watch: Watch = False,
    as_json: Json = False,
) -> None:
    """Go on with a run that the quality gate has stopped; the ledger names you and your reason."""
    here = aws(context)
    tell(here, runs.accept(here, run, reason, workflow), watch=watch, as_json=as_json)


@app.command()
def reconcile(context: typer.Context, as_json: Json = False) -> None:
    """Set what all score runs counted against what lies in the lake; exit code 1 if it does not add up."""
    here = aws(context)
    with working("reconciling all runs") as told:
        found = reconciliation.reconcile(here, told)
    figures = [(name, found[name]) for name in ("runs", "finished", "messages", "current")]
    wrong = [sentence(one) for one in found["discrepancies"]]
    show(found, Group(table(("", "count"), figures), *(wrong or [sentence("everything adds up")])), as_json=as_json)
    if wrong:
        raise typer.Exit(1)


@app.command()
def drift(context: typer.Context, run: Run, as_json: Json = False) -> None:
    """Show what a scored batch, or labels that came later, have in common with the model's test set no more."""
    found = drift_reports.drift(aws(context), run)
    show(found, drift_reports.readable(found), as_json=as_json)


@app.command()
def watch(context: typer.Context, run: Run, workflow: OfWorkflow = None, as_json: Json = False) -> None:
    """Follow a run to its end; exit code 1 if it fails."""
    watch_run(aws(context), run, workflow, as_json=as_json)


@app.command()
def redrive(
    context: typer.Context, run: Run, workflow: OfWorkflow = None, watch: Watch = False, as_json: Json = False
) -> None:
    """Bring a failed run on: from where it failed if that is possible, else in a new attempt."""
    here = aws(context)
    tell(here, runs.redrive(here, run, workflow), watch=watch, as_json=as_json)
