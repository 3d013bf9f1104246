"""All versions of an object, and taking records out of them: what is left is put as new versions, the others go.

Before a key is touched, the journal of the erasure holds what is about to happen to it. Every step may be cut off and
done again: versions that are copies of one that is still there are put once more, and the older copies go with it.
"""

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import IO, BinaryIO, cast

from glue_jobs.erasing.editing import NOTHING, SPACE, without, without_rows
from glue_jobs.erasing.finding import Found
from glue_jobs.erasing.places import RAW_RECORDS, ROWS, WHOLE
from glue_jobs.lake.store import delete, keys_below, s3, write_json
from glue_jobs.raw.claims import RawObject
from glue_jobs.raw.rewritten import Rewritten
from glue_jobs.raw.splits import Split, splits_of
from glue_jobs.raw.streams import opened
from pipeline_code.contracts import CLAIMS, pending_key, rewritten_key

COPY_OF = "criba-copy-of"
"""Metadata of a version that erasing has put: the version that it was copied from."""


@dataclass(frozen=True)
class Version:
    """One version of a key, or a delete marker."""

    id: str
    is_latest: bool
    size: int = 0
    last_modified: str = ""
    is_marker: bool = False


@dataclass
class Object:
    """A key with all its versions, the oldest first."""

    bucket: str
    key: str
    versions: list[Version] = field(default_factory=list)

    @property
    def data(self) -> list[Version]:
        return [one for one in self.versions if not one.is_marker]

    @property
    def is_deleted(self) -> bool:
        return any(one.is_marker and one.is_latest for one in self.versions)

    def split(self, version: Version, notes: Rewritten) -> list[Split]:
        """The splits of a version, under the version that it was first."""
        original = notes.original_of(self.key, version.id)
        erased = notes.erased(self.key, original) if original != version.id else ()
        raw = RawObject(self.key, original, version.size, version.last_modified)
        return [replace(split, stored=version.id, erased=erased) for split in splits_of(raw)]


def objects_below(bucket: str, prefix: str) -> Iterator[Object]:
    """Yield every key below the prefix with all its versions and delete markers."""
    found: dict[str, Object] = {}
    for page in s3().get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix):
        for one in page.get("Versions", []):
            version = Version(one["VersionId"], one["IsLatest"], one["Size"], one["LastModified"].isoformat())
            found.setdefault(one["Key"], Object(bucket, one["Key"])).versions.append(version)
        for marker in page.get("DeleteMarkers", []):
            version = Version(
                marker["VersionId"], marker["IsLatest"], 0, marker["LastModified"].isoformat(), is_marker=True
            )
            found.setdefault(marker["Key"], Object(bucket, marker["Key"])).versions.append(version)
    for target in found.values():
        # S3 lists the newest first, versions and markers apart.
        target.versions.reverse()
        yield target


def untouched(target: Object, kind: str, found: Mapping[str, Found]) -> set[str]:
    """The version of a key that may stay as it is: a current one without hits. Raw versions are put anew in order."""
    if kind in (RAW_RECORDS, WHOLE) or target.is_deleted or not target.data:
        return set()
    current = target.data[-1].id
    return set() if found.get(current, Found()).hits else {current}


def erase(target: Object, kind: str, found: Mapping[str, Found], notes: Rewritten) -> None:
    """Take the hits, by version, out of a key.

    Of raw messages every version that a run has claimed stays, rewritten; of anything else only what is current.
    """
    if kind == RAW_RECORDS:
        _erase_raw(target, found, notes)
        return
    stays = untouched(target, kind, found)
    if not stays and kind != WHOLE and not target.is_deleted and target.data:
        current = target.data[-1]
        _put_without(target, current, kind, found[current.id], Rewritten(notes.curated))
    delete_versions(target, but=stays)


