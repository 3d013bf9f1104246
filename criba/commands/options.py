"""What several commands ask for in the same words."""

from dataclasses import dataclass
from typing import Annotated

import typer

from criba.aws import LAPTOP, Aws, connect
from criba.errors import BadInput, CribaError

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document to stdout and nothing else there.")]
Watch = Annotated[bool, typer.Option("--watch", help="Follow the run to its end; exit code 1 if it fails.")]
RunId = Annotated[str | None, typer.Option("--run-id", help="Name of the run; a new one by default.")]
Again = Annotated[bool, typer.Option("--again", help="Do it once more although the run succeeded.")]
Reason = Annotated[str | None, typer.Option("--reason", help="Why; asked for when left out.")]
OfWorkflow = Annotated[str | None, typer.Option("--workflow", help="train, promote, score, measure or backfill.")]


@dataclass(frozen=True)
class Where:
    """The global options: which environment, and on the laptop as whom."""

    environment: str
    person: str | None


def aws(context: typer.Context) -> Aws:
    """The environment that the global options name."""
    where: Where = context.obj
    return connect(where.environment, where.person)


def acting_as(where: Where, personas: tuple[str, ...], act: str) -> None:
    """Refuse anybody else on the laptop; on AWS it is the policies that say who may."""
    if where.environment == LAPTOP and where.person not in personas:
        raise CribaError(f"{where.person or 'nobody'} may not {act}: say --as {' or --as '.join(personas)}")


def ask_reason(reason: str | None) -> str:
    """The reason given, or asked for on stderr. Raises BadInput when nobody answers."""
    if reason is not None:
        return reason
    try:
        return str(typer.prompt("Why?", err=True))
    except typer.Abort:
        raise BadInput("the reason is missing: say why with --reason") from None
