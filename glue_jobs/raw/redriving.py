"""Records that come back from the quarantine: a raw object names them, and they are read where they first landed.

Such an object, `<name>.redrive`, is a JSON document {"objects": [{"name", "version_id", "positions", "rest_from"}]}. It
names objects of its own source and date only. `positions` are those of the refused records; from `rest_from` on,
everything is read again: where a damaged or unknown object was refused whole, or its rest was.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from botocore.exceptions import ClientError

from glue_jobs.lake.store import s3
from glue_jobs.raw.claims import RawObject
from glue_jobs.raw.reading import Record
from glue_jobs.raw.rewritten import Rewritten
from glue_jobs.raw.splits import Split, splits_of
from pipeline_code.contracts import REDRIVE, raw_message_key

LARGEST = 64 << 20
"""Bytes beyond which an object is no list of records, whatever its name says."""


@dataclass(frozen=True)
class Wanted:
    """The records of one object version that a redrive asks for."""

    name: str
    version_id: str
    positions: tuple[int, ...]
    rest_from: int | None

    @property
    def records(self) -> int:
        return len(self.positions) + (self.rest_from is not None)


@dataclass(frozen=True)
class Work:
    """The splits of a run, and how many quarantined records are `redriven` by them or were `erased` in the meantime."""

    splits: list[Split]
    redriven: int
    erased: int


def work_of(bucket: str, objects: Sequence[RawObject], notes: Rewritten) -> Work:
    """The splits of all objects; one that names quarantined records stands for those records."""
    splits: list[Split] = []
    redriven = erased = 0
    for found in objects:
        wanted = _wanted(bucket, found)
        if found.place is None or wanted is None:
            splits += _as_stored(splits_of(found), notes)
            continue
        for one in wanted:
            key = raw_message_key(*found.place, one.name)
            again = _splits_again(bucket, key, found.last_modified, one, notes)
            gone = len(set(one.positions) & set(notes.erased(key, one.version_id))) if again else one.records
            splits += again
            redriven += one.records - gone
            erased += gone
    return Work(splits, redriven, erased)


def _as_stored(splits: list[Split], notes: Rewritten) -> list[Split]:
    """The splits of one object, to be read from the version that stands for it now."""
    if not splits or (splits[0].key, splits[0].version_id) not in notes.stored:
        return splits
    key, version_id = splits[0].key, splits[0].version_id
    stored, erased = notes.stored_as(key, version_id), notes.erased(key, version_id)
    return [replace(split, stored=stored, erased=erased) for split in splits]


def chosen(split: Split, found: Iterator[Record]) -> Iterator[Record]:
    """The records of a split that are asked for: all, or those that a redrive names.

    Anybody who may land messages may land a redrive: a record that it names and that is not there is refused.
    """
    if split.only is None:
        yield from found
        return
    missing = set(split.only)
    for record in found:
        if record.position in missing or (split.rest_from is not None and record.position >= split.rest_from):
            missing.discard(record.position)
            yield record
    for position in sorted(missing):
        asked = json.dumps({"position": position}).encode()
        yield Record(position, asked, {}, "unparsable", "a redrive asks for it, but no record begins here")


def _wanted(bucket: str, found: RawObject) -> list[Wanted] | None:
    """What a redrive asks for; None for any other object, and for one that only has the name of a redrive."""
    if not found.key.endswith(REDRIVE) or found.bytes > LARGEST:
        return None
    body = s3().get_object(Bucket=bucket, Key=found.key, VersionId=found.version_id)["Body"].read()
    try:
        asked = [Wanted(**one) for one in json.loads(body)["objects"]]
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return asked if all(map(_is_sound, asked)) else None


def _is_sound(one: Wanted) -> bool:
    numbers = [*one.positions, one.rest_from or 0] if isinstance(one.positions, list) else [-1]
    named = isinstance(one.name, str) and isinstance(one.version_id, str) and one.name and one.version_id
    return bool(named) and all(type(number) is int and number >= 0 for number in numbers)


def _splits_again(bucket: str, key: str, landed_at: str, one: Wanted, notes: Rewritten) -> list[Split]:
    """The splits that hold the wanted records, as landed when the redrive was; none when the version was erased."""
    try:
        stored = notes.stored_as(key, one.version_id)
        size = s3().head_object(Bucket=bucket, Key=key, VersionId=stored)["ContentLength"]
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] not in (400, 404):
            raise
        return []
    splits = _as_stored(splits_of(RawObject(key, one.version_id, size, landed_at)), notes)
    left = sorted(set(one.positions) - set(notes.erased(key, one.version_id)))
    narrowed = [replace(split, only=_within(split, left, size), rest_from=one.rest_from) for split in splits]
    return [split for split in narrowed if split.only or split.rest_from is not None]


def _within(split: Split, positions: Sequence[int], size: int) -> tuple[int, ...]:
    """The positions that a split holds: only plain JSON Lines are cut, and there they are offsets in the object."""
    if split.format != "json_lines" or split.gzip:
        return tuple(positions)
    return tuple(one for one in positions if split.start <= one and (one < split.end or split.end == size))
