"""A file of records as the mini-batches that Batch Transform sends."""

from collections.abc import Iterator
from typing import BinaryIO

MB = 1 << 20


class RecordTooLarge(ValueError):  # noqa: N818 - says what is wrong with the record
    """A record, or a file that is not split, that is larger than a payload may be."""


def mini_batches(file: BinaryIO, *, by_line: bool, single: bool, limit: int) -> Iterator[bytes]:
    """Yield request bodies of at most `limit` bytes: the whole file, or whole lines, one (`single`) or as many as fit.

    Lines keep their line feed, which counts. At most one body and one line are in memory. An empty file yields none.
    Raises RecordTooLarge where the record stands that fits into no body, after the bodies before it.
    """
    if not by_line:
        if body := _at_most(limit, file.read(limit + 1), "the file"):
            yield body
        return
    pending: list[bytes] = []
    size = number = 0
    while line := file.readline(limit + 1):
        number += 1
        _at_most(limit, line, f"line {number}")
        if pending and (single or size + len(line) > limit):
            yield b"".join(pending)
            pending, size = [], 0
        pending.append(line)
        size += len(line)
    if pending:
        yield b"".join(pending)


def _at_most(limit: int, data: bytes, what: str) -> bytes:
    if len(data) > limit:
        raise RecordTooLarge(f"{what} is larger than the maximum payload of {limit / MB:g} MB")
    return data
