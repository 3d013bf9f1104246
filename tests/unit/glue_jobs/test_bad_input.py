"""Bad input ends in quarantine with a reason and its bytes; what is good beside it is kept."""

import base64
import io
import json
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.unit.glue_jobs.lake import Lake, gzipped, json_lines

GOOD = {"text": "a good message"}
LONG = b'{"text": "' + b"x" * 5_000_000 + b'"}'
MANY = json_lines(*({"text": f"message {n} {n * 7919 % 1009}"} for n in range(500)))


def wrong_columns() -> bytes:
    table = io.BytesIO()
    pq.write_table(pa.table({"text": [1, 2], "other": ["a", "b"]}), table)
    return table.getvalue()


OBJECTS = {
    "empty.jsonl": b"",
    "empty.csv": b"",
    "empty.parquet": b"",
    "header-only.csv": b"message_id,text\n",
    "truncated.jsonl.gz": gzipped(MANY)[:-400],
    "latin1.jsonl": json_lines(GOOD) + '{"text": "mañana"}\n'.encode("latin-1"),
    "latin1.csv": "text\nmañana\ngood csv\n".encode("latin-1"),
    "long.jsonl": LONG + b"\n" + json_lines(GOOD),
    "types.jsonl": json_lines({"text": 1}, {"text": "x", "id": []}, {"text": "x", "language": 3}, GOOD),
    "types.parquet": wrong_columns(),
    "unknown-columns.jsonl": json_lines({**GOOD, "mood": "angry", "nested": {"a": [1]}}),
    "no-text.csv": b"message_id,comment\n1,hello\n2,bye\n",
    "broken.jsonl": b'{"text": "unfinished\n' + json_lines(GOOD),
    "notes.docx": b"PK whatever",
    "dates.jsonl": json_lines({**GOOD, "received_at": "31/12/2025"}, {**GOOD, "received_at": "2999-01-01"}),
}


@pytest.fixture(scope="module")
def run(new_lake: Any) -> tuple[dict[str, Any], dict[str, list[dict[str, Any]]], dict[str, int]]:
    """One run over every bad object: its report, the quarantine by object, and how many messages each gave."""
    lake: Lake = new_lake()
    for name, body in OBJECTS.items():
        lake.land(name, body)
    lake.put("raw", "messages/nowhere.jsonl", json_lines(GOOD))
    report = lake.clean()
    refused: dict[str, list[dict[str, Any]]] = {}
    for line in lake.lines("quarantine/run_id=r1/"):
        refused.setdefault(line["object"].rpartition("/")[2], []).append(line)
    kept: dict[str, int] = {}
    for row in lake.parquet("messages"):
        name = row["raw_key"].rpartition("/")[2]
        kept[name] = kept.get(name, 0) + 1
    return report, refused, kept


@pytest.mark.parametrize(
    ("name", "kept", "reasons"),
    [
        ("empty.jsonl", 0, []),
        ("empty.csv", 0, []),
        ("empty.parquet", 0, []),
        ("header-only.csv", 0, []),
        ("latin1.jsonl", 1, ["not_utf8"]),
        ("latin1.csv", 1, ["not_utf8"]),
        ("long.jsonl", 1, ["too_long"]),
        ("types.jsonl", 1, ["wrong_type", "wrong_type", "wrong_type"]),
        ("types.parquet", 0, ["wrong_type", "wrong_type"]),
        ("unknown-columns.jsonl", 1, []),
        ("no-text.csv", 0, ["missing_text", "missing_text"]),
        ("broken.jsonl", 1, ["unparsable"]),
        ("notes.docx", 0, ["unknown_format"]),
        ("dates.jsonl", 0, ["bad_timestamp", "future_date"]),
        ("nowhere.jsonl", 0, ["misplaced"]),
    ],
)
def test_a_bad_object_is_refused_record_by_record(run: Any, name: str, kept: int, reasons: list[str]) -> None:
    _, refused, messages = run
    assert sorted(line["reason"] for line in refused.get(name, [])) == reasons
    assert messages.get(name, 0) == kept


def test_a_truncated_gzip_keeps_what_could_be_read(run: Any) -> None:
    _, refused, kept = run
    [damage] = refused["truncated.jsonl.gz"]
    assert damage["reason"] == "truncated_gzip"
    sound = MANY[: damage["position"]]
    assert kept["truncated.jsonl.gz"] == sound.count(b"\n") > 100
    assert MANY[damage["position"] :].startswith(base64.b64decode(damage["record_base64"]))


def test_a_quarantined_record_keeps_all_its_bytes_and_says_where_it_was(run: Any) -> None:
    _, refused, _ = run
    [line] = refused["long.jsonl"]
    assert base64.b64decode(line.pop("record_base64")) == LONG
    assert len(line.pop("version_id")) == 36
    assert line == {
        "reason": "too_long",
        "detail": "a record of 5000012 bytes, the limit is 89536",
        "source": "web",
        "object": "messages/source=web/date=2026-01-15/long.jsonl",
        "position": 0,
        "run_id": "r1",
        "step": "clean_messages",
    }


def test_every_record_that_landed_is_accounted_for(run: Any) -> None:
    report, refused, kept = run
    assert report["quarantined"] == sum(map(len, refused.values())) == 16
    assert report["kept"] == sum(kept.values())
    assert report["landed"] == report["kept"] + report["quarantined"]
    assert report["quarantine_reasons"] == {
        "bad_timestamp": 1,
        "future_date": 1,
        "misplaced": 1,
        "missing_text": 2,
        "not_utf8": 2,
        "too_long": 1,
        "truncated_gzip": 1,
        "unknown_format": 1,
        "unparsable": 1,
        "wrong_type": 5,
    }


def test_a_run_with_no_usable_message_is_an_outcome(lake: Lake, capfd: pytest.CaptureFixture[str]) -> None:
    lake.land("a.jsonl", json_lines({"text": "secreto\u0000"[7:]}, {"text": ["secreto"]}))
    report = lake.clean()
    assert (report["landed"], report["kept"], report["quarantined"], report["folders"]) == (2, 0, 2, [])
    assert "secreto" not in json.dumps(report)
    assert "secreto" not in "".join(capfd.readouterr())
    assert lake.build_batch() == {"run_id": "r1", "records": 0, "bytes": 0, "files": 0}
