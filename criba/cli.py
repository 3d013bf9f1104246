"""`criba`, the operator's command line: the same against the laptop and against AWS."""

import sys
from collections.abc import Sequence
from typing import Annotated

import typer
from botocore.exceptions import BotoCoreError, ClientError
from typer.exceptions import TyperException

from criba.commands import (
    alerts,
    audit,
    backfill,
    demo,
    erase,
    inbox,
    labels,
    local,
    measure,
    messages,
    models,
    quarantine,
    runs,
    score,
    train,
)
from criba.commands.options import Where
from criba.console import complain
from criba.errors import CribaError
from criba.local.errors import LocalPlatformError
from stacks.config import SettingsError

_INTERRUPTED = 130

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for group in (local, messages, labels, train, score, measure, models, runs, quarantine, erase, alerts):
    app.add_typer(group.app, name=group.__name__.rpartition(".")[2])
app.command("demo")(demo.demo)
app.command("backfill")(backfill.backfill)
app.command("inbox")(inbox.inbox)
app.command("audit")(audit.audit)


@app.callback()
def criba(
    context: typer.Context,
    environment: Annotated[
        str, typer.Option("--env", envvar="CRIBA_ENV", help="Environment, one of environments/*.toml.")
    ] = "local",
    person: Annotated[str | None, typer.Option("--as", help="On the laptop: who you are, such as ml-engineer.")] = None,
) -> None:
    """Criba: messages in, an approved model, predictions out."""
    context.obj = Where(environment, person)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and leave with its exit code: 0 done, 1 failed, 2 bad input. Errors are told in one line."""
    sys.exit(_run(arguments))


def _run(arguments: Sequence[str] | None) -> int:
    try:
        code: int = app(args=arguments, prog_name="criba", standalone_mode=False) or 0
    except CribaError as error:
        return _failed(str(error), error.exit_code)
    except LocalPlatformError as error:
        return _failed(str(error), 1)
    except SettingsError as error:
        return _failed(str(error), 2)
    except TyperException as error:
        return _misused(error.format_message(), error.exit_code)
    except ClientError as error:
        told = error.response["Error"]
        return _failed(f"AWS refused {error.operation_name}: {told.get('Message') or told.get('Code')}", 1)
    except BotoCoreError as error:
        return _failed(f"AWS cannot be reached or asked: {error}", 1)
    except typer.Abort:
        code = _INTERRUPTED
    return _failed("interrupted", code) if code == _INTERRUPTED else code


def _misused(message: str, exit_code: int) -> int:
    """A command that does not exist or lacks something; a group without a command shows its help."""
    if message.startswith("Usage:"):
        print(message, file=sys.stderr)
        return exit_code
    return _failed(message, exit_code)


def _failed(message: str, exit_code: int) -> int:
    complain(message)
    return exit_code
