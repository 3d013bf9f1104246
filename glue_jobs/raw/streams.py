"""Bytes of a raw object version as they come: chunks, inflated chunks, and lines with their offsets."""

import gzip
import hashlib
import zlib
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import BinaryIO, NamedTuple, cast

from glue_jobs.lake.store import s3
from glue_jobs.raw.splits import Split

CHUNK_BYTES = 1 << 20
KEPT_BYTES = 8 << 20
"""Longest record whose bytes are kept whole; of a longer one the first part, its length and its sha256 are."""


class Line(NamedTuple):
    """One line without its newline: `data` holds at most KEPT_BYTES of its `size` bytes, `sha256` is set if fewer."""

    position: int
    data: bytes
    size: int
    sha256: str = ""


class DamagedError(Exception):
    """A compressed object ends too early or does not inflate; `rest` is the unfinished line, `position` its offset."""

    def __init__(self, rest: bytes = b"", position: int = 0) -> None:
        super().__init__("the compressed object is damaged")
        self.rest = rest
        self.position = position


def opened(bucket: str, split: Split, start: int = 0) -> BinaryIO:
    """Open the version of the object that was claimed, or stands for it now, from byte `start` on."""
    answer = s3().get_object(Bucket=bucket, Key=split.key, VersionId=split.stored_version, Range=f"bytes={start}-")
    body = cast(BinaryIO, answer["Body"])
    left = 0 if "ContentRange" in answer else start
    # A store that does not know ranges answers with the whole object.
    while left and (skipped := len(body.read(min(left, CHUNK_BYTES)))):
        left -= skipped
    return body


def chunks(body: BinaryIO) -> Iterator[bytes]:
    """Yield a plain object as it is."""
    while chunk := body.read(CHUNK_BYTES):
        yield chunk


def inflated(body: BinaryIO) -> Iterator[bytes]:
    """Yield a gzip object inflated, all its members; raises DamagedError after the last sound chunk."""
    stream = gzip.GzipFile(fileobj=body)
    try:
        while chunk := stream.read1(CHUNK_BYTES):
            yield chunk
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DamagedError from error


def lines(source: Iterable[bytes], position: int = 0) -> Iterator[Line]:
    """Yield the lines of a stream that begins at offset `position`; memory stays below a few times KEPT_BYTES."""
    parts = iter(source)
    rest = b""
    try:
        while part := next(parts, b""):
            *whole, rest = (rest + part).split(b"\n")
            for data in whole:
                yield Line(position, data, len(data))
                position += len(data) + 1
            if len(rest) > KEPT_BYTES:
                line, rest = _endless(rest, parts, position)
                yield line
                position += line.size + 1
                parts, rest = chain((rest,) if rest else (), parts), b""
    except DamagedError as damage:
        raise DamagedError(rest[:KEPT_BYTES], position) from damage
    if rest:
        yield Line(position, rest, len(rest))


def _endless(begun: bytes, parts: Iterator[bytes], position: int) -> tuple[Line, bytes]:
    """Read a line on to its newline, keeping only its beginning; returns it and what follows it."""
    digest, size, after = hashlib.sha256(begun), len(begun), b""
    for part in parts:
        more, newline, after = part.partition(b"\n")
        digest.update(more)
        size += len(more)
        if newline:
            break
    return Line(position, begun[:KEPT_BYTES], size, digest.hexdigest()), after


def lines_of_range(bucket: str, split: Split) -> Iterator[Line]:
    """Yield the lines that begin inside the split: the one cut by its start belongs to the split before."""
    begin = max(split.start - 1, 0)
    with opened(bucket, split, begin) as body:
        found = lines(chunks(body), begin)
        if split.start:
            next(found, None)
        for line in found:
            if line.position >= split.end:
                return
            yield line
