"""Erasing a person's messages: out of every version of everything, nothing else is lost, and it can be proved."""

import io
import json
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from glue_jobs.erasing.papers import erased_since, hashed
from tests.unit.glue_jobs.lake import Lake, gzipped, json_lines
from tests.unit.glue_jobs.test_current_predictions import scored

SECRET = "mi vecina se llama Xochitl y nadie lo sabe"
OTHER = "quiero que me devuelvan el dinero"


def parquet(*records: dict[str, Any]) -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(list(records)), file)
    return file.getvalue()


def score(lake: Lake, run_id: str = "r1", started_at: str = "2026-01-16T02:00:00Z", **scope: str) -> None:
    lake.clean(run_id, **scope)
    lake.build_batch(run_id)
    lake.answer(scored(*(line["id"] for line in lake.lines(f"batch/run_id={run_id}/in/"))), run_id)
    lake.publish(run_id)
    lake.succeed(run_id, started_at)


@pytest.fixture(scope="module")
def erased(new_lake: Any) -> tuple[Lake, dict[str, Any], dict[str, Any]]:
    """A lake in which a message lies everywhere, before and after its erasure; with it the certificate."""
    lake: Lake = new_lake()
    mine, other, more = {"id": "m-1", "text": SECRET}, {"id": "m-2", "text": OTHER}, {"text": "no id of its own"}
    lake.land("a.jsonl", json_lines(other, mine, more, mine))
    lake.land("b.jsonl.gz", gzipped(json_lines(mine, {"id": "m-3", "text": "tres"})))
    lake.land("c.csv", f'id,text\nm-4,"cuatro,\n4"\nm-1,"{SECRET}"\nm-5,cinco\n'.encode())
    lake.land("d.parquet", parquet(mine, {"id": "m-6", "text": "seis"}))
    lake.land(
        "e.jsonl", b'{"id": "m-1", "text": "' + SECRET.encode() + b'\n{"text": "' + SECRET.encode() + b'", "lang": 7}\n'
    )
    lake.land("f.txt", f"{SECRET}\nanother line\n".encode())
    lake.put("raw", "messages/loose.jsonl", json_lines(mine, other))
    lake.land("a.jsonl", json_lines({"id": "m-1", "text": "the same id elsewhere"}), source="app")
    lake.land_labels("l.jsonl", json_lines({"text": SECRET, "label": "gossip"}, {"text": "queja", "label": "order"}))
    score(lake)
    score(lake, "r2", "2026-01-17T02:00:00Z", take="all")
    lake.clean_labels()
    lake.build_training_set()
    lake.put("predictions", "query-results/q1.csv", b'"message_id","label"\n"m-1","refund"\n')
    lake.put("predictions", "query-results/q2.csv", b'"message_id","label"\n"m-2","refund"\n')
    lake.put(
        "curated", "messages/.spark-staging-7/source=web/part.parquet", parquet({"message_id": "m-1", "text": SECRET})
    )
    lake.land("a.jsonl", json_lines(other, mine, more, mine))  # an earlier version that a run has taken stays readable
    lake.settle()
    before = {
        key: body for bucket in ("raw", "curated", "predictions") for key, body in lake.bodies(bucket, "").items()
    }
    return lake, before, lake.erase("web:m-1")


def test_no_version_of_any_object_holds_the_text_or_the_id(erased: tuple[Lake, Any, Any]) -> None:
    lake, _, _ = erased
    assert lake.mentions("Xochitl") == []
    assert lake.mentions("web:m-1") == []
    left = lake.mentions('"m-1"')
    assert {key.partition("/")[0] for key in left if "source=app" not in key} == {"predictions"}
    predictions = lake.parquet("predictions", "predictions")
    assert {row["source"] for row in predictions if row["message_id"] == "m-1"} == {"app"}
    assert ("app", "m-1", "refund", "r2") in lake.current()


def test_everything_else_is_where_it_was(erased: tuple[Lake, Any, Any]) -> None:
    lake, before, _ = erased
    other, spaces = (
        json.dumps({"id": "m-2", "text": OTHER}).encode(),
        b" " * len(json.dumps({"id": "m-1", "text": SECRET})),
    )
    raw = "messages/source=web/date=2026-01-15"
    more = b'{"text": "no id of its own"}'
    assert lake.body("raw", f"{raw}/a.jsonl") == b"\n".join((other, spaces, more, spaces, b""))
    assert lake.body("raw", f"{raw}/c.csv") == b'id,text\nm-4,"cuatro,\n4"\nm-5,cinco\n'
    assert pq.read_table(io.BytesIO(lake.body("raw", f"{raw}/d.parquet"))).to_pylist() == [
        {"id": "m-6", "text": "seis"}
    ]
    assert lake.body("raw", f"{raw}/f.txt") == b" " * len(SECRET) + b"\nanother line\n"
    assert lake.body("raw", "messages/loose.jsonl") == spaces + b"\n" + other + b"\n"
    for key in ("messages/source=app/date=2026-01-15/a.jsonl", "query-results/q2.csv"):
        bucket = "raw" if key.startswith("messages") else "predictions"
        assert lake.body(bucket, key) == before[key]


