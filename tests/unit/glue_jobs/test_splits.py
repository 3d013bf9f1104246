"""How raw objects are cut and shared out among tasks."""

import pytest

from glue_jobs.raw.claims import RawObject
from glue_jobs.raw.splits import OBJECT_COST, shared_out, splits_of


def raw(name: str, size: int) -> RawObject:
    return RawObject(f"messages/source=web/date=2026-01-15/{name}", "v1", size, "2026-01-16T00:00:00+00:00")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.jsonl", ("json_lines", False)),
        ("a.JSON", ("json_lines", False)),
        ("a.ndjson.gz", ("json_lines", True)),
        ("a.csv", ("csv", False)),
        ("a.csv.gz", ("csv", True)),
        ("a.parquet", ("parquet", False)),
        ("a.xlsx", ("unknown", False)),
        ("a.gz", ("unknown", True)),
    ],
)
def test_the_format_is_told_by_the_name(name: str, expected: tuple[str, bool]) -> None:
    [split] = splits_of(raw(name, 10))
    assert (split.format, split.gzip) == expected
    assert (split.source, split.date) == ("web", "2026-01-15")


def test_plain_json_lines_are_cut_and_everything_else_stays_whole() -> None:
    assert [(s.start, s.end) for s in splits_of(raw("a.jsonl", 25), split_bytes=10)] == [(0, 10), (10, 20), (20, 25)]
    assert [(s.start, s.end) for s in splits_of(raw("a.jsonl.gz", 25), split_bytes=10)] == [(0, 25)]
    assert [(s.start, s.end) for s in splits_of(raw("a.csv", 25), split_bytes=10)] == [(0, 25)]


def test_an_empty_object_has_no_splits() -> None:
    assert splits_of(raw("a.parquet", 0)) == []


def test_the_work_is_shared_out_evenly_and_whole() -> None:
    splits = [
        split for n, size in enumerate([9, 1, 1, 1, 6]) for split in splits_of(raw(f"{n}.csv", size * OBJECT_COST))
    ]
    tasks = shared_out(splits, least=2, task_bytes=100 * OBJECT_COST)
    assert sorted(sum(s.end // OBJECT_COST + 1 for s in task) for task in tasks) == [11, 12]
    assert sorted(s.key for task in tasks for s in task) == [s.key for s in splits]


def test_small_work_is_not_cut_below_its_splits_and_no_work_is_one_task() -> None:
    assert len(shared_out(splits_of(raw("a.csv", 5)), least=8)) == 1
    assert shared_out([], least=8) == [[]]
