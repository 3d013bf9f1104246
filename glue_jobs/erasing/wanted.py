"""The messages to erase: known by their ids, and once found by their texts too, in whatever form a file has them."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from glue_jobs.cleaning.draft import DEFAULT_LABEL_SOURCE
from glue_jobs.cleaning.text import normalised

LEAST_BYTES = 12
"""Shortest text that is looked for inside other bytes: a shorter one, such as "hola", is in other people's too."""
MOST_NEEDLES = 64
"""More than so many are not searched for one by one: every record is read instead."""
GENERATED = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class Wanted:
    """Ids, `<source>:<message_id>`, and the texts of those messages as far as they are known."""

    ids: frozenset[str]
    texts: frozenset[str] = frozenset()

    @cached_property
    def sources(self) -> frozenset[str]:
        return frozenset(id_.partition(":")[0] for id_ in self.ids)

    @cached_property
    def forms(self) -> tuple[bytes, ...]:
        """The texts as bytes, plain, and escaped as JSON and CSV do."""
        forms = {form for text in self.texts for form in _forms(text)}
        return tuple(sorted(form for form in forms if len(form) >= LEAST_BYTES))

    @cached_property
    def needles(self) -> tuple[bytes, ...]:
        """What is in the bytes of any record that is wanted, unless it is written with escapes; empty: unknown."""
        own = {id_.partition(":")[2] for id_ in self.ids}
        if any(map(GENERATED.fullmatch, own)) or len(own) + len(self.texts) > MOST_NEEDLES:
            return ()
        short = (text for text in self.texts if len(text.encode()) < LEAST_BYTES)
        return (*(text.encode() for text in (*own, *short)), *self.forms)

    def may_be_in(self, data: bytes) -> bool:
        """Whether a record of these bytes has to be looked at; an escape may hide anything."""
        return not self.needles or b"\\" in data or any(needle in data for needle in self.needles)

    def is_copy(self, id_: str, text: object) -> bool:
        """Whether a labelled example that names no message holds a wanted text: somebody's copy of it."""
        source, _, own = id_.partition(":")
        return source == DEFAULT_LABEL_SOURCE and GENERATED.fullmatch(own) is not None and text in self.texts

    def quotes(self, data: bytes) -> bool:
        """Whether bytes that cannot be read as a record hold one of the texts."""
        return any(form in data for form in self.forms)

    def named_in(self, data: bytes, sources: Iterable[str]) -> set[str]:
        """Ids of these sources that unreadable bytes name, as the value of a JSON field or as a cell of CSV."""
        return {
            id_
            for id_ in self.ids
            if id_.partition(":")[0] in sources and _mention(id_.partition(":")[2]).search(data) is not None
        }


def _forms(text: str) -> set[bytes]:
    plain = {text, normalised(text), text.replace('"', '""')}
    escaped = {json.dumps(one, ensure_ascii=ascii_)[1:-1] for one in plain for ascii_ in (True, False)}
    return {one.encode(errors="surrogatepass") for one in (*plain, *escaped)}


def _mention(message_id: str) -> re.Pattern[bytes]:
    id_ = re.escape(message_id.encode(errors="surrogatepass"))
    field = rb'"(?:message_id|id)"\s*:\s*"?' + id_ + rb'(?=["\s,}]|$)'
    cell = rb'(?:^|[,\n])[ ]*"?' + id_ + rb'"?[ ]*(?=[,\r\n]|$)'
    return re.compile(rb"(?:" + field + rb"|" + cell + rb")")
