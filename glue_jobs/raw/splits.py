"""How raw objects are shared out: plain JSON Lines in byte ranges, everything else one object at a time."""

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from glue_jobs.raw.claims import RawObject

SPLIT_BYTES = 32 << 20
OBJECT_COST = 256 << 10
"""What opening an object costs, in bytes that could have been read instead: many small files are work too."""

FORMATS = {".jsonl": "json_lines", ".json": "json_lines", ".ndjson": "json_lines", ".csv": "csv", ".parquet": "parquet"}
UNKNOWN = "unknown"


@dataclass(frozen=True)
class Split:
    """A piece of one raw object version: the records that begin at bytes `start` to `end`, exclusive.

    `place` is the source and date of a message object, empty strings where the key tells none. Of a redriven object
    `only` the records at these positions are wanted, and all from `rest_from` on.
    """

    key: str
    version_id: str
    format: str
    gzip: bool
    source: str
    date: str
    last_modified: str
    start: int
    end: int
    only: Sequence[int] | None = None
    rest_from: int | None = None
    stored: str = ""
    erased: Sequence[int] = ()

    @property
    def stored_version(self) -> str:
        """The version that is read: another one once records of it were erased (whose positions are `erased`)."""
        return self.stored or self.version_id


def splits_of(found: RawObject, split_bytes: int = SPLIT_BYTES) -> list[Split]:
    """Cut an object into splits; an empty one, of whatever format, has none."""
    name = found.key.lower()
    gzip = name.endswith(".gz")
    name = name.removesuffix(".gz")
    kind = next((kind for ending, kind in FORMATS.items() if name.endswith(ending)), UNKNOWN)
    step = split_bytes if kind == "json_lines" and not gzip else max(found.bytes, 1)
    source, date = found.place or ("", "")
    return [
        Split(
            found.key,
            found.version_id,
            kind,
            gzip,
            source,
            date,
            found.last_modified,
            start,
            min(start + step, found.bytes),
        )
        for start in range(0, found.bytes, step)
    ]


def shared_out(splits: Iterable[Split], least: int, task_bytes: int = SPLIT_BYTES) -> list[list[Split]]:
    """Share the splits among tasks of about equal work: at least `least` of them, at most `task_bytes` of work each.

    The heaviest splits are dealt first, each to the task that has least so far, so the same splits give the same tasks.
    """
    by_weight = sorted(splits, key=lambda split: (-_weight(split), split.key, split.start))
    count = max(least, -(-sum(map(_weight, by_weight)) // task_bytes), 1)
    tasks: list[list[Split]] = [[] for _ in range(min(count, max(len(by_weight), 1)))]
    loads = [(0, number) for number in range(len(tasks))]
    for split in by_weight:
        load, number = heapq.heappop(loads)
        tasks[number].append(split)
        heapq.heappush(loads, (load + _weight(split), number))
    return tasks


def _weight(split: Split) -> int:
    return split.end - split.start + OBJECT_COST
