"""`criba messages`: land raw messages, and say that a date is complete."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from criba import landing
from criba.commands.options import Json, aws
from criba.console import sentence, show, uploading
from criba.runs import check_date, check_source

app = typer.Typer(no_args_is_help=True, help="Land messages, and say when a date is complete.")

Day = Annotated[str | None, typer.Option("--date", help="YYYY-MM-DD; today (UTC) by default.")]


@app.command()
def land(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="JSON Lines, CSV or Parquet, plain or .gz.", show_default=False)],
    source: Annotated[str, typer.Option("--source", help="Where the messages come from, such as web-form.")],
    date: Day = None,
    ready: Annotated[bool, typer.Option("--ready/--no-ready", help="The source's date is complete: score it.")] = False,
    as_json: Json = False,
) -> None:
    """Upload a file of messages as it is, for a source and a date."""
    landing.check_file(file)
    check_source(source)
    day = check_date(date or f"{datetime.now(UTC):%Y-%m-%d}")
    here = aws(context)
    with uploading(file.name, file.stat().st_size) as progress:
        landed = landing.land_messages(here, file, source, day, progress)
    marker = landing.write_marker(here, day, source) if ready else None
    said = "was there already" if landed.already else f"landed, {landed.bytes:,} bytes"
    after = f"\n{day} of {source} is complete: a score run starts" if ready else ""
    show(
        {**vars(landed), "marker": marker},
        sentence(f"s3://{landed.bucket}/{landed.key} {said}{after}"),
        as_json=as_json,
    )


@app.command()
def ready(
    context: typer.Context,
    date: Annotated[str, typer.Option("--date", help="The date that is complete, YYYY-MM-DD.")],
    source: Annotated[str | None, typer.Option("--source", help="This source alone; all by default.")] = None,
    as_json: Json = False,
) -> None:
    """Say that a date is complete, for one source or for all: a score run starts."""
    check_date(date)
    if source is not None:
        check_source(source)
    here = aws(context)
    marker = landing.write_marker(here, date, source)
    bucket = here.deployment.raw_bucket
    who = source or "every source"
    show(
        {"bucket": bucket, "marker": marker},
        sentence(f"{date} of {who} is complete: a score run starts"),
        as_json=as_json,
    )
