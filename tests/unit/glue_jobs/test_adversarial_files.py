"""More than a hundred files that a source should not have sent: every record in them is kept, a duplicate or refused.

The counts are typed by hand. `kept` and `duplicates` are records, the reasons are those of the others.
"""

import base64
import gzip
import io
import json
import zlib
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.unit.glue_jobs.lake import Lake, gzipped, json_lines

ONE, TWO = json_lines({"text": "one"}), json_lines({"text": "one"}, {"text": "two"})
LIMIT = 20_000


@dataclass(frozen=True)
class File:
    """A file as it lands, and what must become of its records."""

    name: str
    body: bytes
    kept: int
    reasons: tuple[str, ...] = ()
    duplicates: int = 0
    source: str = "web"

    @property
    def records(self) -> int:
        return self.kept + self.duplicates + len(self.reasons)


def said(text: str, **more: Any) -> bytes:
    return json_lines({"text": text, **more})


def dated(*moments: Any) -> bytes:
    return json_lines(*({"text": "when", "received_at": one} for one in moments))


def table(**columns: Any) -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.table(columns), file)
    return file.getvalue()


def flushed(first: bytes, rest: bytes) -> tuple[bytes, int]:
    """A gzip object whose first part can be inflated by itself, and where that part ends."""
    packer = zlib.compressobj(wbits=31)
    begun = packer.compress(first) + packer.flush(zlib.Z_FULL_FLUSH)
    return begun + packer.compress(rest) + packer.flush(), len(begun)


HALF, HALF_END = flushed(ONE, said("two") * 50)
HALF_CSV, HALF_CSV_END = flushed(b"text\none\n", b"two\n" * 50)
PARQUET = table(text=["one", "two"])
GZIP = gzipped(TWO)
WRONG_SUM = GZIP[:-8] + bytes([GZIP[-8] ^ 1]) + GZIP[-7:]

