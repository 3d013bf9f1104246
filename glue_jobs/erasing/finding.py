"""Finding wanted messages in one object version: which records, where in the bytes, and what their texts are."""

import base64
import binascii
import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pyarrow.parquet as pq

from glue_jobs.cleaning.draft import COLUMNS, Draft, Origin
from glue_jobs.cleaning.judging import generated_id
from glue_jobs.cleaning.rules import refused
from glue_jobs.erasing.places import LINES, RAW_RECORDS, REFUSED, ROWS
from glue_jobs.erasing.wanted import Wanted
from glue_jobs.raw.reading import PARQUET_DAMAGE, Record, csv_record, csv_rows, json_record, lines_of, records
from glue_jobs.raw.rewritten import renumbered
from glue_jobs.raw.splits import UNKNOWN, Split
from glue_jobs.raw.streams import DamagedError, Line, chunks, lines, lines_of_range, opened
from pipeline_code.contracts import RAW_MESSAGES

LINE_LIMIT = 64 << 20
ROW_COLUMNS = ("message_id", "source", "text")
RawRecord = tuple[str, str, int]
"""Key, version and position of a raw record, by which the quarantine knows it."""


@dataclass(frozen=True)
class Hit:
    """A record to take out: its bytes are `start` to `end` (exclusive), or it is the `number`-th row of Parquet."""

    position: int
    start: int
    end: int
    number: int


@dataclass(frozen=True)
class Found:
    """What an object version (or a split of it) holds; `unreadable` says that a part of it could not be looked at."""

    hits: tuple[Hit, ...] = ()
    ids: frozenset[str] = frozenset()
    texts: frozenset[str] = frozenset()
    unreadable: bool = False


@dataclass
class Finding:
    """Gathers what a version holds."""

    hits: list[Hit] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)
    texts: set[str] = field(default_factory=set)
    unreadable: bool = False

    def add(self, hit: Hit, ids: set[str], *texts: str) -> None:
        self.hits.append(hit)
        self.ids |= ids
        self.texts |= {text for text in texts if text}

    def closed(self) -> Found:
        return Found(tuple(self.hits), frozenset(self.ids), frozenset(self.texts), self.unreadable)


def found_in(bucket: str, split: Split, kind: str, wanted: Wanted, known: frozenset[RawRecord]) -> Found:
    """Look into an object version; `known` are the raw records that were found, for the quarantine."""
    finding = Finding()
    if kind == RAW_RECORDS:
        _in_raw(bucket, split, wanted, finding)
    elif kind == ROWS:
        _in_rows(bucket, split, wanted, finding)
    elif kind in (LINES, REFUSED):
        _in_lines(bucket, split, kind, wanted, known, finding)
    else:
        _in_whole(bucket, split, wanted, finding)
    return finding.closed()


def _in_raw(bucket: str, split: Split, wanted: Wanted, finding: Finding) -> None:
    is_label = not split.key.startswith(f"{RAW_MESSAGES}/")
    origin = Origin(split.source, split.date, datetime.fromisoformat(split.last_modified), is_label, LINE_LIMIT)
    try:
        for hit, record in _raw_records(bucket, split, wanted):
            finding.unreadable |= record.problem == "unparsable" and not record.data
            ids, texts = _who(record, split, origin, wanted)
            if ids is not None:
                finding.add(hit, ids, *texts)
    except DamagedError as damage:
        finding.unreadable = True
        if wanted.quotes(damage.rest) or wanted.named_in(damage.rest, _sources(split, wanted)):
            end = damage.position + len(damage.rest)
            finding.add(Hit(damage.position, damage.position, end, 0), set())


def _raw_records(bucket: str, split: Split, wanted: Wanted) -> Iterator[tuple[Hit, Record]]:
    if split.format == "csv":
        yield from _cells(bucket, split)
    elif split.format == "parquet":
        for number, record in enumerate(records(bucket, split, columns=COLUMNS, line_limit=LINE_LIMIT)):
            yield Hit(record.position, 0, 0, number), record
    else:
        whole = split.gzip or split.format == UNKNOWN
        for line in lines_of(bucket, split) if whole else lines_of_range(bucket, split):
            if line.data and not line.data.isspace() and wanted.may_be_in(line.data):
                hit = Hit(line.position, line.position, line.position + line.size, 0)
                is_unknown = split.format == UNKNOWN
                yield hit, _opaque(line) if is_unknown else json_record(line, LINE_LIMIT)


def _opaque(line: Line) -> Record:
    return Record(line.position, line.data, {}, "unknown_format")


def _cells(bucket: str, split: Split) -> Iterator[tuple[Hit, Record]]:
    read: list[Line] = []
    header: list[str] = []
    number = 0
    for row, detail in csv_rows(lines_of(bucket, split), read):
        if not header and not detail:
            header = [name.strip() for name in row]
        elif row or detail:
            position = renumbered(number, split.erased)
            record = csv_record(position, read, header, row, detail or ("" if header else "no header"), LINE_LIMIT)
            yield Hit(position, read[0].position, read[-1].position + read[-1].size + 1, number), record
            number += 1


