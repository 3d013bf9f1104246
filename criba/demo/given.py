"""Labelled messages of one's own as a demo's material: fit on some, score the others, compare."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from criba.demo.material import Known, Material, today
from criba.errors import BadInput
from pipeline_code.contracts import SPLITS

SOURCE = "given"
_COLUMNS = ("text", "label", "split", "lang")


@dataclass(frozen=True)
class Row:
    """A line of the file; `line` counts from 1."""

    line: int
    text: str
    label: str
    split: str
    lang: str


def read(path: Path) -> list[Row]:
    """The rows of a JSON Lines file with text, label, split and lang. Raises BadInput with the line's number."""
    if not path.is_file():
        raise BadInput(f"--data {path}: there is no such file")
    with path.open("rb") as lines:
        rows = [_row(path.name, number, line) for number, line in enumerate(lines, 1) if line.strip()]
    if not any(row.split == "test" for row in rows):
        raise BadInput(f"{path.name} has no line with split test: there would be nothing to score")
    if len({row.label for row in rows if row.split != "test"}) < 2:
        raise BadInput(f"{path.name} has fewer than two labels outside split test: there would be nothing to learn")
    return rows


def prepare(rows: list[Row], folder: Path) -> Material:
    """Write the rows as files to land: test rows as messages of the source `given`, the others as labels.

    A language without a train split learns from its validation split.
    """
    folder.mkdir(parents=True, exist_ok=True)
    labels, messages = folder / "labels.jsonl", folder / "messages.jsonl"
    with_train = {row.lang for row in rows if row.split == "train"}
    _write(labels, [_label(row, with_train) for row in rows if row.split != "test"])
    tests = [row for row in rows if row.split == "test"]
    _write(messages, [{"message_id": _id(row), "text": row.text, "language": row.lang} for row in tests])
    truth = {f"{SOURCE}:{_id(row)}": Known(row.label, row.lang) for row in tests}
    return Material(today(), [labels], {SOURCE: [messages]}, truth, expected=None)


def _row(file: str, number: int, line: bytes) -> Row:
    where = f"line {number} of {file}"
    try:
        record = json.loads(line)
    except UnicodeDecodeError as error:
        raise BadInput(f"{where} is not UTF-8: save the file as UTF-8") from error
    except json.JSONDecodeError as error:
        raise BadInput(f"{where} is not JSON ({error.msg}, column {error.colno}): mend or remove it") from error
    if not isinstance(record, dict):
        raise BadInput(f"{where} is not a JSON object: write one with {', '.join(_COLUMNS)}")
    for column in _COLUMNS:
        if not isinstance(record.get(column), str) or not record[column].strip():
            given = json.dumps(record[column]) if column in record else "missing"
            raise BadInput(f"{where}: {column} is {given}: each line needs {', '.join(_COLUMNS)}, all of them text")
    if record["split"] not in SPLITS:
        raise BadInput(f"{where}: split is {record['split']!r}: write {', '.join(SPLITS)}")
    return Row(number, *(record[column] for column in _COLUMNS))


def _label(row: Row, with_train: set[str]) -> dict[str, Any]:
    split = row.split if row.lang in with_train else "train"
    return {"text": row.text, "label": row.label, "language": row.lang, "split": split}


def _id(row: Row) -> str:
    return f"line-{row.line:06d}"


def _write(path: Path, records: list[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
