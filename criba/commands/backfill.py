"""`criba backfill`: score a range of days, each in a run of its own; asked for again, only what is missing."""

from dataclasses import asdict
from typing import Annotated, Any

import typer

from criba import backfills, reports
from criba.commands.options import Json, acting_as, aws
from criba.console import counting, sentence, show

PERSONAS = ("data-engineer", "ml-engineer", "admin")


def backfill(
    context: typer.Context,
    date_from: Annotated[str, typer.Option("--from", help="First day, YYYY-MM-DD.")],
    date_to: Annotated[str, typer.Option("--to", help="Last day, YYYY-MM-DD.")],
    source: Annotated[str | None, typer.Option("--source", help="This source alone; all by default.")] = None,
    concurrency: Annotated[
        int, typer.Option("--concurrency", min=1, max=backfills.MOST_AT_ONCE, help="Days that are scored at once.")
    ] = 2,
    again: Annotated[
        bool, typer.Option("--again", help="Score finished days once more, with the champion of now.")
    ] = False,
    watch: Annotated[
        bool, typer.Option("--watch/--no-watch", help="Follow it to its end; exit code 1 if a day fails.")
    ] = True,
    as_json: Json = False,
) -> None:
    """Score the days of a range in order; a day that fails does not stop the others."""
    wanted = backfills.backfill(source, date_from, date_to, concurrency)
    acting_as(context.obj, PERSONAS, "start a backfill")
    here = aws(context)
    started = backfills.start(here, wanted, again=again)
    if started is None:
        done = {"action": "nothing is missing", "workflow": "backfill", "run_id": wanted.run_id}
        show(done, sentence(f"{wanted.run_id}: all {wanted.days} days are scored. Once more: --again"), as_json=as_json)
        return
    if not watch:
        hint = f"{wanted.run_id}, attempt {started.attempt}: {started.action}\nFollow it by the same command again"
        show(asdict(started), sentence(hint), as_json=as_json)
        return
    with counting(f"{wanted.run_id}, attempt {started.attempt}", wanted.days) as one_more:

        def day_ended(day: dict[str, Any]) -> None:
            one_more(f"{day['day']}  {day['status']}  {day['run_id']}")

        ended = backfills.follow(here, wanted.run_id, day_ended)
    report = reports.report(here, "backfill", wanted.run_id)
    show(report, reports.readable(report), as_json=as_json)
    if ended.status != "SUCCEEDED":
        raise typer.Exit(1)
