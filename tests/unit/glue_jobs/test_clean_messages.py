"""CleanMessages from raw objects to curated messages: every landed record is kept, a duplicate, or quarantined."""

import io
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from glue_jobs.cleaning.comparing import Counts
from tests.unit.glue_jobs.lake import Lake, gzipped, json_lines


def texts(lake: Lake, folder: str = "messages") -> list[str]:
    return sorted(row["text"] for row in lake.parquet(folder))


def test_a_message_becomes_canonical(lake: Lake) -> None:
    record = {"id": 17, "body": "  ¿Dónde está mi pedido?\n", "timestamp": "2026-01-15T09:30:00+01:00"}
    key = lake.land("a.jsonl", json_lines(record))
    report = lake.clean()
    [row] = lake.parquet("messages")
    assert row == {
        "message_id": "17",
        "received_at": datetime(2026, 1, 15, 8, 30, tzinfo=UTC),
        "text": "¿Dónde está mi pedido?",
        "language": "es",
        "text_key": "donde esta mi pedido",
        "raw_key": key,
        "raw_version": lake.s3.head_object(Bucket="raw", Key=key)["VersionId"],
        "position": 0,
        "run_id": "r1",
        "folder": "messages/source=web/date=2026-01-15/run=r1",
    }
    assert report.pop("seconds") > 0
    assert report.pop("quality")["verdict"] == "pass"
    assert report == {
        "run_id": "r1",
        "objects": 1,
        "bytes": 106,
        "landed": 1,
        "redriven": 0,
        "erased": 0,
        "kept": 1,
        "duplicates": 0,
        "duplicate_kinds": {},
        "quarantined": 0,
        "quarantine_reasons": {},
        "folders": ["messages/source=web/date=2026-01-15/run=r1"],
    }


def test_one_run_takes_every_format_and_source(lake: Lake) -> None:
    table = io.BytesIO()
    pq.write_table(pa.table({"message": ["parquet"], "id": [1]}), table)
    lake.land("a.jsonl", json_lines({"text": "json lines"}))
    lake.land("a.jsonl.gz", gzipped(json_lines({"text": "json lines gzip"})), source="app")
    lake.land("a.csv", b"text\ncsv\n", source="mail")
    lake.land("b.csv.gz", gzipped(b"text\ncsv gzip\n"), source="mail", date="2026-01-16")
    lake.land("a.parquet", table.getvalue())
    report = lake.clean()
    assert texts(lake) == ["csv", "csv gzip", "json lines", "json lines gzip", "parquet"]
    assert report["folders"] == [
        "messages/source=app/date=2026-01-15/run=r1",
        "messages/source=mail/date=2026-01-15/run=r1",
        "messages/source=mail/date=2026-01-16/run=r1",
        "messages/source=web/date=2026-01-15/run=r1",
    ]


@pytest.fixture(scope="module")
def repeated(new_lake: Any) -> tuple[Lake, dict[str, Any]]:
    """A run over messages that repeat: within an object, across objects, across sources, and without ids."""
    lake = new_lake()
    same = {"id": "1", "text": "same"}
    lake.land("a.jsonl", json_lines(same, {"id": "2", "text": "first"}, {"text": "no id"}, {"text": "no id"}))
    lake.land("b.jsonl", json_lines(same, {"id": "1", "text": " same\u0000 "}, {"id": "2", "text": "second"}))
    lake.land("c.jsonl", json_lines({"id": "2", "text": "second"}, {"id": "3", "text": "same"}))
    lake.land("a.jsonl", json_lines(same), source="app")
    return lake, lake.clean()


def test_a_repeated_message_is_dropped_and_counted(repeated: tuple[Lake, dict[str, Any]]) -> None:
    lake, report = repeated
    assert texts(lake) == ["first", "no id", "no id", "same", "same", "same"]
    assert (report["landed"], report["kept"], report["duplicates"], report["quarantined"]) == (10, 6, 2, 2)


def test_the_same_id_with_another_text_is_quarantined(repeated: tuple[Lake, dict[str, Any]]) -> None:
    lake, report = repeated
    second = b'{"id": "2", "text": "second"}'
    assert lake.quarantine("r1") == [("id_clash", 0, second), ("id_clash", 64, second)]
    assert report["quarantine_reasons"] == {"id_clash": 2}


def test_a_message_without_id_gets_one_from_its_place(repeated: tuple[Lake, dict[str, Any]]) -> None:
    lake, _ = repeated
    ids = [row["message_id"] for row in lake.parquet("messages") if row["text"] == "no id"]
    assert len(set(ids)) == 2
    assert all(len(one) == 32 and int(one, 16) for one in ids)


def test_duplicates_are_told_apart_by_where_the_first_one_lies(lake: Lake) -> None:
    same = {"id": "1", "text": "same"}
    lake.land("a.jsonl", json_lines(same, same, same))
    lake.land("b.jsonl", json_lines(same, {"id": "2", "text": "two"}, {"id": "2", "text": "two"}))
    report = lake.clean()
    assert (report["duplicates"], report["duplicate_kinds"]) == (4, {"same_object": 3, "other_object": 1})


