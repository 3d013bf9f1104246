"""`criba audit`: who trained, approved, deployed and scored, with which data and code."""

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from criba import audit as records
from criba.commands.options import Json, Where, acting_as, aws
from criba.console import show, table, who
from criba.errors import BadInput

PEOPLE = ("by", "started_by", "approved_by")


def audit(
    context: typer.Context,
    model: Annotated[int | None, typer.Option("--model", min=1, help="Version of a model.")] = None,
    run: Annotated[str | None, typer.Option("--run", help="Name of a run.")] = None,
    as_json: Json = False,
) -> None:
    """Tell who did what to a model version or in a run, with which data and code, and what CloudTrail has of it."""
    where: Where = context.obj
    acting_as(where, ("admin",), "audit")
    if (model is None) == (run is None):
        raise BadInput("say what to audit: --model VERSION or --run RUN, one of them")
    here = aws(context)
    found = records.of_model(here, model) if model is not None else records.of_run(here, str(run))
    show(found, table(("what", "", "on record"), _rows(found)), as_json=as_json)


def _rows(found: dict[str, Any]) -> Iterator[tuple[str, str, object]]:
    """A row for each figure; the parts of one thing below its name."""
    for name, value in found.items():
        things = value if isinstance(value, list) else [value]
        for thing in things or [None]:
            if not isinstance(thing, dict):
                yield name.replace("_", " "), "", thing
                continue
            for part, of_part in thing.items():
                yield (
                    name.replace("_", " "),
                    part.replace("_", " "),
                    who(of_part) if part in PEOPLE else _plain(of_part),
                )


def _plain(value: object) -> object:
    return ", ".join(f"{key} {one}" for key, one in value.items()) if isinstance(value, dict) else value
