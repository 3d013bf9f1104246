"""EraseMessages: takes a person's messages out of every version of everything that holds them; a certificate out.

Nothing that it prints, raises or writes holds a text, or an id in clear.
"""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from pyspark.sql import SparkSession

from glue_jobs.arguments import bucket_name, job_arguments
from glue_jobs.erasing.finding import Found, RawRecord, found_in
from glue_jobs.erasing.objects import Object, erase, objects_below, untouched
from glue_jobs.erasing.papers import Entry, Request, close, hashed, journal, report_version, request_of
from glue_jobs.erasing.places import PLACES, RAW_RECORDS, REFUSED, Place, report_of, run_of
from glue_jobs.erasing.wanted import Wanted
from glue_jobs.lake.store import s3
from glue_jobs.raw.rewritten import Rewritten, rewritten_below
from glue_jobs.raw.splits import Split, shared_out
from glue_jobs.session import spark_session
from pipeline_code.contracts import RAW_MESSAGES, SOURCE

AT_ONCE = 8
"""Keys that are rewritten at the same time: a person's messages lie in few."""


@dataclass(frozen=True)
class Held:
    """A key that may hold messages: where it lies, its versions, and what was found in each."""

    place: Place
    target: Object
    found: Mapping[str, Found]

    @property
    def records(self) -> int:
        """Records in the current version, or in the version that holds most when the current one holds none."""
        current = self.target.data[-1].id if self.target.data else ""
        return len(self.found.get(current, Found()).hits) or max(len(one.hits) for one in self.found.values())

    @property
    def tells_texts(self) -> bool:
        return any(one.texts for one in self.found.values())

    @property
    def rows(self) -> int:
        """Records of the current version: what a table loses."""
        shown = [one.id for one in self.target.data if one.is_latest]
        return sum(len(self.found[id_].hits) for id_ in shown if id_ in self.found)


@dataclass(frozen=True)
class Lake:
    """The buckets, by the names of the places, and what was rewritten before."""

    buckets: Mapping[str, str]
    notes: Rewritten

    @property
    def curated(self) -> str:
        return self.buckets["curated"]

    def objects(self, place: Place, sources: Iterable[str]) -> Iterator[Object]:
        """All keys of a place; of raw messages those, too, whose key tells no source."""
        bucket = self.buckets[place.bucket]
        prefixes = sorted({place.prefix.format(source=source) for source in sources})
        if place.prefix.startswith(f"{RAW_MESSAGES}/source=") and place.kind == RAW_RECORDS:
            prefixes += _misplaced(bucket)
        for prefix in prefixes:
            yield from objects_below(bucket, prefix)


def erase_messages(request_id: str, buckets: Mapping[str, str]) -> dict[str, Any]:
    """Carry out a request and return its certificate."""
    began_at = datetime.now(UTC).isoformat(timespec="seconds")
    request = request_of(buckets["curated"], request_id)
    lake = Lake(buckets, rewritten_below(buckets["curated"], ""))
    spark = spark_session("EraseMessages")
    wanted = Wanted(request.ids)
    listed = [(place, one) for place in PLACES for one in lake.objects(place, wanted.sources)]
    held = _everything(spark, lake, listed, wanted)
    changing = [one for one in held if _is_to_change(one, lake)]
    # What the texts are known from goes last: an attempt that is cut off before can still look for them.
    for is_known_from in (False, True):
        with ThreadPoolExecutor(AT_ONCE) as pool:
            part = [one for one in changing if one.tells_texts is is_known_from]
            list(pool.map(lambda one: _erase(one, lake, request), part))
    unreadable = [
        {"bucket": one.target.bucket, "key": one.target.key, "version_id": version}
        for one in held
        for version, found in one.found.items()
        if found.unreadable and not found.hits
    ]
    return close(lake.curated, request, unreadable=unreadable, began_at=began_at)


def _everything(spark: SparkSession, lake: Lake, listed: Sequence[tuple[Place, Object]], wanted: Wanted) -> list[Held]:
    """Look by id where the texts are; with the texts, for all that has no id; the quarantine, which has both, last."""

    def of_kind(is_so: Callable[[Place], bool]) -> list[tuple[Place, Object]]:
        return [one for one in listed if is_so(one[0])]

    raw = _looked_into(spark, lake, of_kind(lambda place: place.kind == RAW_RECORDS), wanted)
    messages = _looked_into(spark, lake, of_kind(lambda place: place.table == "messages"), wanted)
    texts = frozenset(text for one in (*raw, *messages) for found in one.found.values() for text in found.texts)
    if texts:
        wanted = replace(wanted, texts=texts)
        raw = _looked_into(spark, lake, of_kind(lambda place: place.kind == RAW_RECORDS), wanted)
    others = of_kind(lambda place: place.kind not in (RAW_RECORDS, REFUSED) and place.table != "messages")
    known = frozenset(_raw_records(raw, lake.notes))
    refused = _looked_into(spark, lake, of_kind(lambda place: place.kind == REFUSED), wanted, known)
    return [*raw, *messages, *_looked_into(spark, lake, others, wanted), *refused]


