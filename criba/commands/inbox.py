"""`criba inbox`: the mails and SMS that people would have got of the platform on this laptop."""

from typing import Annotated

import typer

from criba import inbox as inbox_of
from criba.commands.options import Json, Where
from criba.console import sentence, show, table, when
from criba.errors import BadInput


def inbox(
    context: typer.Context,
    number: Annotated[int | None, typer.Argument(min=1, help="Read this one whole; its number is in the list.")] = None,
    as_json: Json = False,
) -> None:
    """List the mails and SMS that the laptop's platform would have sent, or read one of them."""
    where: Where = context.obj
    messages = inbox_of.messages(where.environment)
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
