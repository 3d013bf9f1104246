"""What a deployment asked for and the platform does not do: whole resources, or single properties of real ones."""

import json
import logging
import threading
from typing import NamedTuple

from criba.local import settings

log = logging.getLogger("criba")

RESOURCE = "resource"
"""Stands for the whole resource where a property's name would stand."""


class Owner(NamedTuple):
    """A resource of a stack, as its template and the platform name it."""

    stack: str
    logical_id: str
    type: str
    physical_id: str


_entries: dict[tuple[str, str, str], dict[str, str]] = {}
_lock = threading.Lock()


def add(owner: Owner, what: str, reason: str) -> None:
    """Note that `what` (RESOURCE, or a property's name) is kept on paper only, and print it."""
    with _lock:
        _entries[owner.type, owner.physical_id, what] = {**owner._asdict(), "what": what, "reason": reason}
        _write()
    log.warning("not emulated: %s of %s %s in %s: %s", what, owner.type, owner.logical_id, owner.stack, reason)


def forget(type_: str, physical_id: str) -> None:
    """Drop what was noted of one resource, before it is noted again or when it is deleted."""
    with _lock:
        gone = [key for key in _entries if key[:2] == (type_, physical_id)]
        for key in gone:
            del _entries[key]
        if gone:
            _write()


def entries() -> list[dict[str, str]]:
    """All notes, ordered by type, resource and property: stack, logical_id, type, physical_id, what, reason."""
    with _lock:
        return _sorted()


def _sorted() -> list[dict[str, str]]:
    return [_entries[key] for key in sorted(_entries)]


def _write() -> None:
    (settings.root() / "recorded.json").write_text(json.dumps(_sorted(), indent=2) + "\n")
