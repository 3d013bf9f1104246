"""Bytes of an object without some of its records; everything else stays as it was written, byte for byte."""

import gzip
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import IO, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from glue_jobs.erasing.finding import Hit
from glue_jobs.raw.streams import DamagedError, chunks, inflated

SPACE = b" "
"""Stands in for every byte of a record whose position is its offset: the records after it keep theirs."""
NOTHING = b""


def without(source: BinaryIO, hits: Sequence[Hit], target: IO[bytes], *, fill: bytes, is_gzip: bool) -> None:
    """Copy text with `fill` for every byte of the hits; what of a damaged gzip object is beyond reading goes."""
    if not is_gzip:
        target.writelines(_filled(chunks(source), hits, fill))
        return
    with gzip.GzipFile(fileobj=target, mode="wb", mtime=0) as packed, suppress(DamagedError):
        for part in _filled(inflated(source), hits, fill):
            packed.write(part)


def without_rows(source: IO[bytes], hits: Iterable[Hit], target: IO[bytes]) -> int:
    """Copy Parquet without the rows of the hits, a row group at a time; returns how many are left."""
    gone = {hit.number for hit in hits}
    table = pq.ParquetFile(source)
    number = left = 0
    with pq.ParquetWriter(target, table.schema_arrow, compression=_compression(table)) as written:
        for group in range(table.num_row_groups):
            rows = table.read_row_group(group)
            kept = rows.filter(pa.array([number + i not in gone for i in range(len(rows))], pa.bool_()))
            number += len(rows)
            left += len(kept)
            if len(kept):
                written.write_table(kept)
    return left


def _compression(table: pq.ParquetFile) -> str:
    """The file's own compression; a file without rows has none."""
    if not table.num_row_groups or not table.metadata.num_columns:
        return "snappy"
    name = str(table.metadata.row_group(0).column(0).compression)
    return "none" if name == "UNCOMPRESSED" else name


def _filled(source: Iterable[bytes], hits: Sequence[Hit], fill: bytes) -> Iterator[bytes]:
    """Chunks of a stream with the bytes of the hits (in order, apart from one another) filled."""
    spans = [(hit.start, hit.end) for hit in sorted(hits, key=lambda hit: hit.start)]
    offset = 0
    for chunk in source:
        end = offset + len(chunk)
        at = offset
        for start, stop in spans:
            if stop <= at or start >= end:
                continue
            yield chunk[at - offset : max(start, at) - offset]
            at, filled_from = min(stop, end), max(start, at)
            yield fill * (at - filled_from)
        yield chunk[at - offset :]
        offset = end
