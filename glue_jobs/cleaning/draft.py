"""A raw record's own fields, read under their aliases and made comparable, for the rules to judge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from glue_jobs.cleaning.text import normalised

ALIASES = {
    "text": ("text", "message", "body"),
    "message_id": ("message_id", "id"),
    "received_at": ("received_at", "timestamp", "created_at", "labelled_at"),
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
        self.is_typed = self.is_unicode = True
        given_id = _first(fields, ALIASES["message_id"])
        is_number = isinstance(given_id, int) and not isinstance(given_id, bool)
        self.message_id = self._text(str(given_id) if is_number else given_id) or None
        self.text = self._text(_first(fields, ALIASES["text"]))
        self.language = self._text(_first(fields, ALIASES["language"]))
        self.label, self.split, source = None, None, None
        if origin.is_label:
            self.label = _stripped(self._text(fields.get("label")))
            self.split = _stripped(self._text(fields.get("split")))
            source = self._text(fields.get("source"))
        self.source = origin.source or source or DEFAULT_LABEL_SOURCE
        self.is_label = origin.is_label
        self.is_reference = origin.is_label and self.message_id is not None and source is not None
        self.clean = normalised(self.text) if self.text else ""
        self.encoded = self.clean.encode(errors="replace")
        self.text_bytes = len(self.encoded)
        self.max_text_bytes = origin.max_text_bytes
        self.is_known_source = origin.is_known_source
        self.received_at = _instant(_first(fields, ALIASES["received_at"]), origin)
        self.landed_at = origin.landed_at

    def _text(self, given: Any) -> str | None:
        """A field that has to be text; notes when it is something else, or text that cannot be written as UTF-8."""
        if given is None:
            return None
        if not isinstance(given, str):
            self.is_typed = False
            return None
        if not (given.isascii() or _is_unicode(given)):
            self.is_unicode = False
        return given


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
        if given.tzinfo is UTC:
            return given
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
