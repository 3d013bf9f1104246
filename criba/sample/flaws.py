"""The ways in which a record arrives spoilt, each written into a source's own format."""

import json
from collections.abc import Callable
from typing import Any

Record = dict[str, Any]

JSON_FLAWS: dict[str, Callable[[Record, str, str], bytes]] = {
    "broken_json": lambda record, text, when: _line(record)[:-2],
    "invalid_utf8": lambda record, text, when: _line({**record, text: "Información ya"}, "latin-1"),
    "no_text": lambda record, text, when: _line({k: v for k, v in record.items() if k != text}),
    "wrong_type": lambda record, text, when: _line({**record, text: [record[text], 7]}),
    "blank_text": lambda record, text, when: _line({**record, text: "  \t "}),
    "bad_timestamp": lambda record, text, when: _line({**record, when: "ayer por la tarde"}),
    "not_an_object": lambda record, text, when: _line([record[text]]),
}
"""By kind: a JSON record, the names of its text and time fields → the spoilt line, without its end."""


def _line(record: object, encoding: str = "utf-8") -> bytes:
    return json.dumps(record, ensure_ascii=False).encode(encoding, "replace")


def spoil_row(kind: str, row: list[str]) -> bytes:
    """A CSV line (id, text, time, agent) spoilt as `kind` says, with its end."""
    id_, _, when, agent = row
    if kind == "no_text":
        return f"{id_},,{when},{agent}\r\n".encode()
    if kind == "bad_timestamp":
        return f"{id_},no funciona la web,31/02 a las 25h,{agent}\r\n".encode()
    if kind == "invalid_utf8":
        return f"{id_},información,{when},{agent}\r\n".encode("latin-1")
    raise ValueError(f"no such flaw in CSV: {kind}")