def _who(record: Record, split: Split, origin: Origin, wanted: Wanted) -> tuple[set[str] | None, tuple[str, ...]]:
    """The wanted ids that a raw record has, None when it is none of them, and its text as written and made canonical.

    A record that nobody could give an id is known by its text alone.
    """
    sources = _sources(split, wanted)
    if record.problem:
        ids = wanted.named_in(record.data, sources)
        return (ids if ids or wanted.quotes(record.data) else None), ()
    draft = Draft(record.fields, origin)
    own = draft.message_id or generated_id(draft.source, split, record.position)
    named = {f"{source}:{own}" for source in ((draft.source,) if origin.is_label else sources)} & wanted.ids
    if named:
        return named, (draft.text or "", draft.clean)
    is_nobodys = draft.message_id is None and (origin.is_label or refused(draft) is not None)
    return (set() if is_nobodys and draft.clean in wanted.texts else None), ()


def _sources(split: Split, wanted: Wanted) -> frozenset[str]:
    """The source of an object, or any that is wanted where its key tells none."""
    return frozenset((split.source,)) if split.source else wanted.sources


def _in_rows(bucket: str, split: Split, wanted: Wanted, finding: Finding) -> None:
    of_key = next((part[7:] for part in split.key.split("/") if part.startswith("source=")), "")
    try:
        for number, row in enumerate(_rows(bucket, split)):
            id_ = f"{row.get('source') or of_key}:{row.get('message_id')}"
            if id_ in wanted.ids or wanted.is_copy(id_, row.get("text")):
                finding.add(Hit(number, 0, 0, number), {id_} & wanted.ids, row.get("text") or "")
    except PARQUET_DAMAGE:
        finding.unreadable = True


def _rows(bucket: str, split: Split) -> Iterator[dict[str, Any]]:
    with tempfile.TemporaryFile() as local:
        for chunk in _chunks(bucket, split):
            local.write(chunk)
        table = pq.ParquetFile(local)
        columns = [name for name in ROW_COLUMNS if name in table.schema_arrow.names]
        for batch in table.iter_batches(columns=columns):
            yield from batch.to_pylist()


def _chunks(bucket: str, split: Split) -> Iterator[bytes]:
    with opened(bucket, split) as body:
        yield from chunks(body)


def _in_lines(
    bucket: str, split: Split, kind: str, wanted: Wanted, known: frozenset[RawRecord], finding: Finding
) -> None:
    for line in lines(_chunks(bucket, split)):
        ids = _refused_by(line, wanted, known) if kind == REFUSED else _answered_by(line, wanted)
        if ids is not None:
            finding.add(Hit(line.position, line.position, line.position + line.size + 1, 0), ids)


def _answered_by(line: Line, wanted: Wanted) -> set[str] | None:
    """The wanted ids of a line of a training set, a shard or an answer."""
    if not wanted.may_be_in(line.data):
        return None
    fields = _parsed(line.data)
    id_ = str(fields.get("id"))
    ids = {id_} & wanted.ids
    return ids if ids or wanted.is_copy(id_, fields.get("text")) or (not fields and wanted.quotes(line.data)) else None


def _refused_by(line: Line, wanted: Wanted, known: frozenset[RawRecord]) -> set[str] | None:
    """The wanted ids of a line of the quarantine, by its place in raw, its id, or its bytes."""
    fields = _parsed(line.data)
    try:
        record = base64.b64decode(fields.get("record_base64", ""))
    except (binascii.Error, TypeError, ValueError):
        record = line.data
    told = _parsed(record)
    source = str(fields.get("source") or told.get("source"))
    ids = {str(told.get("id")), *(f"{source}:{told.get(name)}" for name in ("message_id", "id"))} & wanted.ids
    ids |= wanted.named_in(record, {source})
    # A line without bytes stands for a whole object, and says nothing of what was in it.
    is_known = bool(record) and (fields.get("object"), fields.get("version_id"), fields.get("position")) in known
    return ids if ids or is_known or wanted.quotes(record) else None


def _parsed(data: bytes) -> dict[str, Any]:
    try:
        fields = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    return fields if isinstance(fields, dict) else {}


def _in_whole(bucket: str, split: Split, wanted: Wanted, finding: Finding) -> None:
    """Any mention counts: an id between quotes or as a cell, or a text; Parquet is read as rows."""
    if split.key.endswith(".parquet"):
        _in_rows(bucket, split, wanted, finding)
        return
    body = b"".join(_chunks(bucket, split))
    ids = wanted.named_in(body, wanted.sources)
    if ids or wanted.quotes(body):
        finding.add(Hit(0, 0, len(body), 0), ids)
