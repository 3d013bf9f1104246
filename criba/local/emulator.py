"""The private names of MiniStack that the platform stands on, in one table: an upgrade that moves one fails by name."""

import asyncio
import importlib
import inspect
from collections.abc import Iterable
from typing import Any, NamedTuple

from criba.local.errors import LocalPlatformError


class Hook(NamedTuple):
    """A private name: its module below `ministack`, and its parameters where it is a function (None: it is data)."""

    module: str
    name: str
    parameters: tuple[str, ...] | None = None

    def complaint(self) -> str | None:
        """What is wrong with this name in the installed version, or None."""
        try:
            found = getattr(importlib.import_module(f"ministack.{self.module}"), self.name)
        except (ImportError, AttributeError):
            return f"{self.module}.{self.name} is gone"
        if self.parameters is None:
            return None
        given = tuple(inspect.signature(found).parameters)
        if given == self.parameters:
            return None
        return f"{self.module}.{self.name} takes ({', '.join(given)}), not ({', '.join(self.parameters)})"


HANDLER = ("method", "path", "headers", "body", "query_params")

HOOKS = (
    Hook("app", "app", ("scope", "receive", "send")),
    Hook("app", "SERVICE_HANDLERS"),
    Hook("app", "_MAIN_LOOP"),
    Hook("app", "_get_module", ("name",)),
    Hook("core.router", "SERVICE_PATTERNS"),
    Hook("core.router", "extract_access_key_id", ("headers", "query_params")),
    Hook("core.iam_evaluator", "resolve_caller_identity", ("access_key_id",)),
    Hook("core.responses", "request_scope", ("account_id", "region")),
    Hook("services.eventbridge", "_put_events", ("data", "allow_aws_source")),
)


def check(hooks: Iterable[Hook] = HOOKS) -> None:
    """Raise LocalPlatformError, naming every private name that is gone or changed its parameters."""
    complaints = [complaint for hook in hooks if (complaint := hook.complaint())]
    if complaints:
        raise LocalPlatformError(
            f"this version of ministack does not fit criba: {'; '.join(complaints)}. "
            "Install the version that pyproject.toml pins."
        )


def module(name: str) -> Any:
    """A module of MiniStack by its path below `ministack`, such as `services.s3`."""
    return importlib.import_module(f"ministack.{name}")


def service(name: str) -> Any:
    """A service's module, the one that the gateway itself uses."""
    return module("app")._get_module(name)


def event_loop() -> asyncio.AbstractEventLoop:
    """The loop that answers requests; services keep their records on it."""
    loop: asyncio.AbstractEventLoop | None = module("app")._MAIN_LOOP
    if loop is None:
        raise LocalPlatformError("the platform is not serving yet: its event loop has not started")
    return loop
