"""Reading: the records of a body of JSON Lines, by the kernel's own reader: both tiers refuse the same lines."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import types

from pipeline_code.classifier.compiled import called_with
from pipeline_code.classifier.features import BYTES
from pipeline_code.classifier.json_lines import ID_END, ID_START, REASONS, TEXT_END, TEXT_START, read_record
from pipeline_code.classifier.json_values import DEEPEST

_SPACES = bytes(max(byte, 32) for byte in range(256))
"""Control characters, which stand only between the parts of a value, become spaces: a return would end our line."""


@dataclass(frozen=True)
class Record:
    """One line: its id as the JSON that it was, and its text, or why it has none."""

    id: bytes
    text: str
    problem: str | None = None


@called_with(types.int64(BYTES, types.int64[::1], types.uint8[::1]))
def find(line: Any, places: Any, scratch: Any) -> int:
    """Write where the id and the text stand; returns 0, or why the line cannot be used."""
    return read_record(line, 0, len(line), np.empty(DEEPEST, np.uint8), places, scratch)


def read(body: bytes) -> Iterator[Record]:
    """A record for each line that is not blank."""
    places = np.empty(4, np.int64)
    for line in body.split(b"\n"):
        if not line.strip():
            continue
        problem = find(np.frombuffer(line, np.uint8), places, np.empty(len(line), np.uint8))
        start, end = places[ID_START], places[ID_END]
        id_ = b"null" if start < 0 else line[start:end].translate(_SPACES)
        if problem:
            yield Record(id_, "", REASONS[problem])
        else:
            yield Record(id_, json.loads(line[places[TEXT_START] - 1 : places[TEXT_END] + 1]))