def test_personal_data_does_not_reach_the_curated_messages(lake: Lake) -> None:
    lake.land("a.jsonl", json_lines({"id": "1", "text": "soy ana@example.com, 612 345 678"}, {"text": "x", "id": "2"}))
    lake.clean()
    assert texts(lake) == ["soy <EMAIL>, <PHONE>", "x"]


def test_texts_that_differ_in_redacted_data_only_are_no_duplicates(lake: Lake) -> None:
    lake.land("a.jsonl", json_lines({"id": "1", "text": "a@example.com"}, {"id": "1", "text": "b@example.com"}))
    assert lake.clean()["quarantine_reasons"] == {"id_clash": 1}


def test_a_run_repeated_writes_the_same_and_leaves_other_runs_alone(lake: Lake) -> None:
    lake.land("a.jsonl", json_lines({"id": "1", "text": "one"}, {"id": 1.5, "text": "refused"}))
    first = lake.clean("r1")
    lake.land("b.jsonl", json_lines({"id": "2", "text": "two"}))
    lake.clean("r2")
    rows, quarantine = lake.parquet("messages"), lake.bodies("curated", "quarantine/")
    again = lake.clean("r1")
    assert lake.parquet("messages") == rows
    assert lake.bodies("curated", "quarantine/") == quarantine
    assert {**again, "seconds": 0} == {**first, "seconds": 0}
    assert texts(lake, "messages/source=web/date=2026-01-15/run=r2") == ["two"]


def test_an_overwritten_object_is_still_read_by_its_claimed_version(lake: Lake) -> None:
    lake.land("a.jsonl", json_lines({"id": "1", "text": "as claimed"}))
    lake.clean("r1")
    lake.land("a.jsonl", json_lines({"id": "1", "text": "written later"}))
    lake.clean("r1")
    assert texts(lake) == ["as claimed"]
    lake.clean("r2")
    assert texts(lake, "messages/source=web/date=2026-01-15/run=r2") == ["written later"]


def test_a_stale_quarantine_of_an_earlier_attempt_is_removed(lake: Lake) -> None:
    stale = lake.put("curated", "quarantine/run_id=r1/clean_messages-00007.jsonl", b"stale")
    of_another_step = lake.put("curated", "quarantine/run_id=r1/publish_predictions-00000.jsonl", b"kept")
    lake.land("a.jsonl", json_lines({"text": "one"}))
    lake.clean()
    assert lake.keys("curated", "quarantine/") == [of_another_step]
    assert stale not in lake.keys("curated")


def test_labels_keep_their_label_split_and_references(lake: Lake) -> None:
    lake.land_labels(
        "a.jsonl",
        json_lines(
            {"id": "1", "text": "Hola a todos", "label": " greeting ", "split": "test"},
            {"message_id": "m1", "source": "web", "label": "order"},
            {"message_id": "m1", "source": "web", "label": "order"},
            {"message_id": "m1", "source": "web", "label": "refund"},
            {"text": "sin etiqueta"},
        ),
    )
    report = lake.clean_labels()
    rows = lake.parquet("labelled/run_id=t1")
    assert sorted((row["source"], row["message_id"], row["text"], row["label"], row["split"]) for row in rows) == [
        ("labels", "1", "Hola a todos", "greeting", "test"),
        ("web", "m1", None, "order", None),
        ("web", "m1", None, "refund", None),
    ]
    assert (report["landed"], report["kept"], report["duplicates"]) == (5, 3, 1)
    assert report["quarantine_reasons"] == {"missing_label": 1}
    assert report["folders"] == []


@pytest.mark.parametrize("kind", ["messages", "labels"])
def test_nothing_to_take_is_no_failure(lake: Lake, kind: str) -> None:
    report = lake.clean("r1", kind=kind)
    assert report.pop("quality")["verdict"] == "pass"
    assert {**report, "seconds": 0} == {
        "run_id": "r1",
        "objects": 0,
        "bytes": 0,
        "landed": 0,
        "redriven": 0,
        "erased": 0,
        "kept": 0,
        "duplicates": 0,
        "duplicate_kinds": {},
        "quarantined": 0,
        "quarantine_reasons": {},
        "folders": [],
        "seconds": 0,
    }
    assert lake.parquet("messages") == []


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"workflow": "nightly"}, "--workflow 'nightly'"),
        ({"kind": "both"}, "--kind 'both'"),
        ({"source": "Web Form"}, "--source 'Web Form'"),
        ({"date_from": "yesterday"}, "--date_from 'yesterday'"),
        ({"max_text_bytes": "0"}, "--max_text_bytes '0'"),
        ({"raw": "raw"}, "'raw' is not a bucket"),
        ({"curated": "curated"}, "'curated' is not a bucket"),
    ],
)
def test_a_wrong_argument_is_named(lake: Lake, changed: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        lake.clean(**changed)


def test_counts_that_do_not_add_up_fail_the_run() -> None:
    counts = Counts(10, 6, 2, {"same_object": 2}, 1, {"unparsable": 1}, 0, ())
    with pytest.raises(
        RuntimeError, match="10 records landed, but 6 were kept, 2 were duplicates and 1 were quarantined"
    ):
        counts.check()