def _looked_into(
    spark: SparkSession,
    lake: Lake,
    listed: Sequence[tuple[Place, Object]],
    wanted: Wanted,
    known: frozenset[RawRecord] = frozenset(),
) -> list[Held]:
    """What every version holds, looked into by the executors in pieces of about equal work."""
    pieces: dict[Split, tuple[int, str]] = {}
    for number, (place, target) in enumerate(listed):
        notes = lake.notes if place.kind == RAW_RECORDS else Rewritten(lake.curated)
        for version in target.data:
            for split in target.split(version, notes)[: None if place.kind == RAW_RECORDS else 1]:
                pieces[split] = (number, version.id)
    told = _in_executors(spark, [(*pieces[split], split) for split in pieces], listed, wanted, known)
    found: list[dict[str, Found]] = [{} for _ in listed]
    for number, version_id, piece in told:
        found[number][version_id] = _both(found[number].get(version_id, Found()), piece)
    return [Held(place, target, found[n]) for n, (place, target) in enumerate(listed)]


def _in_executors(
    spark: SparkSession,
    pieces: Sequence[tuple[int, str, Split]],
    listed: Sequence[tuple[Place, Object]],
    wanted: Wanted,
    known: frozenset[RawRecord],
) -> list[tuple[int, str, Found]]:
    if not pieces:
        return []
    by_split = {split: (number, version_id) for number, version_id, split in pieces}
    tasks = [
        [
            (*by_split[split], listed[by_split[split][0]][1].bucket, listed[by_split[split][0]][0].kind, split)
            for split in task
        ]
        for task in shared_out(by_split, spark.sparkContext.defaultParallelism)
    ]

    def look(task: list[tuple[int, str, str, str, Split]]) -> list[tuple[int, str, Found]]:
        return [
            (number, version_id, found_in(bucket, split, kind, wanted, known))
            for number, version_id, bucket, kind, split in task
        ]

    return spark.sparkContext.parallelize(tasks, len(tasks)).flatMap(look).collect()


def _both(one: Found, other: Found) -> Found:
    return Found(
        (*one.hits, *other.hits), one.ids | other.ids, one.texts | other.texts, one.unreadable or other.unreadable
    )


def _raw_records(held: Iterable[Held], notes: Rewritten) -> Iterator[RawRecord]:
    """The raw records that were found, as the quarantine knows them."""
    for one in held:
        if one.place.kind == RAW_RECORDS:
            for version, found in one.found.items():
                original = notes.original_of(one.target.key, version)
                yield from ((one.target.key, original, hit.position) for hit in found.hits)


def _is_to_change(one: Held, lake: Lake) -> bool:
    """Whether a key holds messages, or an attempt that was cut off has left it half rewritten."""
    is_pending = one.place.kind == RAW_RECORDS and one.target.key in lake.notes.pending
    return is_pending or any(found.hits for found in one.found.values())


def _erase(one: Held, lake: Lake, request: Request) -> None:
    run_id, report = run_of(one.target.key) or "", report_of(one.place, one.target.key)
    stays = untouched(one.target, one.place.kind, one.found)
    entry = Entry(
        place=one.place.name,
        bucket=one.target.bucket,
        key=one.target.key,
        records=one.records,
        versions=tuple(version.id for version in one.target.versions if version.id not in stays),
        messages=tuple(sorted({hashed(request.salt, id_) for found in one.found.values() for id_ in found.ids})),
    )
    if one.place.table:
        version = report_version(lake.curated, run_id, report)
        entry = replace(
            entry, run_id=run_id, table=one.place.table, rows=one.rows, report=report, report_version=version
        )
    journal(lake.curated, request, entry)
    erase(one.target, one.place.kind, one.found, lake.notes)


def _misplaced(bucket: str) -> list[str]:
    """Prefixes below the messages that name no source."""
    pages = s3().get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{RAW_MESSAGES}/", Delimiter="/")
    found = [(page.get("CommonPrefixes", []), page.get("Contents", [])) for page in pages]
    folders = [one["Prefix"] for folders, _ in found for one in folders]
    strangers = [one for one in folders if not _names_a_source(one)]
    return [*strangers, *(one["Key"] for _, keys in found for one in keys)]


def _names_a_source(folder: str) -> bool:
    name, _, source = folder.rstrip("/").rpartition("/")[2].partition("=")
    return name == "source" and SOURCE.fullmatch(source) is not None


def main(argv: Sequence[str]) -> None:
    """Run the job and print what became of the places, in numbers."""
    args = job_arguments(argv, "request", "raw", "curated", "predictions")
    buckets = {name: bucket_name(getattr(args, name)) for name in ("raw", "curated", "predictions")}
    print(erase_messages(args.request, buckets)["places"])


if __name__ == "__main__":
    main(sys.argv[1:])