def test_every_run_reads_what_is_left_and_no_run_takes_it_again(erased: tuple[Lake, Any, Any]) -> None:
    lake, _, _ = erased
    ids = {row["message_id"]: row["text"] for row in lake.parquet("messages/source=web") if row["run_id"] == "r1"}
    assert "m-1" not in ids
    assert lake.clean("r3")["landed"] == 2  # the object that was landed once more
    again = lake.clean("r1")
    assert (again["kept"], again["duplicates"]) == (7, 0)
    assert {
        row["message_id"]: row["text"] for row in lake.parquet("messages/source=web") if row["run_id"] == "r1"
    } == ids


def test_all_runs_still_add_up(erased: tuple[Lake, Any, Any]) -> None:
    """The ledgers stay as they were: the certificate says what is missing since."""
    lake, _, _ = erased
    gone = {table: dict(counts) for table, counts in erased_since("curated").items()}
    # r1 has cleaned again since, and counted what was left.
    assert gone == {"messages": {"r2": 1}, "predictions": {"r1": 1, "r2": 1}, "quarantine": {"r2": 2}}
    assert lake.reconcile(erased_since("curated"))["discrepancies"] == []


def test_the_certificate_says_who_and_what_and_names_no_message(erased: tuple[Lake, Any, Any]) -> None:
    _, _, certificate = erased
    people = {name: certificate[name] for name in ("request", "number", "asked_by", "approved_by")}
    assert people == {
        "request": "e1",
        "number": 1,
        "asked_by": "arn:aws:sts::111111111111:assumed-role/DataEngineer/ines",
        "approved_by": "arn:aws:sts::111111111111:assumed-role/Admin/omar",
    }
    assert certificate["messages"] == [{"sha256": hashed("5a17", "web:m-1"), "found": True}]
    assert {place: counts["records"] for place, counts in certificate["places"].items()} == {
        "batch shards": 4,
        "curated messages": 2,
        "labelled examples": 1,
        "labels": 1,
        "predictions": 2,
        "quarantine": 4,
        "query results": 1,
        "raw messages": 9,
        "training sets": 1,
        "what Spark staged": 1,
    }
    (newest,) = [one for one in certificate["objects"] if one["key"].endswith("source=web/date=2026-01-15/a.jsonl")]
    assert (newest["place"], newest["records"], len(newest["versions"])) == ("raw messages", 2, 2)
    assert certificate["unreadable"] == []
    assert certificate["nothing_left"] is False
    assert "m-1" not in json.dumps(certificate)


def test_asked_once_more_nothing_is_left(erased: tuple[Lake, Any, Any]) -> None:
    lake, _, _ = erased
    whole = {bucket: lake.versions(bucket) for bucket in ("raw", "predictions")}
    again = lake.erase("web:m-1", name="e2")
    assert (again["nothing_left"], again["objects"], again["messages"][0]["found"]) == (True, [], False)
    assert {bucket: lake.versions(bucket) for bucket in ("raw", "predictions")} == whole


def test_the_ids_are_gone_once_a_request_was_carried_out(erased: tuple[Lake, Any, Any]) -> None:
    lake, _, _ = erased
    assert lake.versions("curated", "erasures/e1/ids.json") == {}
    assert b"m-1" not in b"".join(body or b"" for body in lake.versions("curated", "erasures/").values())
    with pytest.raises(ValueError, match="request e1 was carried out: ask again"):
        lake.carry_out()


@pytest.mark.parametrize(
    ("approved_by", "said"),
    [
        (None, "request e1 is not approved: criba erase run e1"),
        ("arn:aws:sts::111111111111:assumed-role/Admin/ines", "asked for and approved by one person"),
    ],
)
def test_two_people_have_to_stand_for_it(lake: Lake, approved_by: str | None, said: str) -> None:
    lake.land("a.jsonl", json_lines({"id": "1", "text": "one"}))
    lake.request("web:1", approved_by=approved_by)
    with pytest.raises(ValueError, match=said):
        lake.carry_out()
    assert lake.mentions('"one"') == ["raw/messages/source=web/date=2026-01-15/a.jsonl"]


