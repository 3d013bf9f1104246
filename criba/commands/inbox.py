"""`criba inbox`: the mails and SMS that people would have got of the platform on this laptop."""

from typing import Annotated

import typer

from criba import inbox as sent
from criba.aws import LAPTOP
from criba.commands.options import Json, Where
from criba.console import sentence, show, table, when
from criba.errors import BadInput, CribaError
from criba.local import process


def inbox(
    context: typer.Context,
    number: Annotated[int | None, typer.Argument(min=1, help="Read this one whole; its number is in the list.")] = None,
    as_json: Json = False,
) -> None:
    """List the mails and SMS that the laptop's platform would have sent, or read one of them."""
    where: Where = context.obj
    messages = _messages(where.environment)
    if number is None:
        columns = ("", "at", "by", "to", "subject")
        rows = [
            (n, when(one["at"]), one["protocol"], one["to"], one["subject"] or one["text"])
            for n, one in enumerate(messages, start=1)
        ]
        show(messages, table(columns, rows) if rows else sentence("nobody was told of anything"), as_json=as_json)
        return
    if number > len(messages):
        raise BadInput(f"there is no message {number}: say a number from 1 to {len(messages)}")
    one = messages[number - 1]
    head = f"To:      {one['to']}\nSubject: {one['subject']}\n\n" if one["subject"] else f"To:      {one['to']}\n\n"
    show(one, sentence(head + one["text"]), as_json=as_json)


def _messages(environment: str) -> list[dict[str, str]]:
    if environment != LAPTOP:
        raise BadInput(
            f"{environment} has no inbox: on AWS mails and SMS go to the people themselves. "
            f"Who they are, and what keeps messages from them: criba --env {environment} alerts check"
        )
    running = process.status()
    if running is None:
        raise CribaError("no local platform is running. Start one with: criba local up && criba local deploy")
    return sent.messages(running.endpoint)
