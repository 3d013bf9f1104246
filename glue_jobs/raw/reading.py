"""Raw records out of an object version: JSON Lines, CSV with a header, Parquet; plain or gzip."""

import csv
import json
import tempfile
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from glue_jobs.raw.rewritten import renumbered
from glue_jobs.raw.splits import Split
from glue_jobs.raw.streams import DamagedError, Line, chunks, inflated, lines, lines_of_range, opened

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
DECODER = json.JSONDecoder()
PARQUET_ROWS = 1024
PARQUET_DAMAGE = (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError)


class Record(NamedTuple):
    """One raw record: its fields, or the reason why it has none.

    `position` is the offset of its line in the inflated object for JSON Lines, and its number from 0 for CSV and
    Parquet, however the object was split. `data` holds its bytes (of a Parquet row, its known columns as JSON).
    """

    position: int
    data: bytes
    fields: Mapping[str, Any]
    problem: str = ""
    detail: str = ""


def records(bucket: str, split: Split, *, columns: frozenset[str], line_limit: int) -> Iterator[Record]:
    """Yield every record that begins in the split; `line_limit` is the longest record in bytes that is looked into.

    Nothing is passed over but blank lines: what cannot be read is one record with a problem. Records keep their
    positions when others have been erased: of JSON Lines the bytes became spaces, of the others the number is known.
    """
    found = _records(bucket, split, columns, line_limit)
    if not split.erased or split.format == "json_lines":
        return found
    return (
        Record(renumbered(one.position, split.erased), one.data, one.fields, one.problem, one.detail) for one in found
    )


def _records(bucket: str, split: Split, columns: frozenset[str], line_limit: int) -> Iterator[Record]:
    if split.format == "json_lines":
        yield from _json_lines(bucket, split, line_limit)
    elif split.format == "csv":
        yield from _csv(bucket, split, line_limit)
    elif split.format == "parquet":
        yield from _parquet(bucket, split, columns)
    else:
        yield Record(0, b"", {}, "unknown_format", f"the whole object, {split.end} bytes")


def _json_lines(bucket: str, split: Split, line_limit: int) -> Iterator[Record]:
    try:
        for line in lines_of(bucket, split) if split.gzip else lines_of_range(bucket, split):
            if line.data and not line.data.isspace():
                yield json_record(line, line_limit)
    except DamagedError as damage:
        yield _damaged(damage.rest, damage.position)


def json_record(line: Line, line_limit: int) -> Record:
    if line.size > line_limit:
        return _too_long([line], line.position, line_limit)
    problem, detail = "unparsable", ""
    try:
        fields = _parsed((line.data if line.position else line.data.removeprefix(BYTE_ORDER_MARK)).decode())
        if isinstance(fields, dict):
            return Record(line.position, line.data, fields)
        detail = f"a JSON {type(fields).__name__}, not an object"
    except UnicodeDecodeError as error:
        problem, detail = "not_utf8", f"byte {error.start} of the record"
    except json.JSONDecodeError as error:
        detail = f"{error.msg} at character {error.pos}"
    except (ValueError, RecursionError) as error:
        detail = f"a number too long or nesting too deep ({type(error).__name__})"
    return Record(line.position, line.data, {}, problem, detail)


def _parsed(text: str) -> Any:
    """What json.loads returns, at half its price for a line that is an object and nothing else."""
    if text.startswith("{"):
        value, end = DECODER.raw_decode(text)
        if end == len(text):
            return value
    return json.loads(text)


def csv_rows(source: Iterator[Line], read: list[Line]) -> Iterator[tuple[list[str], str]]:
    """Yield each row, header and blank ones too, and why it is none; `read` then holds the lines that make it."""
    rows = csv.reader(_decoded(source, read), strict=True)
    while True:
        read.clear()
        try:
            row = next(rows, None)
        except csv.Error as error:
            yield [], str(error)
        else:
            if row is None:
                return
            yield row, ""


