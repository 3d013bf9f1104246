"""The four sources of the sample: what each calls its fields, how it writes a file and what is planted in it."""

import csv
import gzip
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from criba.sample.flaws import JSON_FLAWS, spoil_row


@dataclass(frozen=True)
class Row:
    """A message as its source knows it."""

    id: int
    text: str
    received_at: datetime
    language: str

    def at(self) -> str:
        return self.received_at.strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True)
class Source:
    """A source: its share of all messages, its files' names, its ids, and how a row, good or spoilt, is written."""

    name: str
    share: float
    files: tuple[str, ...]
    message_id: Callable[[int], str]
    item: Callable[[Row], Any]
    spoilt: Callable[[str, Row], Any]
    write: Callable[[Path, list[Any]], None]
    flaws: dict[str, int]


def _web_record(row: Row) -> dict[str, Any]:
    return {
        "message_id": f"web-{row.id:06d}",
        "text": row.text,
        "received_at": row.at(),
        "language": row.language,
        "page": "/contacto",
    }


def _mail_record(row: Row) -> dict[str, Any]:
    return {"id": f"<{row.id}@mail.example.com>", "subject": "Consulta", "body": row.text, "timestamp": row.at()}


def _json_line(record: dict[str, Any]) -> bytes:
    return json.dumps(record, ensure_ascii=False).encode()


def _write_lines(path: Path, lines: list[bytes]) -> None:
    data = b"".join(line + b"\n" for line in lines)
    path.write_bytes(gzip.compress(data, mtime=0) if path.suffix == ".gz" else data)


def _app_record(row: Row) -> dict[str, Any]:
    return {"message_id": row.id, "message": row.text, "created_at": row.received_at, "lang": row.language}


def _app_spoilt(kind: str, row: Row) -> dict[str, Any]:
    return {**_app_record(row), "message": {"no_text": None, "blank_text": " \n "}[kind]}


def _write_parquet(path: Path, records: list[dict[str, Any]]) -> None:
    schema = pa.schema(
        [
            ("message_id", pa.int64()),
            ("message", pa.string()),
            ("created_at", pa.timestamp("us", tz="UTC")),
            ("lang", pa.string()),
        ]
    )
    parquet.write_table(pa.Table.from_pylist(records, schema=schema), path)


def _call_row(row: Row) -> list[str]:
    return [str(row.id), row.text, row.at(), f"agent-{row.id % 7}"]


def _call_line(row: Row) -> bytes:
    buffer = io.StringIO(newline="")
    csv.writer(buffer).writerow(_call_row(row))
    return buffer.getvalue().encode()


def _write_csv(path: Path, lines: list[bytes]) -> None:
    path.write_bytes(b"id,text,timestamp,agent\r\n" + b"".join(lines))


SOURCES = (
    Source(
        name="web-form",
        share=0.4,
        files=("web-form-am.jsonl", "web-form-pm.jsonl"),
        message_id=lambda n: f"web-{n:06d}",
        item=lambda row: _json_line(_web_record(row)),
        spoilt=lambda kind, row: JSON_FLAWS[kind](_web_record(row), "text", "received_at"),
        write=_write_lines,
        flaws={
            "broken_json": 8,
            "invalid_utf8": 6,
            "no_text": 8,
            "wrong_type": 6,
            "blank_text": 4,
            "bad_timestamp": 6,
            "not_an_object": 3,
            "id_clash": 6,
        },
    ),
    Source(
        name="email",
        share=0.25,
        files=("inbox-am.jsonl.gz", "inbox-pm.jsonl.gz"),
        message_id=lambda n: f"<{n}@mail.example.com>",
        item=lambda row: _json_line(_mail_record(row)),
        spoilt=lambda kind, row: JSON_FLAWS[kind](_mail_record(row), "body", "timestamp"),
        write=_write_lines,
        flaws={"broken_json": 4, "no_text": 4, "wrong_type": 2, "bad_timestamp": 3, "id_clash": 4},
    ),
    Source(
        name="app",
        share=0.2,
        files=("app.parquet",),
        message_id=str,
        item=_app_record,
        spoilt=_app_spoilt,
        write=_write_parquet,
        flaws={"no_text": 5, "blank_text": 3, "id_clash": 4},
    ),
    Source(
        name="call-center",
        share=0.15,
        files=("transcripts.csv",),
        message_id=str,
        item=_call_line,
        spoilt=lambda kind, row: spoil_row(kind, _call_row(row)),
        write=_write_csv,
        flaws={"no_text": 5, "bad_timestamp": 4, "invalid_utf8": 4, "id_clash": 3},
    ),
)
