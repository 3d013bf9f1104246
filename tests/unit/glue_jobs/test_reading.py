"""Records out of object versions: the same ones, at the same positions, however the object is cut."""

import gzip
import io
import json
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from glue_jobs.cleaning.draft import COLUMNS
from glue_jobs.raw import streams
from glue_jobs.raw.claims import current_objects
from glue_jobs.raw.reading import Record, records
from glue_jobs.raw.splits import splits_of
from tests.unit.glue_jobs.lake import Lake, gzipped, json_lines

LIMIT = 1000


def read(lake: Lake, name: str, body: bytes, split_bytes: int = 1 << 20) -> list[Record]:
    key = lake.land(name, body)
    [landed] = current_objects("raw", key)
    return [
        record
        for split in splits_of(landed, split_bytes)
        for record in records("raw", split, columns=COLUMNS, line_limit=LIMIT)
    ]


def parquet(columns: dict[str, Any]) -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.table(columns), file)
    return file.getvalue()


def told(found: list[Record]) -> list[tuple[int, str, bytes]]:
    return [(record.position, record.problem, record.data) for record in found]


@pytest.mark.parametrize("split_bytes", [1, 2, 3, 5, 8, 100])
def test_json_lines_are_found_at_their_offsets_however_they_are_cut(lake: Lake, split_bytes: int) -> None:
    found = read(lake, "a.jsonl", b'{"a":1}\n\n{"b":2}\r\n{"c":3}', split_bytes)
    assert told(found) == [(0, "", b'{"a":1}'), (9, "", b'{"b":2}\r'), (18, "", b'{"c":3}')]
    assert [record.fields for record in found] == [{"a": 1}, {"b": 2}, {"c": 3}]


def test_gzip_json_lines_have_the_offsets_of_the_inflated_object(lake: Lake) -> None:
    two_members = gzipped(b'{"a":1}\n') + gzipped(b'{"b":2}\n')
    assert told(read(lake, "a.jsonl.gz", two_members)) == [(0, "", b'{"a":1}'), (8, "", b'{"b":2}')]


def test_a_byte_order_mark_is_no_part_of_the_first_record(lake: Lake) -> None:
    assert read(lake, "a.jsonl", b'\xef\xbb\xbf{"text":"a"}\n')[0].fields == {"text": "a"}
    assert read(lake, "a.csv", b"\xef\xbb\xbftext\na\n")[0].fields == {"text": "a"}


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (b'{"text": "a', "unparsable"),
        (b'["text"]', "unparsable"),
        (b"text", "unparsable"),
        (b"[" * 900, "unparsable"),
        (b'{"text": "\xff"}', "not_utf8"),
        (b'{"text": "' + b"x" * LIMIT + b'"}', "too_long"),
    ],
)
def test_a_line_that_is_no_record_is_kept_with_its_bytes(lake: Lake, line: bytes, problem: str) -> None:
    found = read(lake, "a.jsonl", json_lines({"text": "a"}) + line + b"\n" + json_lines({"text": "b"}))
    assert told(found)[1] == (14, problem, line)
    assert [record.fields for record in found] == [{"text": "a"}, {}, {"text": "b"}]


@pytest.mark.parametrize("split_bytes", [7, 1 << 20])
def test_an_endless_line_is_kept_in_part_with_its_length_and_hash(
    lake: Lake, monkeypatch: pytest.MonkeyPatch, split_bytes: int
) -> None:
    monkeypatch.setattr(streams, "KEPT_BYTES", 16)
    monkeypatch.setattr(streams, "CHUNK_BYTES", 8)
    long = read(lake, "a.jsonl", b'{"a":1}\n' + b"x" * 2000 + b'\n{"b":2}\n{"c":3}\n', split_bytes)
    assert [(record.position, record.problem) for record in long] == [(0, ""), (8, "too_long"), (2009, ""), (2017, "")]
    assert long[1].data == b"x" * 16
    # head -c 2000 /dev/zero | tr '\0' x | sha256sum
    assert "2000 bytes" in long[1].detail
    assert long[1].detail.endswith("5c0e0ea421571c300b5df6aec0a118b5c3dc02e0683a546341d5efc689df2f58")


def test_csv_records_are_numbered_and_keep_their_bytes(lake: Lake) -> None:
    body = b'id,text,x\r\n1,"two\r\nlines, quoted ""so""",y\r\n\r\n2,plain,\r\n'
    found = read(lake, "a.csv", body)
    assert told(found) == [(0, "", b'1,"two\r\nlines, quoted ""so""",y\r'), (1, "", b"2,plain,\r")]
    assert [record.fields for record in found] == [
        {"id": "1", "text": 'two\r\nlines, quoted "so"', "x": "y"},
        {"id": "2", "text": "plain", "x": None},
    ]


def test_ragged_and_badly_quoted_csv_records_are_refused_alone(lake: Lake) -> None:
    found = read(lake, "a.csv", b'id,text\n1\n2,a,b\n3,"a"b\n4,good\n5,"open\n')
    assert told(found) == [
        (0, "unparsable", b"1"),
        (1, "unparsable", b"2,a,b"),
        (2, "unparsable", b'3,"a"b'),
        (3, "", b"4,good"),
        (4, "unparsable", b'5,"open'),
    ]