def _csv(bucket: str, split: Split, line_limit: int) -> Iterator[Record]:
    """The csv module reads the lines; those of a record are kept beside it, byte for byte."""
    csv.field_size_limit(line_limit)
    read: list[Line] = []
    number = 0
    header: list[str] = []
    try:
        for row, detail in csv_rows(lines_of(bucket, split), read):
            if not header:
                if detail:
                    yield Record(0, b"", {}, "unparsable", "the whole object: its header cannot be read")
                    return
                header = [name.strip() for name in row]
            elif row or detail:
                yield csv_record(number, read, header, row, detail, line_limit)
                number += 1
    except DamagedError as damage:
        yield _damaged(b"\n".join([*(line.data for line in read), damage.rest]), number)


def csv_record(
    number: int, read: list[Line], header: list[str], row: list[str], detail: str, line_limit: int
) -> Record:
    if sum(line.size + 1 for line in read) > line_limit:
        return _too_long(read, number, line_limit)
    data = b"\n".join(line.data for line in read)
    if not detail and len(row) != len(header):
        detail = f"{len(row)} fields under a header of {len(header)}"
    if detail:
        return Record(number, data, {}, "unparsable", detail)
    return Record(number, data, {name: value or None for name, value in zip(header, row, strict=True)})


def _decoded(source: Iterator[Line], read: list[Line]) -> Iterator[str]:
    """Text for the csv module; bytes that are not UTF-8 become lone surrogates, which the rules refuse."""
    for line in source:
        read.append(line)
        data = line.data if line.position else line.data.removeprefix(BYTE_ORDER_MARK)
        yield data.decode(errors="surrogateescape") + "\n"


def _parquet(bucket: str, split: Split, columns: frozenset[str]) -> Iterator[Record]:
    number = 0
    with tempfile.TemporaryFile() as local:
        try:
            for chunk in _chunks(bucket, split):
                local.write(chunk)
            table = pq.ParquetFile(local)
            wanted = [name for name in table.schema_arrow.names if name in columns]
            for batch in table.iter_batches(PARQUET_ROWS, columns=wanted):
                for fields in _rows(batch):
                    yield Record(number, json.dumps(fields, default=str).encode(), fields)
                    number += 1
        except DamagedError:
            yield _damaged(b"", number)
        except PARQUET_DAMAGE as error:
            yield Record(number, b"", {}, "unparsable", f"the object from this record on: {type(error).__name__}")


def _rows(batch: pa.RecordBatch) -> list[dict[str, Any]]:
    """Rows as Python values, strings as bytes: one that is not UTF-8 must not spoil its whole batch."""
    if not batch.num_columns:
        return [{} for _ in range(batch.num_rows)]
    values = {}
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        plain = column.dictionary_decode() if pa.types.is_dictionary(column.type) else column
        is_text = pa.types.is_string(plain.type) or pa.types.is_large_string(plain.type)
        values[name] = [
            value.decode(errors="surrogateescape") if isinstance(value, bytes) else value
            for value in (plain.cast(pa.large_binary()) if is_text else plain).to_pylist()
        ]
    return [dict(zip(values, row, strict=True)) for row in zip(*values.values(), strict=True)]


def lines_of(bucket: str, split: Split) -> Iterator[Line]:
    return lines(_chunks(bucket, split))


def _chunks(bucket: str, split: Split) -> Iterator[bytes]:
    with opened(bucket, split) as body:
        yield from inflated(body) if split.gzip else chunks(body)


def _too_long(read: list[Line], position: int, line_limit: int) -> Record:
    size = sum(line.size for line in read) + len(read) - 1
    hashes = "".join(
        f"; the bytes kept are its beginning, the sha256 of the line is {line.sha256}" for line in read if line.sha256
    )
    data = b"\n".join(line.data for line in read)
    return Record(position, data, {}, "too_long", f"a record of {size} bytes, the limit is {line_limit}{hashes}")


def _damaged(rest: bytes, position: int) -> Record:
    return Record(position, rest, {}, "truncated_gzip", "the object from here on does not inflate")
