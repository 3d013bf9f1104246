"""What commands that start a run say once it was started, and following it to its end."""

from dataclasses import asdict

import typer

from criba import executions, reports, runs
from criba.aws import Aws
from criba.console import sentence, show, states_of
from criba.runs import Started


def tell(aws: Aws, started: Started, *, watch: bool, as_json: bool) -> None:
    """Say what was started; with `watch`, follow it and leave with exit code 1 if it fails."""
    words = f"{started.workflow} run {started.run_id}, attempt {started.attempt}: {started.action}"
    if watch:
        if not as_json:
            show(None, sentence(words), as_json=False)
        watch_run(aws, started.run_id, started.workflow, as_json=as_json)
    else:
        hint = f"\nFollow it with: criba runs watch {started.run_id}"
        show(asdict(started), sentence(words + hint), as_json=as_json)


def watch_run(aws: Aws, run_id: str, workflow: str | None, *, as_json: bool) -> None:
    """Follow a run's latest attempt to its end and show what came of it; exit code 1 if it failed."""
    attempt = runs.find(aws, run_id, workflow)
    with states_of(f"{attempt.workflow} {run_id}") as entered:
        ended = executions.follow(aws, attempt, entered)
    report = reports.report(aws, ended.workflow, run_id)
    show(report, reports.readable(report), as_json=as_json)
    if ended.status != "SUCCEEDED":
        raise typer.Exit(1)
