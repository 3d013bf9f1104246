"""`criba quarantine`: what was refused and why, one record of it, and bringing records back after a fix."""

from collections import Counter
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Group
from rich.text import Text

from criba import quarantine
from criba.aws import Aws
from criba.commands.options import Json, acting_as, aws
from criba.console import sentence, show, table
from criba.errors import BadInput
from criba.quarantine import Chosen, Ticket
from pipeline_code.contracts import raw_place

app = typer.Typer(no_args_is_help=True, help="See what was refused and why; bring it back after a fix.")

PERSONAS = ("data-engineer", "admin")
"""Who may look into the quarantine; on AWS their policies say so."""

Run = Annotated[str, typer.Argument(help="Name of the run that refused the records.")]
Reason = Annotated[str | None, typer.Option("--reason", help="Records refused for this reason only.")]
OfSource = Annotated[str | None, typer.Option("--source", help="Records of this source only.")]


@app.command("list")
def list_(
    context: typer.Context,
    run: Annotated[str | None, typer.Option("--run", help="This run's quarantine only.")] = None,
    reason: Reason = None,
    source: OfSource = None,
    as_json: Json = False,
) -> None:
    """Count refused records by run, reason and source: how many wait, and how many were redriven."""
    here = _aws(context)
    chosen = Chosen(reason, source)
    rows = [row for run_id in ([run] if run else quarantine.runs(here)) for row in _counted(here, run_id, chosen)]
    columns = ("run_id", "reason", "source", "waiting", "redriven")
    shown = table(columns, ([row[name] for name in columns] for row in rows))
    show(rows, shown if rows else sentence("nothing is in the quarantine"), as_json=as_json)


@app.command("show")
def show_(
    context: typer.Context,
    run: Run,
    record: Annotated[str | None, typer.Argument(help="Id of one record; without it they are listed.")] = None,
    reason: Reason = None,
    source: OfSource = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="How many are listed at most.")] = 20,
    with_bytes: Annotated[bool, typer.Option("--bytes", help="Print the bytes of the record too.")] = False,
    as_json: Json = False,
) -> None:
    """List a run's refused records, or tell all that is known of one; no text is shown without --bytes."""
    if with_bytes and record is None:
        raise BadInput("--bytes shows one record: say which, criba quarantine show RUN RECORD --bytes")
    here = _aws(context)
    left = quarantine.gone(here, run)
    if record is None:
        chosen = Chosen(reason, source)
        matching = (one for one in quarantine.refused(here, run) if chosen.holds(one))
        found = [{**one.described(), "redriven": one.identity in left} for one in islice(matching, limit)]
        columns = ("id", "reason", "source", "object", "position", "bytes", "redriven")
        show(found, table(columns, ([row[name] for name in columns] for row in found)), as_json=as_json)
        return
    one = quarantine.find(here, run, record)
    told: dict[str, Any] = {**one.described(), "redriven": one.identity in left}
    lines = table(("", ""), told.items())
    if with_bytes:
        told["record"] = one.record.decode(errors="backslashreplace")
    show(told, Group(lines, Text(f"\n{told['record']}")) if with_bytes else lines, as_json=as_json)


@app.command()
def redrive(
    context: typer.Context,
    run: Run,
    reason: Reason = None,
    source: OfSource = None,
    record: Annotated[str | None, typer.Option("--record", help="The record with this id only.")] = None,
    replacement: Annotated[
        Path | None, typer.Option("--replacement", help="With --record: land this file in the record's place.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Bring refused records back after a fix: they land again, once, for the next score run to take."""
    if replacement is not None and record is None:
        raise BadInput("--replacement stands for one record: say which with --record")
    here = _aws(context)
    if replacement is not None and record is not None:
        landed = [quarantine.replace(here, run, record, replacement)]
    else:
        landed = quarantine.redrive(here, run, Chosen(reason, source, record))
    nothing = f"no record of {run} that was chosen can be redriven, or all have been"
    show(
        [{**vars(ticket), "records": len(ticket.records)} for ticket in landed],
        sentence("\n".join(map(_told, landed)) or nothing),
        as_json=as_json,
    )


def _aws(context: typer.Context) -> Aws:
    """The environment, for those who may look into the quarantine."""
    acting_as(context.obj, PERSONAS, "see the quarantine")
    return aws(context)


def _counted(here: Aws, run_id: str, chosen: Chosen) -> list[dict[str, Any]]:
    left = quarantine.gone(here, run_id)
    waiting: Counter[tuple[str, str]] = Counter()
    redriven: Counter[tuple[str, str]] = Counter()
    for one in quarantine.refused(here, run_id):
        if chosen.holds(one):
            (redriven if one.identity in left else waiting)[one.reason, one.source] += 1
    return [
        {"run_id": run_id, "reason": reason, "source": source}
        | {"waiting": waiting[reason, source], "redriven": redriven[reason, source]}
        for reason, source in sorted({*waiting, *redriven})
    ]


def _told(ticket: Ticket) -> str:
    count = len(ticket.records)
    records = f"{count:,} {'record' if count == 1 else 'records'}"
    places = [place for one in ticket.lands if (place := raw_place(one["key"]))]
    days = sorted(day for _, day, _ in places)
    landed = "\n".join(one["key"] for one in ticket.lands)
    return (
        f"{records} of {ticket.run_id} landed again as redrive {ticket.number}:\n{landed}\n"
        f"Score with: criba score start --from {days[0]} --to {days[-1]}"
    )
