"""Records come back from the quarantine: read again where they landed, judged anew, and nothing beside them."""

import io
import json
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.unit.glue_jobs.lake import Lake, gzipped, json_lines

NAME = "redriven-r1-00001.redrive"


def land_redrive(lake: Lake, *objects: dict[str, Any], name: str = NAME, source: str = "web") -> None:
    lake.land(name, json.dumps({"objects": objects}).encode(), source=source)


def wanted(lake: Lake, name: str, *positions: int, rest_from: int | None = None, source: str = "web") -> dict[str, Any]:
    head = lake.s3.head_object(Bucket="raw", Key=f"messages/source={source}/date=2026-01-15/{name}")
    return {"name": name, "version_id": head["VersionId"], "positions": positions, "rest_from": rest_from}


def parquet(**columns: Any) -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.table(columns), file)
    return file.getvalue()


def texts(lake: Lake, run_id: str) -> list[tuple[str, int]]:
    return sorted((row["text"], row["position"]) for row in lake.parquet("messages") if row["run_id"] == run_id)


LINES = json_lines({"text": "one"}, {"text": "two"}, {"text": "three"})


@pytest.mark.parametrize(
    ("name", "body", "positions", "again"),
    [
        ("a.jsonl", LINES, (16, 32), [("three", 32), ("two", 16)]),
        ("a.jsonl", LINES, (0,), [("one", 0)]),
        ("a.jsonl.gz", gzipped(LINES), (16,), [("two", 16)]),
        ("a.csv", b'id,text\n1,one\n2,"two,\nand more"\n3,three\n', (1, 2), [("three", 2), ("two, and more", 1)]),
        ("a.parquet", parquet(text=["one", "two", "three"]), (2,), [("three", 2)]),
    ],
)
def test_the_records_that_a_redrive_names_are_read_again_and_no_others(
    lake: Lake, name: str, body: bytes, positions: tuple[int, ...], again: list[tuple[str, int]]
) -> None:
    lake.land(name, body, source="new")
    refused = lake.clean("r1")
    assert refused["quarantine_reasons"] == {"unknown_source": 3}
    land_redrive(lake, wanted(lake, name, *positions, source="new"), source="new")
    report = lake.clean("r2", sources="new")
    assert (report["objects"], report["landed"], report["redriven"], report["kept"]) == (1, *[len(again)] * 3)
    assert texts(lake, "r2") == again
    assert {row["raw_key"].rpartition("/")[2] for row in lake.parquet("messages")} == {name}


def test_a_redriven_record_keeps_its_source_and_its_date(lake: Lake) -> None:
    lake.land("a.jsonl", LINES, source="new")
    lake.clean("r1")
    land_redrive(lake, wanted(lake, "a.jsonl", 0, source="new"), source="new")
    assert lake.clean("r2", sources="new")["folders"] == ["messages/source=new/date=2026-01-15/run=r2"]


def test_a_redrive_is_taken_by_one_run_only(lake: Lake) -> None:
    lake.land("a.jsonl", LINES, source="new")
    lake.clean("r1")
    land_redrive(lake, wanted(lake, "a.jsonl", 0, source="new"), source="new")
    lake.clean("r2", sources="new")
    assert lake.clean("r3", sources="new")["landed"] == 0
    assert lake.clean("r2", sources="new")["landed"] == 1


def test_what_was_refused_whole_is_read_again_from_there_on(lake: Lake) -> None:
    lake.land("a.jsonl.gz", gzipped(LINES))
    lake.land("b.jsonl", LINES)
    lake.clean("r1")
    land_redrive(lake, wanted(lake, "a.jsonl.gz", rest_from=16), wanted(lake, "b.jsonl", rest_from=0))
    report = lake.clean("r2")
    assert texts(lake, "r2") == [("one", 0), ("three", 32), ("three", 32), ("two", 16), ("two", 16)]
    assert (report["landed"], report["redriven"]) == (5, 2)


def test_a_record_that_is_still_refused_goes_to_the_quarantine_of_the_new_run(lake: Lake) -> None:
    lake.land("a.jsonl", json_lines({"text": " "}))
    lake.clean("r1")
    land_redrive(lake, wanted(lake, "a.jsonl", 0))
    assert lake.clean("r2")["quarantine_reasons"] == {"blank_text": 1}
    assert lake.quarantine("r1") == lake.quarantine("r2") == [("blank_text", 0, b'{"text": " "}')]


def test_an_erased_version_is_counted_as_erased_and_stops_no_run(lake: Lake) -> None:
    lake.land("a.jsonl", LINES)
    lake.clean("r1")
    gone = wanted(lake, "a.jsonl", 0, 16)
    lake.s3.delete_object(Bucket="raw", Key="messages/source=web/date=2026-01-15/a.jsonl", VersionId=gone["version_id"])
    land_redrive(lake, gone)
    report = lake.clean("r2")
    assert (report["erased"], report["redriven"], report["landed"]) == (2, 0, 0)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"[]",
        b'{"objects": [{"name": "a.jsonl"}]}',
        b'{"objects": [{"name": "a.jsonl", "version_id": "v", "positions": ["0"], "rest_from": null}]}',
        b'{"objects": [{"name": "a.jsonl", "version_id": "v", "positions": [-1], "rest_from": null}]}',
        b'{"objects": [{"name": "", "version_id": "v", "positions": [1], "rest_from": null}]}',
        b"[" * 100_000,
    ],
)
def test_an_object_that_only_has_the_name_of_a_redrive_is_refused_as_any_other(lake: Lake, body: bytes) -> None:
    lake.land(NAME, body)
    assert lake.clean()["quarantine_reasons"] == ({"unknown_format": 1} if body else {})


def test_a_redrive_that_names_what_is_not_there_loses_and_stops_nothing(lake: Lake) -> None:
    lake.land("a.jsonl", LINES)
    lake.clean("r1")
    land_redrive(lake, wanted(lake, "a.jsonl", 0, 1, 999), {**wanted(lake, "a.jsonl", 0), "version_id": "never"})
    report = lake.clean("r2")
    assert (report["landed"], report["kept"], report["quarantine_reasons"]) == (3, 1, {"unparsable": 2})


def test_a_redrive_reaches_no_other_source_and_no_other_date(lake: Lake) -> None:
    lake.land("a.jsonl", LINES, source="app")
    other = wanted(lake, "a.jsonl", 0, source="app")
    land_redrive(lake, {**other, "name": "../../source=app/date=2026-01-15/a.jsonl"})
    report = lake.clean("r2", source="web")
    assert (report["erased"], report["landed"]) == (1, 0)
