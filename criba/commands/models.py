"""`criba models`: the model registry, and the decisions that only an ML Engineer may take."""

from typing import Annotated

import typer

from criba import registry
from criba.commands.options import Json, Reason, Watch, ask_reason, aws
from criba.commands.starting import tell
from criba.console import sentence, show, table, when, who
from criba.figures import compared

app = typer.Typer(no_args_is_help=True, help="Compare, approve, reject and roll back models.")

Version = Annotated[int, typer.Argument(help="Number of the version, as in `models list`.")]


@app.command("list")
def list_(context: typer.Context, as_json: Json = False) -> None:
    """List the versions, the newest first."""
    here = aws(context)
    now = registry.champion(here)
    rows = [
        {**one.summary(), "champion": bool(now and now["package_arn"] == one.arn)} for one in registry.packages(here)
    ]
    columns = ("version", "approval", "champion", "decided by", "reason", "created")
    cells = (
        (
            row["version"],
            row["approval"],
            "yes" if row["champion"] else "",
            who(row["decided_by"]),
            row["reason"],
            when(row["created_at"]),
        )
        for row in rows
    )
    show(rows, table(columns, cells) if rows else sentence("there is no version yet"), as_json=as_json)


@app.command("show")
def show_(context: typer.Context, version: Version, as_json: Json = False) -> None:
    """Show a version's figures beside those of the champion that it challenged."""
    here = aws(context)
    one = registry.package(here, version)
    evaluation = registry.evaluation(here, one)
    show({**one.summary(), "evaluation": evaluation}, compared(one, evaluation), as_json=as_json)


@app.command()
def approve(context: typer.Context, version: Version, reason: Reason = None, as_json: Json = False) -> None:
    """Approve a version: it becomes the champion, unless you started its training yourself."""
    _decide(context, version, registry.APPROVED, reason, as_json)


@app.command()
def reject(context: typer.Context, version: Version, reason: Reason = None, as_json: Json = False) -> None:
    """Reject a version."""
    _decide(context, version, registry.REJECTED, reason, as_json)


@app.command()
def rollback(
    context: typer.Context, version: Version, reason: Reason = None, watch: Watch = False, as_json: Json = False
) -> None:
    """Put an earlier approved version back into production."""
    why = registry.check_reason(ask_reason(reason))
    here = aws(context)
    tell(here, registry.roll_back(here, version, why), watch=watch, as_json=as_json)


def _decide(context: typer.Context, version: int, approval: str, reason: str | None, as_json: bool) -> None:
    why = registry.check_reason(ask_reason(reason))
    one = registry.decide(aws(context), version, approval, why)
    show(one.summary(), sentence(f"version {version} is {one.approval}: {one.reason}"), as_json=as_json)
