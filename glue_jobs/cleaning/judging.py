"""From splits of raw objects to judged rows: read, check, normalise, redact, one Python pass in the executors."""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import chain
from typing import NamedTuple

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession

from glue_jobs.cleaning.draft import COLUMNS, Draft, Origin
from glue_jobs.cleaning.languages import language_of
from glue_jobs.cleaning.rules import CONDITION, refused
from glue_jobs.cleaning.text import folded
from glue_jobs.lake.schemas import JUDGED
from glue_jobs.privacy import Redact, redactor
from glue_jobs.raw.reading import Record, records
from glue_jobs.raw.redriving import chosen
from glue_jobs.raw.splits import Split

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
BATCH_ROWS = 2000
BATCH_BYTES = 16 << 20
OTHER_COLUMNS_BYTES = 64 << 10
ESCAPED = 6
"""Bytes that one byte of text may take in JSON, as \\u0041."""

ARROW_TYPES = {
    "string": pa.string(),
    "timestamp": pa.timestamp("us", "UTC"),
    "bigint": pa.int64(),
    "binary": pa.binary(),
}
ARROW = pa.schema([(name, ARROW_TYPES[kind]) for name, kind in (column.split() for column in JUDGED.split(", "))])


class Row(NamedTuple):
    """A judged row, its columns in the order of JUDGED; `received_at` in microseconds since 1970."""

    reason: str | None = None
    detail: str | None = None
    message_id: str | None = None
    source: str | None = None
    received_at: int | None = None
    text: str | None = None
    language: str | None = None
    text_key: str | None = None
    label: str | None = None
    split: str | None = None
    raw_key: str | None = None
    raw_version: str | None = None
    position: int | None = None
    date: str | None = None
    digest: bytes | None = None
    record: bytes | None = None
    landed: int | None = None


@dataclass(frozen=True)
class Settings:
    """What the executors must know: the raw bucket, the kind of the records, and the limits."""

    bucket: str
    kind: str
    languages: tuple[str, ...]
    max_text_bytes: int
    sources: tuple[str, ...]

    @property
    def line_limit(self) -> int:
        """Longest record that is parsed, in bytes."""
        return ESCAPED * self.max_text_bytes + OTHER_COLUMNS_BYTES


def judged(spark: SparkSession, tasks: Sequence[Sequence[Split]], settings: Settings) -> DataFrame:
    """Return the judged rows (schema JUDGED) of all splits, one Spark task for each list of splits."""
    shares = [(json.dumps([asdict(split) for split in task]),) for task in tasks]
    given = spark.createDataFrame(spark.sparkContext.parallelize(shares, len(shares)), "splits string")
    return given.mapInArrow(_reader(settings), JUDGED)


def _reader(settings: Settings) -> Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    def read(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        splits = (Split(**one) for batch in batches for task in batch.column(0).to_pylist() for one in json.loads(task))
        return in_batches(chain.from_iterable(rows_of(split, settings) for split in splits))

    return read


def in_batches(rows: Iterable[Row]) -> Iterator[pa.RecordBatch]:
    """Gather rows into Arrow batches that are bounded in rows and in bytes."""
    batch: list[Row] = []
    size = 0
    for row in rows:
        batch.append(row)
        size += len(row.record or b"")
        if len(batch) == BATCH_ROWS or size > BATCH_BYTES:
            yield _arrow(batch)
            batch, size = [], 0
    if batch:
        yield _arrow(batch)


def rows_of(split: Split, settings: Settings) -> Iterator[Row]:
    """Yield a judged row for every record of the split, and at last one that says how many the reader found."""
    is_label = settings.kind == "labels"
    landed_at = datetime.fromisoformat(split.last_modified)
    is_known = is_label or split.source in settings.sources
    origin = Origin(split.source, split.date, landed_at, is_label, settings.max_text_bytes, is_known)
    redact = redactor(settings.languages)
    landed = 0
    for record in _found(split, settings):
        landed += 1
        yield judge(record, split, origin, settings.languages, redact)
    yield _tally(split, landed)


def _found(split: Split, settings: Settings) -> Iterator[Record]:
    if settings.kind == "messages" and not split.source:
        return iter([Record(0, b"", {}, "misplaced", CONDITION["misplaced"])] if split.start == 0 else [])
    return chosen(split, records(settings.bucket, split, columns=COLUMNS, line_limit=settings.line_limit))


def judge(record: Record, split: Split, origin: Origin, languages: tuple[str, ...], redact: Redact) -> Row:
    """The row of a record; an error that nobody foresaw is told without what it says, for it may quote the message."""
    try:
        return _row(record, split, origin, languages, redact)
    except Exception as error:
        place = f"the record at {record.position} of {split.key}, version {split.version_id}"
        raise RuntimeError(f"unexpected {type(error).__name__} in {place}") from None


def _row(record: Record, split: Split, origin: Origin, languages: tuple[str, ...], redact: Redact) -> Row:
    if record.problem:
        return _refused(record, split, record.problem, record.detail)
    draft = Draft(record.fields, origin)
    if reason := refused(draft):
        return _refused(record, split, reason, CONDITION[reason])
    text = redact(draft.clean) if draft.text else None
    return Row(
        message_id=draft.message_id or generated_id(draft.source, split, record.position),
        source=draft.source,
        received_at=_microseconds(draft.received_at),
        text=text,
        language=language_of(draft.language, text, languages) if text else None,
        text_key=folded(text) if text else None,
        label=draft.label,
        split=draft.split,
        raw_key=split.key,
        raw_version=split.version_id,
        position=record.position,
        date=split.date,
        digest=hashlib.sha256(draft.encoded).digest()[:16] if text else None,
        record=record.data,
    )


def _refused(record: Record, split: Split, reason: str, detail: str) -> Row:
    """A refused row; its generated id only spreads such rows evenly, for nothing is known of the real one."""
    return Row(
        reason=reason,
        detail=detail,
        message_id=generated_id(split.source, split, record.position),
        source=split.source,
        date=split.date,
        raw_key=split.key,
        raw_version=split.version_id,
        position=record.position,
        record=record.data,
    )


def _tally(split: Split, landed: int) -> Row:
    return Row(raw_key=split.key, position=split.start, landed=landed)


def generated_id(source: str, split: Split, position: int) -> str:
    """The id of a message whose source gave none: the same for the same record of the same object version."""
    return hashlib.sha256(f"{source}|{split.key}|{split.version_id}|{position}".encode()).hexdigest()[:32]


def _microseconds(instant: datetime | None) -> int | None:
    if instant is None:
        return None
    since = instant - EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def _arrow(rows: Sequence[Row]) -> pa.RecordBatch:
    columns = zip(*rows, strict=True)
    arrays = [pa.array(column, field.type) for column, field in zip(columns, ARROW, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=ARROW)
