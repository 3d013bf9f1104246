"""A raw record's own fields, read under their aliases and made comparable, for the rules to judge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from glue_jobs.text import normalised

ALIASES = {
    "text": ("text", "message", "body"),
    "message_id": ("message_id", "id"),
    "received_at": ("received_at", "timestamp", "created_at"),
    "language": ("language", "lang"),
    "label": ("label",),
    "split": ("split",),
    "source": ("source",),
}
COLUMNS = frozenset(name for names in ALIASES.values() for name in names)
DEFAULT_LABEL_SOURCE = "labels"


@dataclass(frozen=True)
class Origin:
    """What a record inherits from its object: its source and date (empty for labels) and when it landed."""

    source: str
    date: str
    landed_at: datetime
    is_label: bool
    max_text_bytes: int
    is_known_source: bool = True


class Draft:
    """A record read but not yet judged; what is of a wrong type or cannot be parsed is None here."""

    def __init__(self, fields: Mapping[str, Any], origin: Origin) -> None:
        given = {name: _first(fields, names) for name, names in ALIASES.items()}
        if not origin.is_label:
            given.update(label=None, split=None, source=origin.source)
        numbered = isinstance(given["message_id"], int) and not isinstance(given["message_id"], bool)
        if numbered:
            given["message_id"] = str(given["message_id"])
        texts = {name: value if isinstance(value, str) else None for name, value in given.items()}
        self.is_typed = all(
            value is None or texts[name] is not None for name, value in given.items() if name != "received_at"
        )
        self.is_unicode = all(value is None or value.isascii() or _is_unicode(value) for value in texts.values())
        self.text = texts["text"]
        self.clean = normalised(self.text) if self.text else ""
        self.text_bytes = len(self.clean.encode(errors="replace"))
        self.message_id = texts["message_id"] or None
        self.language = texts["language"]
        self.label = _stripped(texts["label"])
        self.split = _stripped(texts["split"])
        self.source = texts["source"] or DEFAULT_LABEL_SOURCE
        self.received_at = _instant(given["received_at"], origin)
        self.landed_at = origin.landed_at
        self.is_label = origin.is_label
        self.is_reference = origin.is_label and self.message_id is not None and texts["source"] is not None
        self.max_text_bytes = origin.max_text_bytes
        self.is_known_source = origin.is_known_source


def _first(fields: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    for name in names:
        if (value := fields.get(name)) is not None:
            return value
    return None


def _instant(given: Any, origin: Origin) -> datetime | None:
    """The instant in UTC; without one the midnight of the object's date, or of the day on which it landed."""
    if given is None:
        given = origin.date or origin.landed_at.date()
    try:
        if isinstance(given, str):
            given = datetime.fromisoformat(given.strip())
        elif isinstance(given, date) and not isinstance(given, datetime):
            given = datetime.combine(given, time())
        if not isinstance(given, datetime):
            return None
        return given.replace(tzinfo=UTC) if given.tzinfo is None else given.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _stripped(text: str | None) -> str | None:
    return text.strip() or None if text else None


def _is_unicode(text: str) -> bool:
    """Whether it can be written as UTF-8: half a surrogate pair cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