def test_csv_that_is_not_utf8_spoils_its_record_only(lake: Lake) -> None:
    found = read(lake, "a.csv", b"text\nma\xf1ana\nbien\n")
    assert [record.fields for record in found] == [{"text": "ma\udcf1ana"}, {"text": "bien"}]


def test_an_open_quote_does_not_swallow_the_rest_of_a_csv(lake: Lake) -> None:
    rows = b"".join(b"%d,row\n" % n for n in range(400))
    found = read(lake, "a.csv", b'id,text\n0,"open\n' + rows)
    assert found[0].problem == "too_long"
    assert found[-1].fields == {"id": "399", "text": "row"}
    assert b"\n".join(record.data for record in found) + b"\n" == b'0,"open\n' + rows


def test_parquet_rows_are_numbered_and_unknown_columns_are_ignored(lake: Lake) -> None:
    at = datetime(2026, 1, 15, 8, 30, tzinfo=UTC)
    found = read(
        lake, "a.parquet", parquet({"text": ["a", None], "id": [1, 2], "timestamp": [at, None], "other": [[1], []]})
    )
    assert [record.position for record in found] == [0, 1]
    assert [record.fields for record in found] == [
        {"text": "a", "id": 1, "timestamp": at},
        {"text": None, "id": 2, "timestamp": None},
    ]
    assert json.loads(found[0].data) == {"text": "a", "id": 1, "timestamp": "2026-01-15 08:30:00+00:00"}


def test_parquet_text_that_is_not_utf8_spoils_its_row_only(lake: Lake) -> None:
    text = pa.array([b"ma\xf1ana", b"bien"]).view(pa.string())
    found = read(lake, "a.parquet", parquet({"text": text}))
    assert [record.fields for record in found] == [{"text": "ma\udcf1ana"}, {"text": "bien"}]


def test_parquet_may_be_dictionary_encoded_and_gzipped(lake: Lake) -> None:
    body = parquet({"text": pa.array(["a", "b", "a"]).dictionary_encode()})
    assert [record.fields["text"] for record in read(lake, "a.parquet.gz", gzipped(body))] == ["a", "b", "a"]


def test_parquet_without_any_known_column_still_has_its_records(lake: Lake) -> None:
    assert [record.fields for record in read(lake, "a.parquet", parquet({"x": [1, 2, 3]}))] == [{}, {}, {}]


@pytest.mark.parametrize("body", [b"PAR1 not really PAR1", parquet({"text": ["a" * 500]})[:-20]])
def test_a_file_that_is_no_parquet_is_one_refused_record(lake: Lake, body: bytes) -> None:
    assert [(record.position, record.problem) for record in read(lake, "a.parquet", body)] == [(0, "unparsable")]


def test_what_a_truncated_gzip_holds_before_the_damage_is_kept(lake: Lake) -> None:
    lines = json_lines(*({"text": f"message {n} {n * 7919 % 1009}"} for n in range(2000)))
    cut = gzipped(lines)[:-3000]
    *sound, last = read(lake, "a.jsonl.gz", cut)
    assert last.problem == "truncated_gzip"
    assert b"".join(record.data + b"\n" for record in sound) + last.data == lines[: last.position + len(last.data)]
    assert len(sound) > 500


@pytest.mark.parametrize(
    "damage", [lambda body: body[:-4], lambda body: b"not gzip", lambda body: body[:40] + b"\0" * 9 + body[49:]]
)
def test_any_damage_to_a_gzip_is_one_refused_record(lake: Lake, damage: Any) -> None:
    body = damage(gzip.compress(json_lines(*({"text": str(n)} for n in range(99)))))
    for name in ("a.jsonl.gz", "a.csv.gz", "a.parquet.gz"):
        assert [record.problem for record in read(lake, name, body) if record.problem == "truncated_gzip"] == [
            "truncated_gzip"
        ]


def test_an_object_of_unknown_format_is_one_refused_record(lake: Lake) -> None:
    assert [(record.problem, record.detail) for record in read(lake, "a.xlsx", b"12345")] == [
        ("unknown_format", "the whole object, 5 bytes")
    ]


def test_header_only_and_blank_files_hold_no_records(lake: Lake) -> None:
    assert read(lake, "a.csv", b"id,text\n") == []
    assert read(lake, "b.jsonl", b"\n \n") == []
    assert read(lake, "c.parquet", parquet({"text": pa.array([], pa.string())})) == []
    assert read(lake, "d.jsonl", b"") == []


def test_a_store_that_ignores_ranges_is_read_from_the_right_byte(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = streams.s3()

    class Rangeless:
        def get_object(self, **request: Any) -> Any:
            return whole.get_object(**{name: value for name, value in request.items() if name != "Range"})

    monkeypatch.setattr(streams, "s3", Rangeless)
    assert [record.position for record in read(lake, "a.jsonl", b'{"a":1}\n{"b":2}\n', split_bytes=5)] == [0, 8]