def test_a_message_of_an_object_that_no_run_has_taken_yet_is_erased_and_the_rest_is_taken(lake: Lake) -> None:
    lake.land("a.csv", b"id,text\n1,one\n2,two\n3,three\n")
    assert lake.erase("web:2")["places"]["raw messages"]["records"] == 1
    lake.clean()
    assert {row["message_id"]: row["position"] for row in lake.parquet("messages")} == {"1": 0, "3": 2}
    assert lake.clean("r2")["landed"] == 0


def test_messages_without_an_id_of_their_own_keep_the_one_that_they_were_given(lake: Lake) -> None:
    lake.land("a.csv", b"text\none\ntwo\nthree\n")
    lake.land("b.jsonl", json_lines({"text": "four"}, {"text": "five"}))
    lake.clean()
    given = {row["text"]: row["message_id"] for row in lake.parquet("messages")}
    lake.erase(f"web:{given['one']}", f"web:{given['four']}")
    lake.erase(f"web:{given['two']}", name="e2")
    left = {"three": given["three"], "five": given["five"]}
    assert {row["text"]: row["message_id"] for row in lake.parquet("messages")} == left
    lake.clean("r2", take="all")
    assert {row["text"]: row["message_id"] for row in lake.parquet("messages") if row["run_id"] == "r2"} == left


def test_a_redrive_of_an_erased_record_brings_back_only_the_others(lake: Lake) -> None:
    lake.land("a.csv", b"id,text\n1,one\n2,two\n3,three\n", source="new")
    lake.clean()
    version = lake.s3.head_object(Bucket="raw", Key="messages/source=new/date=2026-01-15/a.csv")["VersionId"]
    assert lake.erase("new:2")["places"] == {
        "quarantine": {"objects": 1, "records": 1, "versions_deleted": 1},
        "raw messages": {"objects": 1, "records": 1, "versions_deleted": 1},
    }
    asked = [{"name": "a.csv", "version_id": version, "positions": [0, 1, 2], "rest_from": None}]
    lake.land("x.redrive", json.dumps({"objects": asked}).encode(), source="new")
    report = lake.clean("r2", sources="new")
    assert (report["redriven"], report["erased"], report["kept"]) == (2, 1, 2)
    assert {row["message_id"]: row["position"] for row in lake.parquet("messages")} == {"1": 0, "3": 2}


def test_all_versions_that_runs_have_taken_stay_readable_in_order(lake: Lake) -> None:
    """The source wrote the object three times; a run has taken the first and the last one."""
    lake.land("a.jsonl", json_lines({"id": "1", "text": "Xochitl"}, {"id": "2", "text": "two"}))
    lake.clean("r1")
    lake.land("a.jsonl", json_lines({"id": "1", "text": "Xochitl was never taken"}))
    lake.land("a.jsonl", json_lines({"id": "3", "text": "three"}))
    lake.clean("r2")
    lake.erase("web:1")
    assert lake.mentions("Xochitl") == []
    assert lake.body("raw", "messages/source=web/date=2026-01-15/a.jsonl") == json_lines({"id": "3", "text": "three"})
    for run_id, kept in (("r1", ["2"]), ("r2", ["3"])):
        assert lake.clean(run_id)["kept"] == 1
        assert [row["message_id"] for row in lake.parquet("messages") if row["run_id"] == run_id] == kept
    assert lake.clean("r3")["landed"] == 0


def test_a_deleted_object_stays_deleted_and_its_old_versions_go(lake: Lake) -> None:
    key = lake.land("a.jsonl", json_lines({"id": "1", "text": "one"}))
    lake.s3.delete_object(Bucket="raw", Key=key)
    lake.erase("web:1")
    assert lake.keys("raw") == []
    assert [body for body in lake.versions("raw").values() if body is not None] == []


def test_what_follows_the_damage_of_a_gzip_object_goes_with_the_message(lake: Lake) -> None:
    lines = json_lines({"id": "1", "text": "one"}, {"id": "2", "text": "two"}, {"id": "3", "text": "x" * 90_000})
    lake.land("a.jsonl.gz", gzipped(lines)[:-40])
    assert lake.erase("web:9")["unreadable"][0]["key"].endswith("a.jsonl.gz")
    lake.erase("web:1", name="e2")
    lake.clean()
    assert [(row["message_id"], row["position"]) for row in lake.parquet("messages")] == [("2", 27)]