def _erase_raw(target: Object, found: Mapping[str, Found], notes: Rewritten) -> None:
    copies = _copies(target)
    unfinished = {id_ for id_, of in copies.items() if of in {one.id for one in target.data}}
    kept = [one for one in target.data if one.id not in unfinished]
    current = [] if target.is_deleted else kept[-1:]
    taken = _taken(notes.curated, target.key)
    kept = [one for one in kept if one in current or notes.original_of(target.key, one.id) in taken]
    write_json(notes.curated, pending_key(target.key), {"versions": [one.id for one in target.versions]})
    put = {one.id: _put_without(target, one, RAW_RECORDS, found.get(one.id, Found()), notes) for one in kept}
    for one in kept:
        _note(target.key, one, put[one.id], found.get(one.id, Found()), notes)
    if target.is_deleted:
        s3().delete_object(Bucket=target.bucket, Key=target.key)
    delete_versions(target, but=set())
    delete(notes.curated, pending_key(target.key))


def delete_versions(target: Object, *, but: set[str]) -> None:
    """Delete the versions that were listed, and no other: what came in the meantime stays.

    The newest go first: if this is cut off, what is left to copy is older than all copies, so the order stays.
    """
    for one in reversed(target.versions):
        if one.id not in but:
            s3().delete_object(Bucket=target.bucket, Key=target.key, VersionId=one.id)


def _copies(target: Object) -> dict[str, str]:
    """The versions of a key that erasing has put, with the version that each was copied from."""
    told = {
        one.id: s3().head_object(Bucket=target.bucket, Key=target.key, VersionId=one.id)["Metadata"]
        for one in target.data
    }
    return {id_: metadata[COPY_OF] for id_, metadata in told.items() if COPY_OF in metadata}


def _taken(curated: str, key: str) -> set[str]:
    """The versions of a raw key that some run has claimed."""
    prefix = f"{CLAIMS}/{key}/"
    return {claim.removeprefix(prefix).removesuffix(".json") for claim in keys_below(curated, prefix)}


def _note(key: str, version: Version, put: str, found: Found, notes: Rewritten) -> None:
    """Say that `put` now stands for what was first the version, and which records are gone from it in all."""
    original = notes.original_of(key, version.id)
    erased = {*notes.erased(key, original), *(hit.position for hit in found.hits)}
    write_json(notes.curated, rewritten_key(key, original, put), {"version_id": put, "erased": sorted(erased)})
    if (key, original) in notes.stored:
        delete(notes.curated, rewritten_key(key, original, notes.stored[key, original]))


def _put_without(target: Object, version: Version, kind: str, found: Found, notes: Rewritten) -> str:
    """Put a version anew without the hits; returns the new version's id, nothing when no row is left to put."""
    splits = target.split(version, notes)
    with tempfile.TemporaryFile() as local:
        if splits:
            with opened(target.bucket, splits[0]) as body:
                if not _written(body, splits[0], kind, found, local):
                    return ""
        local.seek(0)
        answer = s3().put_object(Bucket=target.bucket, Key=target.key, Body=local, Metadata={COPY_OF: version.id})
    return str(answer["VersionId"])


def _written(body: BinaryIO, split: Split, kind: str, found: Found, local: IO[bytes]) -> bool:
    """Write what is left; returns whether anything is. Raw objects stay, whatever is left of them."""
    is_table = kind == ROWS or (kind == RAW_RECORDS and split.format == "parquet")
    if is_table and found.hits:
        with tempfile.TemporaryFile() as whole:
            shutil.copyfileobj(body, whole)
            return without_rows(whole, found.hits, local) > 0 or kind == RAW_RECORDS
    if not found.hits:
        shutil.copyfileobj(body, cast(BinaryIO, local))
        return True
    keeps_offsets = kind == RAW_RECORDS and split.format != "csv"
    without(body, found.hits, local, fill=SPACE if keeps_offsets else NOTHING, is_gzip=split.gzip)
    return kind == RAW_RECORDS or local.tell() > 0
