"""What several commands ask for in the same words."""

from dataclasses import dataclass
from typing import Annotated

import typer

from criba.aws import Aws, connect
from criba.errors import BadInput

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document to stdout and nothing else there.")]
Watch = Annotated[bool, typer.Option("--watch", help="Follow the run to its end; exit code 1 if it fails.")]
RunId = Annotated[str | None, typer.Option("--run-id", help="Name of the run; a new one by default.")]
Again = Annotated[bool, typer.Option("--again", help="Do it once more although the run succeeded.")]
Reason = Annotated[str | None, typer.Option("--reason", help="Why; asked for when left out.")]
OfWorkflow = Annotated[str | None, typer.Option("--workflow", help="train, promote or score.")]


@dataclass(frozen=True)
class Where:
    """The global options: which environment, and on the laptop as whom."""

    environment: str
    person: str | None


def aws(context: typer.Context) -> Aws:
    """The environment that the global options name."""
    where: Where = context.obj
    return connect(where.environment, where.person)


def ask_reason(reason: str | None) -> str:
    """The reason given, or asked for on stderr. Raises BadInput when nobody answers."""
    if reason is not None:
        return reason
    try:
        return str(typer.prompt("Why?", err=True))
    except typer.Abort:
        raise BadInput("the reason is missing: say why with --reason") from None