ENCODINGS = [
    # A newline of UTF-16 is two bytes, and the second begins a record of its own.
    File("utf-16.jsonl", '{"text": "hola"}\n'.encode("utf-16"), 0, ("not_utf8", "unparsable")),
    File("utf-16-be.jsonl", '{"text": "hola"}\n'.encode("utf-16-be"), 0, ("unparsable",)),
    File("utf-32.jsonl", '{"text": "hola"}\n'.encode("utf-32"), 0, ("not_utf8", "unparsable")),
    File("utf-16.csv", "text\nhola\n".encode("utf-16"), 0, ("missing_text", "missing_text")),
    File("bom.jsonl", b"\xef\xbb\xbf" + TWO, 2),
    File("bom.csv", b"\xef\xbb\xbftext\none\n", 1),
    File("bom-quoted.csv", b'\xef\xbb\xbf"text"\none\n', 1),
    File("bom-twice.jsonl", b"\xef\xbb\xbf\xef\xbb\xbf" + ONE, 0, ("unparsable",)),
    File("bom-in-the-middle.jsonl", ONE + b"\xef\xbb\xbf" + ONE, 1, ("unparsable",)),
    File("latin-1.jsonl", ONE + '{"text": "mañana"}\n{"text": "año"}\n'.encode("latin-1"), 1, ("not_utf8", "not_utf8")),
    File("windows-1252.csv", "text\n“hola”\nadiós\nbye\n".encode("cp1252"), 1, ("not_utf8", "not_utf8")),
    File("overlong.jsonl", b'{"text": "\xc0\xaf"}\n', 0, ("not_utf8",)),
    File("surrogates-as-bytes.jsonl", b'{"text": "\xed\xa0\xbd\xed\xb8\x80"}\n', 0, ("not_utf8",)),
    File("cut-letter.jsonl", b'{"text": "ma\xc3"}\n', 0, ("not_utf8",)),
    File("lone-surrogate.jsonl", b'{"text": "half \\ud83d"}\n', 0, ("not_utf8",)),
    File("lone-surrogate-id.jsonl", b'{"text": "one", "id": "\\udc00"}\n', 0, ("not_utf8",)),
    File("lone-surrogate-elsewhere.jsonl", b'{"text": "one", "mood": "\\udc00"}\n', 1),
    File("surrogate-pair.jsonl", b'{"text": "\\ud83d\\ude00"}\n', 1),
]
NULS = [
    File("nul.jsonl", b'{"text": "a\x00b"}\n', 0, ("unparsable",)),
    File("escaped-nul.jsonl", b'{"text": "a\\u0000b"}\n', 1),
    File("only-nul.jsonl", b'{"text": "\\u0000"}\n', 0, ("control_characters_only",)),
    File("nul-padded.jsonl", ONE + b"\x00" * 1000, 1, ("unparsable",)),
    File("nul.csv", b"text\na\x00b\n", 1),
]
SIZES = [
    File("at-the-limit.jsonl", said("x" * LIMIT), 1),
    File("one-byte-more.jsonl", said("x" * (LIMIT + 1)), 0, ("too_long",)),
    File("one-byte-less.jsonl", said("x" * (LIMIT - 1)), 1),
    File("two-byte-letters-at-the-limit.jsonl", said("ñ" * (LIMIT // 2)), 1),
    File("two-byte-letters-and-one-more.jsonl", said("ñ" * (LIMIT // 2) + "n"), 0, ("too_long",)),
    File("limit-and-spaces.jsonl", said("x" * LIMIT + " " * 30_000), 1),
    File("long-other-field.jsonl", said("short", attachment="x" * 200_000), 0, ("too_long",)),
    File("endless-line.jsonl.gz", gzipped(b'{"text": "' + b"x" * (9 << 20)), 0, ("too_long",)),
    File("endless-line-then-another.jsonl.gz", gzipped(b"x" * (9 << 20) + b"\n" + ONE), 1, ("too_long",)),
    File("blank-lines.jsonl", b"\n" * 10_000 + ONE + b"\n" * 10_000, 1),
]
JSON = [
    File("deep.jsonl", b"[" * 100_000 + b"\n" + ONE, 1, ("unparsable",)),
    File("deep-other-field.jsonl", b'{"text": "one", "x": ' + b"[" * 300 + b"]" * 300 + b"}\n", 1),
    File("twice-the-same-key.jsonl", b'{"text": "first", "text": "last"}\n', 1),
    File("array-of-records.jsonl", b'[{"text": "one"}, {"text": "two"}]\n', 0, ("unparsable",)),
    File("pretty-printed.json", b'{\n  "text": "one"\n}\n', 0, ("unparsable",) * 3),
    File("two-in-a-line.jsonl", b'{"text": "one"} {"text": "two"}\n', 0, ("unparsable",)),
    File("trailing-comma.jsonl", b'{"text": "one",}\n', 0, ("unparsable",)),
    File("single-quotes.jsonl", b"{'text': 'one'}\n", 0, ("unparsable",)),
    File("comment.jsonl", b'// exported today\n{"text": "one"}\n', 1, ("unparsable",)),
    File("scalars.jsonl", b'"hola"\n7\nnull\ntrue\n', 0, ("unparsable",) * 4),
    File("not-a-number.jsonl", b'{"text": NaN}\n{"text": Infinity}\n', 0, ("wrong_type", "wrong_type")),
    File("endless-number.jsonl", b'{"text": "one", "id": ' + b"9" * 5000 + b"}\n", 0, ("unparsable",)),
    File("text-types.jsonl", json_lines(*({"text": one} for one in ([], {}, 7, 1.5, True))), 0, ("wrong_type",) * 5),
    File("text-elsewhere.jsonl", json_lines({"text": None, "body": "one"}, {"message": "two"}), 2),
    File("empty-objects.jsonl", b"{}\n{}\n", 0, ("missing_text", "missing_text")),
    File("record-separator.jsonl", b"\x1e" + ONE, 0, ("unparsable",)),
    File("line-separator.jsonl", '{"text": "a\u2028b"}\n'.encode(), 1),
]
IDS = [
    File("ids.jsonl", json_lines(*({"text": "one", "id": one} for one in (880001, -880001, "", None, "a b"))), 5),
    File(
        "bad-types-of-ids.jsonl",
        json_lines(*({"text": "x", "id": i} for i in (1.0, True, [], {}))),
        0,
        ("wrong_type",) * 4,
    ),
    File("number-and-text-id.jsonl", json_lines({"text": "x", "id": 880002}, {"text": "x", "id": "880002"}), 1, (), 1),
    File("long-id.jsonl", json_lines({"text": "x", "id": "i" * 256}, {"text": "x", "id": "i" * 257}), 1, ("bad_id",)),
    File("huge-number-id.jsonl", b'{"text": "x", "id": ' + b"9" * 400 + b"}\n", 0, ("bad_id",)),
    File("invisible-id.jsonl", said("x", id="a\u200bb"), 0, ("bad_id",)),
    File("thrice.jsonl", said("same", id="880003") * 3, 1, (), 2),
    File("clash.jsonl", said("a", id="880004") + said("b", id="880004") + said("a", id="880004"), 1, ("id_clash",), 1),
    File("case.jsonl", said("same", id="880005A") + said("same", id="880005a"), 2),
]
LINE_ENDS = [
    File("crlf.jsonl", TWO.replace(b"\n", b"\r\n"), 2),
    File("lone-cr.jsonl", TWO.replace(b"\n", b"\r"), 0, ("unparsable",)),
    File("no-final-newline.jsonl", TWO[:-1], 2),
    File("only-line-ends.jsonl", b"\n\r\n\n", 0),
    File("only-spaces.jsonl", b"   \n\t\n", 0),
    File("crlf.csv", b"text\r\none\r\ntwo\r\n", 2),
    File("lone-cr.csv", b"text\rone\rtwo\r", 0, ("unparsable",)),
    File("no-final-newline.csv", b"text\none\ntwo", 2),
]
CSV = [
    File("newline-in-quotes.csv", b'text,id\n"one\nand more",880010\n', 1),
    File("blank-line-in-quotes.csv", b'text\n"one\n\nmore"\n', 1),
    File("doubled-quotes.csv", b'text\n"she said ""no"""\n', 1),
    File("stray-quote.csv", b'text\n5" pipe\n', 1),
    File("text-after-quote.csv", b'text\n"one"two\nthree\n', 1, ("unparsable",)),
    File("open-quote.csv", b'text\n"never closed\ntwo\nthree\n', 0, ("unparsable",)),
    File("semicolons.csv", b"id;text\n1;one\n2;two\n", 0, ("missing_text", "missing_text")),
    File("tabs.csv", b"id\ttext\n1\tone\n", 0, ("missing_text",)),
    File("no-header.csv", b"880011,one\n880012,two\n", 0, ("missing_text",)),
    File("more-fields.csv", b"id,text\n880013,one,more\n880014,two\n", 1, ("unparsable",)),
    File("fewer-fields.csv", b"id,text\n880015\n880016,two\n", 1, ("unparsable",)),
    File("blank-lines.csv", b"text\n\none\n\n\ntwo\n\n", 2),
    File("same-column-twice.csv", b"text,text\none,two\n", 1),
    File("spaces-in-header.csv", b" text , id \none,880017\n", 1),
    File("capital-header.csv", b"TEXT\none\n", 0, ("missing_text",)),
    File("empty-fields.csv", b'text,id\n"",880018\n,880019\n', 0, ("missing_text", "missing_text")),
    File("spaces-only.csv", b"text\n   \n", 0, ("blank_text",)),
    File("long-field.csv", b"text\n" + b"x" * 200_000 + b"\ntwo\n", 1, ("too_long",)),
    File("header-only-no-newline.csv", b"text", 0),
]
GZIPS = [
    File("cut-in-header.jsonl.gz", GZIP[:5], 0, ("truncated_gzip",)),
    File("cut-after-header.jsonl.gz", GZIP[:10], 0, ("truncated_gzip",)),
    File("cut-in-body.jsonl.gz", HALF[:HALF_END], 1, ("truncated_gzip",)),
    File("cut-in-trailer.jsonl.gz", GZIP[:-4], 2, ("truncated_gzip",)),
    File("wrong-sum.jsonl.gz", WRONG_SUM, 2, ("truncated_gzip",)),
    File("members.jsonl.gz", gzipped(ONE) + gzipped(said("two")), 2),
    File("member-and-half.jsonl.gz", gzipped(ONE) + GZIP[:12], 1, ("truncated_gzip",)),
    File("empty-member.jsonl.gz", gzipped(b""), 0),
    File("member-and-empty-member.jsonl.gz", gzipped(ONE) + gzipped(b""), 1),
    File("member-and-garbage.jsonl.gz", gzipped(ONE) + b"garbage", 1, ("truncated_gzip",)),
    File("member-and-zeros.jsonl.gz", gzipped(ONE) + b"\x00" * 512, 1),
    File("no-gzip.jsonl.gz", TWO, 0, ("truncated_gzip",)),
    File("nothing.jsonl.gz", b"", 0),
    File("cut.csv.gz", HALF_CSV[:HALF_CSV_END], 1, ("truncated_gzip",)),
    File("header-cut.csv.gz", gzipped(b"text\none\n")[:12], 0, ("truncated_gzip",)),
    File("members.csv.gz", gzipped(b"text\none\n") + gzipped(b"two\n"), 2),
]
PARQUETS = [
    File("no-rows.parquet", table(text=pa.array([], pa.string())), 0),
    File("numbers.parquet", table(text=[1, 2]), 0, ("wrong_type", "wrong_type")),
    File("nested.parquet", table(text=[{"value": "one"}]), 0, ("wrong_type",)),
    File("lists.parquet", table(text=[["one"], ["two"]]), 0, ("wrong_type", "wrong_type")),
    File("nulls.parquet", table(text=pa.nulls(2)), 0, ("missing_text", "missing_text")),
    File("some-nulls.parquet", table(text=["one", None]), 1, ("missing_text",)),
    File("other-columns.parquet", table(comment=["one", "two"]), 0, ("missing_text", "missing_text")),
    File("dictionary.parquet", table(text=pa.array(["one", "two"]).dictionary_encode()), 2),
    File("large-strings.parquet", table(text=pa.array(["one"], pa.large_string())), 1),
    File("bytes.parquet", table(text=pa.array([b"one", b"ma\xf1ana"], pa.binary())), 1, ("not_utf8",)),
    File("decimal-id.parquet", table(text=["one"], id=[Decimal("1.5")]), 0, ("wrong_type",)),
    File("number-dates.parquet", table(text=["one"], received_at=[1_768_500_000]), 0, ("bad_timestamp",)),
    File("no-footer.parquet", PARQUET[:-10], 0, ("unparsable",)),
    File("magic-only.parquet", b"PAR1", 0, ("unparsable",)),
    File("half.parquet", PARQUET[: len(PARQUET) // 2], 0, ("unparsable",)),
    File("compressed.parquet.gz", gzipped(PARQUET), 2),
    File("compressed-and-cut.parquet.gz", gzipped(PARQUET)[:-12], 0, ("truncated_gzip",)),
]
NAMES = [
    File("is-csv.parquet", b"text\none\n", 0, ("unparsable",)),
    File("is-json.csv", TWO, 0, ("missing_text",)),
    File("is-csv.jsonl", b"text\none\n", 0, ("unparsable", "unparsable")),
    File("CAPITALS.JSONL", TWO, 2),
    File("archive.jsonl.zip", b"PK\x03\x04", 0, ("unknown_format",)),
    File("no-ending", TWO, 0, ("unknown_format",)),
    File("backup.jsonl.gz.bak", GZIP, 0, ("unknown_format",)),
    File("sub/folder/deep.jsonl", TWO, 2),
    File("año nuevo ñ.jsonl", TWO, 2),
    File("_hidden.jsonl", TWO, 0),
    File(".hidden.jsonl", TWO, 0),
    File("stranger.jsonl", TWO, 0, ("unknown_source", "unknown_source"), source="wbe"),
    File("stranger.csv", b'text\n"one"two\nthree\n', 0, ("unknown_source", "unparsable"), source="wbe"),
]
DATES = [
    File("iso-dates.jsonl", dated("2026-01-15T09:30:00Z", "2026-01-15T09:30:00+02:00", "2026-01-15 09:30"), 3),
    File("short-dates.jsonl", dated("2026-01-15", "20260115", "2026-W03-4", "  2026-01-15  ", None), 5),
    File("fine-dates.jsonl", dated("2026-01-15T09:30:00.123456789Z", "1970-01-01T00:00:00Z"), 2),
    File("other-forms.jsonl", dated("15/01/2026", "Jan 15, 2026", "", "now", "1768500000"), 0, ("bad_timestamp",) * 5),
    File("other-types.jsonl", dated(1_768_500_000, 1.5, True, [], {}), 0, ("bad_timestamp",) * 5),
    File(
        "impossible.jsonl",
        dated("2026-02-30", "2026-01-15T25:00:00", "2026-06-30T23:59:60Z"),
        0,
        ("bad_timestamp",) * 3,
    ),
    File(
        "before-1970.jsonl",
        dated("1969-12-31T23:59:59Z", "0001-01-01", "1970-01-01T00:00:00+01:00"),
        0,
        ("bad_timestamp",) * 3,
    ),
    File("far-ahead.jsonl", dated("2999-01-01", "9999-12-31T23:59:59Z"), 0, ("future_date", "future_date")),
]
LETTERS = [
    File("right-to-left.jsonl", said("\u202eשלום") + said("مرحبا"), 2),
    File("only-marks.jsonl", said("\u200f\u202e") + said("\u200b\u200b"), 0, ("control_characters_only",) * 2),
    File("only-joiners.jsonl", said("\u200d") + said("\ufe0f\u200d"), 0, ("control_characters_only",) * 2),
    File("only-fillers.jsonl", said("\u3164") + said("\u2800\u00ad"), 0, ("control_characters_only",) * 2),
    File("other-spaces.jsonl", said("\u00a0") + said("\u3000\u2003"), 0, ("blank_text",) * 2),
    File("emoji.jsonl", said("👨‍👩‍👧 🇪🇸 ❤️"), 1),
    File("private-letters.jsonl", said("\ue000\U000f0000"), 1),
    File("one-letter-many-accents.jsonl", said("e" + "\u0301" * 5_000), 1),
    File("composed-and-decomposed.jsonl", said("café", id="880020") + said("cafe\u0301", id="880020"), 1, (), 1),
]
FILES = [*ENCODINGS, *NULS, *SIZES, *JSON, *IDS, *LINE_ENDS, *CSV, *GZIPS, *PARQUETS, *NAMES, *DATES, *LETTERS]

MISPLACED = [
    "messages/source=Web/date=2026-01-15/a.jsonl",
    "messages/source=web/date=2026-13-01/a.jsonl",
    "messages/source=web/date=20260115/a.jsonl",
    "messages/source=web/a.jsonl",
    "messages/a.jsonl",
    "messages/source=/date=2026-01-15/a.jsonl",
]


@dataclass(frozen=True)
class Outcome:
    """One run over all files: its report, and what it kept and refused, by the file's key."""

    report: dict[str, Any]
    kept: Counter[str]
    refused: dict[str, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def outcome(new_lake: Any) -> Outcome:
    lake: Lake = new_lake()
    for file in FILES:
        lake.land(file.name, file.body, source=file.source)
    for key in MISPLACED:
        lake.put("raw", key, TWO)
    report = lake.clean(max_text_bytes=LIMIT)
    refused: dict[str, list[dict[str, Any]]] = {}
    for line in lake.lines("quarantine/run_id=r1/"):
        refused.setdefault(line["object"], []).append(line)
    return Outcome(report, Counter(row["raw_key"] for row in lake.parquet("messages")), refused)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_record_of_a_file_is_kept_or_refused_with_its_reason(outcome: Outcome, file: File) -> None:
    key = f"messages/source={file.source}/date=2026-01-15/{file.name}"
    assert sorted(line["reason"] for line in outcome.refused.get(key, [])) == sorted(file.reasons)
    assert outcome.kept[key] == file.kept


@pytest.mark.parametrize("key", MISPLACED)
def test_an_object_outside_the_layout_is_refused_whole(outcome: Outcome, key: str) -> None:
    assert [line["reason"] for line in outcome.refused[key]] == ["misplaced"]


def test_the_files_are_many_and_all_different() -> None:
    assert len({(file.source, file.name) for file in FILES}) == len(FILES) == 149


def test_all_of_it_is_accounted_for(outcome: Outcome) -> None:
    report = outcome.report
    assert report["landed"] == sum(file.records for file in FILES) + len(MISPLACED)
    assert report["kept"] == sum(file.kept for file in FILES) == sum(outcome.kept.values())
    assert report["duplicates"] == sum(file.duplicates for file in FILES) == 5
    assert report["duplicate_kinds"] == {"same_object": 5}
    reasons = Counter(reason for file in FILES for reason in file.reasons) + Counter(misplaced=len(MISPLACED))
    assert report["quarantine_reasons"] == dict(sorted(reasons.items()))


def test_no_detail_of_a_refusal_repeats_what_was_written(outcome: Outcome) -> None:
    written = {"hola", "adiós", "mañana", "pipe", "three", "closed"}
    for lines in outcome.refused.values():
        for line in lines:
            assert not written & set(line["detail"].split()), line["detail"]


def test_the_bytes_of_a_refused_record_are_those_of_its_file(outcome: Outcome) -> None:
    for file in FILES:
        if file.name.endswith((".parquet", ".parquet.gz", ".gz")):
            continue
        for line in outcome.refused.get(f"messages/source={file.source}/date=2026-01-15/{file.name}", []):
            assert base64.b64decode(line["record_base64"]) in file.body, file.name


def test_a_record_refused_in_a_gzip_file_keeps_the_bytes_that_were_inflated(outcome: Outcome) -> None:
    (line,) = outcome.refused["messages/source=web/date=2026-01-15/endless-line.jsonl.gz"]
    whole = gzip.decompress(next(file.body for file in FILES if file.name == "endless-line.jsonl.gz"))
    assert base64.b64decode(line["record_base64"]) == whole[: 8 << 20]
    assert json.dumps(line["detail"]).count("sha256") == 1
