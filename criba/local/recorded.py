"""What a deployment asked for and the platform does not do: whole resources, or single properties of real ones."""

import json
import logging
import threading
from typing import Any

from criba.local import settings

log = logging.getLogger("criba")

_entries: dict[tuple[str, str, str], dict[str, str]] = {}
_lock = threading.Lock()


def add(*, stack: str, logical_id: str, type_: str, what: str, reason: str) -> None:
    """Note that `what` ("resource", or a property's name) of a resource is kept on paper only, and print it."""
    with _lock:
        _entries[stack, logical_id, what] = {
            "stack": stack,
            "logical_id": logical_id,
            "type": type_,
            "what": what,
            "reason": reason,
        }
        _write()
    log.warning("not emulated: %s of %s %s (%s): %s", what, type_, logical_id, stack, reason)


def forget(*, stack: str, logical_id: str) -> None:
    """Drop what was noted of one resource, before it is updated or when it is deleted."""
    with _lock:
        for key in [key for key in _entries if key[:2] == (stack, logical_id)]:
            del _entries[key]
        _write()


def entries() -> list[dict[str, Any]]:
    """All notes, ordered by stack, resource and property: stack, logical_id, type, what, reason."""
    with _lock:
        return [_entries[key] for key in sorted(_entries)]


def _write() -> None:
    path = settings.root() / "recorded.json"
    path.write_text(json.dumps([_entries[key] for key in sorted(_entries)], indent=2) + "\n")
