"""`criba erase`: a person's messages out of everything: one asks, another approves and runs, a certificate remains."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from criba import erasures
from criba.commands.options import Json, Where, acting_as, aws
from criba.console import sentence, show, table, when, who, working
from criba.errors import BadInput
from stacks.config import load

app = typer.Typer(no_args_is_help=True)

ASKING, APPROVING = ("data-engineer", "admin"), ("admin",)
"""Who may ask, and who may approve; on AWS their policies say so."""

Request = Annotated[str, typer.Argument(help="Name of the request, as `criba erase` printed it.")]


@app.callback(invoke_without_command=True)
def ask(
    context: typer.Context,
    message_id: Annotated[
        list[str] | None, typer.Option("--message-id", help="SOURCE:ID of a message; may be given several times.")
    ] = None,
    key_file: Annotated[Path | None, typer.Option("--key-file", help="A file of SOURCE:ID, one a line.")] = None,
    as_json: Json = False,
) -> None:
    """Ask for the erasure of a person's messages; nothing is erased before another person, an Admin, runs it."""
    if context.invoked_subcommand is not None:
        if message_id or key_file:
            raise BadInput(f"erase {context.invoked_subcommand} takes a request's name: leave its messages out")
        return
    where: Where = context.obj
    ids = erasures.ids_of(message_id or [], key_file, load(where.environment).sources)
    acting_as(where, ASKING, "ask for an erasure")
    asked = erasures.ask(aws(context), ids)
    words = (
        f"request {asked.request}: {asked.messages:,} {'message' if asked.messages == 1 else 'messages'}\n"
        f"Another person, an Admin, approves and runs it with: criba erase run {asked.request}"
    )
    show(vars(asked), sentence(words), as_json=as_json)


@app.command()
def run(context: typer.Context, request: Request, as_json: Json = False) -> None:
    """Approve a request and carry it out; an Admin other than who asked."""
    acting_as(context.obj, APPROVING, "approve and run an erasure")
    here = aws(context)
    with working(f"erasing {request}") as told:
        certificate = erasures.run(here, request, told)
    show(certificate, _told(certificate), as_json=as_json)


@app.command("show")
def show_(context: typer.Context, request: Request, as_json: Json = False) -> None:
    """Show what a request has come to: its certificates, or that it waits."""
    here = aws(context)
    found = erasures.find(here, request)
    told = erasures.certificates(here, request)
    waits = erasures.waits(here, request)
    document = {"request": request, "waits": waits, "certificates": told}
    waiting = [sentence(f"{request} waits since {when(found['asked_at'])}, asked by {who(found['asked_by'])}")]
    parts: list[RenderableType] = [_told(one) for one in told]
    show(document, Group(*parts, *(waiting if waits else [])), as_json=as_json)


def _told(certificate: dict[str, Any]) -> RenderableType:
    """A certificate in words: which places lost how much, and what stays."""
    found = sum(one["found"] for one in certificate["messages"])
    asked = len(certificate["messages"])
    rows = [(place, *(sums[name] for name in _SUMS)) for place, sums in certificate["places"].items()]
    parts: list[RenderableType] = [Text(line) for line in _people(certificate)]
    parts.append(Text(f"{found:,} of {asked:,} messages were found" + ("" if rows else ": nothing is left of them")))
    if rows:
        parts += [Text(), table(("place", *(name.replace("_", " ") for name in _SUMS)), rows)]
    if certificate["unreadable"]:
        parts += [Text("\nNobody can read these: look at them yourself"), _objects(certificate["unreadable"])]
    return Group(*parts, Text("\nNot covered:"), *(Text(f"- {one}") for one in certificate["not_covered"]))


_SUMS = ("objects", "records", "versions_deleted")


def _people(certificate: dict[str, Any]) -> Iterator[str]:
    yield f"certificate {certificate['number']} of {certificate['request']}, {when(certificate['finished_at'])}"
    yield (
        f"asked by {who(certificate['asked_by'])} {when(certificate['asked_at'])}, "
        f"approved by {who(certificate['approved_by'])} {when(certificate['approved_at'])}"
    )


def _objects(objects: Iterable[dict[str, str]]) -> RenderableType:
    return table(("object", "version"), ((f"s3://{one['bucket']}/{one['key']}", one["version_id"]) for one in objects))
