"""MiniStack's modules, without types: every access to what hooks.py lists goes through here."""

import asyncio
import importlib
from typing import Any

from criba.local.errors import LocalPlatformError


def module(name: str) -> Any:
    """A module of MiniStack by its path below `ministack`, such as `core.router`."""
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
