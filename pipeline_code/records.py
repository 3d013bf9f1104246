"""Records: JSON Lines read one at a time, for files of any size."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from pipeline_code.errors import InputError


class RecordError(ValueError):
    """Why a line is no usable record, without its content."""


@dataclass(frozen=True, order=True)
class Example:
    """A labelled message."""

    text: str
    label: str
    language: str
    source: str

    @classmethod
    def of(cls, record: dict[str, Any]) -> Self:
        """Raises RecordError where a field is missing or no string."""
        return cls(**{name: string_field(record, name) for name in ("text", "label", "language", "source")})


def parse(line: bytes) -> dict[str, Any]:
    """One JSON object. Raises RecordError."""
    try:
        record = _decoder.decode(line.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise RecordError("invalid UTF-8") from error
    except (ValueError, RecursionError) as error:
        raise RecordError("not JSON") from error
    if not isinstance(record, dict):
        raise RecordError("not a JSON object")
    return record


def string_field(record: dict[str, Any], name: str) -> str:
    if name not in record:
        raise RecordError(f"no {name}")
    value = record[name]
    if not isinstance(value, str):
        raise RecordError(f"{name} is not a string")
    return value


def lines(path: Path) -> Iterator[bytes]:
    """The lines that are not blank, without their ends."""
    with path.open("rb") as file:
        for line in file:
            if stripped := line.strip():
                yield stripped


def records(path: Path) -> Iterator[dict[str, Any]]:
    """The file's objects, none held. Raises InputError with the file and the record's place in it."""
    for position, line in enumerate(lines(path), start=1):
        try:
            yield parse(line)
        except RecordError as error:
            raise InputError(f"{path.name}, record {position}: {error}") from error


def examples(folder: Path) -> list[Example]:
    """All labelled messages below a folder (*.jsonl), in an order that does not depend on the files."""
    found = []
    for path in sorted(folder.rglob("*.jsonl")):
        for position, record in enumerate(records(path), start=1):
            try:
                found.append(Example.of(record))
            except RecordError as error:
                raise InputError(f"{path.name}, record {position}: {error}") from error
    return sorted(found)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


_decoder = json.JSONDecoder(parse_constant=_no_constant)
