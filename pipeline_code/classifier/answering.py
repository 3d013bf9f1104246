"""Answering: from a body of JSON Lines to the answers as JSON Lines, all of it inside the kernel."""

import json
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numba import types
from numpy.typing import NDArray

from pipeline_code.classifier.compiled import called_with, inner, struct
from pipeline_code.classifier.features import BYTES, MOST_ROWS, OFFSETS, Bytes, weigh
from pipeline_code.classifier.hashing import room
from pipeline_code.classifier.json_lines import (
    ID_END,
    ID_START,
    REASONS,
    TEXT_END,
    TEXT_START,
    is_escaped,
    read_record,
    unescape,
)
from pipeline_code.classifier.json_values import DEEPEST
from pipeline_code.classifier.machine import find
from pipeline_code.classifier.scoring import LANES, SCORER, Scorer, judge, score

LINE_END = ord("\n")
LEAST_ROOM = 1 << 16
LONGEST_NUMBERS = 128
"""Bytes of an answer beside its id and its label or reason, and more."""

DECIMALS, SCALE = 6, 1_000_000
LARGEST = 1e9
"""Beyond it a score is written as this."""


class Phrases(NamedTuple):
    """The ends of answers, as JSON: one a label, then one a reason. `ends` says where each stands in `text`."""

    text: Bytes
    ends: NDArray[np.int64]
    longest: int


PHRASES = struct(Phrases, BYTES, OFFSETS, types.int64)

_OPENING, _NULL = np.frombuffer(b'{"id":', np.uint8), np.frombuffer(b"null", np.uint8)
_SCORE = np.frombuffer(b',"in_scope_score":', np.uint8)
_AUTO = np.frombuffer(b',"decision":"auto"}\n', np.uint8)
_REVIEW = np.frombuffer(b',"decision":"review"}\n', np.uint8)


@inner
def _is_blank(body: Any, start: int, end: int) -> bool:
    for at in range(start, end):  # noqa: SIM110 - compiled, where a generator has no place
        if body[at] != 32 and not 9 <= body[at] <= 13:
            return False
    return True


@inner
def _copy(source: Any, start: int, end: int, out: Any, written: int) -> int:
    for at in range(start, end):
        out[written + at - start] = source[at]
    return written + end - start


@inner
def _copy_id(body: Any, start: int, end: int, out: Any, written: int) -> int:
    """Copy a JSON value. What it has of control characters is space between its parts: a return would end our line."""
    for at in range(start, end):
        out[written + at - start] = max(body[at], np.uint8(32))
    return written + end - start


@inner
def _phrase(phrases: Any, number: int, out: Any, written: int) -> int:
    return _copy(phrases.text, phrases.ends[number], phrases.ends[number + 1], out, written)


@inner
def _decimal(number: Any, out: Any, written: int) -> int:
    """Write a number with six decimals."""
    scaled = np.int64(np.rint(min(max(np.float64(number), -LARGEST), LARGEST) * SCALE))
    if scaled < 0:
        out[written] = 45
        written += 1
        scaled = -scaled
    whole, part = scaled // SCALE, scaled % SCALE
    digits = 1
    rest = whole // 10
    while rest > 0:
        digits += 1
        rest //= 10
    for place in range(digits - 1, -1, -1):
        out[written + place] = 48 + whole % 10
        whole //= 10
    written += digits
    out[written] = 46
    for place in range(DECIMALS, 0, -1):
        out[written + place] = 48 + part % 10
        part //= 10
    return written + 1 + DECIMALS


@called_with(types.void(BYTES, SCORER, PHRASES, types.uint8[::1], types.uint8[::1], types.int64[::1]))
def answer_lines(body: Any, model: Any, phrases: Any, out: Any, scratch: Any, reached: Any) -> None:
    """Answer the lines from `reached[0]` on until `out` is full, and say in `reached` how far body and answers go."""
    of_one = room()
    seen, scores = np.zeros(len(model.lookup.idf), np.uint8), np.empty(len(model.bias), np.float32)
    rows, values = np.empty(MOST_ROWS + 3, np.int32), np.empty(MOST_ROWS + 3, np.float32)
    stack, places, lanes = np.empty(DEEPEST, np.uint8), np.empty(4, np.int64), np.empty(LANES, np.float32)
    at, written = reached[0], 0
    while at < len(body):
        end = find(body, LINE_END, at, len(body))
        if written + (end - at) + phrases.longest + LONGEST_NUMBERS > len(out):
            break
        if not _is_blank(body, at, end):
            problem = read_record(body, at, end, stack, places, scratch)
            written = _copy(_OPENING, 0, len(_OPENING), out, written)
            if places[ID_START] < 0:
                written = _copy(_NULL, 0, len(_NULL), out, written)
            else:
                written = _copy_id(body, places[ID_START], places[ID_END], out, written)
            if problem < 0:
                written = _phrase(phrases, model.labels - problem - 1, out, written)
            else:
                text, text_end = places[TEXT_START], places[TEXT_END]
                if is_escaped(body, text, text_end):
                    length = unescape(body, text, text_end, scratch)
                    used = weigh(scratch, 0, length, model.lookup, seen, of_one, rows, values)
                else:
                    used = weigh(body, text, text_end, model.lookup, seen, of_one, rows, values)
                score(rows, values, used, model, scores)
                label, confidence, in_scope_score, review = judge(scores, lanes, used > 0, model)
                written = _phrase(phrases, label, out, written)
                written = _decimal(confidence, out, written)
                written = _copy(_SCORE, 0, len(_SCORE), out, written)
                written = _decimal(in_scope_score, out, written)
                decision = _REVIEW if review else _AUTO
                written = _copy(decision, 0, len(decision), out, written)
        at = end + 1
    reached[0], reached[1] = at, written


class Answerer:
    """A model ready to answer. Several threads may ask it at once."""

    def __init__(self, scorer: Scorer, labels: Sequence[str]) -> None:
        self._scorer = scorer
        phrases = [f',"label":{json.dumps(label)},"confidence":'.encode() for label in labels]
        phrases += [f',"error":{json.dumps(REASONS[code])}}}\n'.encode() for code in sorted(REASONS, reverse=True)]
        ends = np.cumsum([0, *map(len, phrases)])
        self._phrases = Phrases(np.frombuffer(b"".join(phrases), np.uint8), ends, max(map(len, phrases)))

    def answers(self, body: bytes) -> Iterator[bytes]:
        """The answers in parts. Takes about twice the body's memory, whatever its lines."""
        lines = np.frombuffer(body, np.uint8)
        room_for_answers = np.empty(2 * len(body) + self._phrases.longest + LEAST_ROOM, np.uint8)
        scratch = np.empty(len(body), np.uint8)
        reached = np.zeros(2, np.int64)
        while reached[0] < len(body):
            answer_lines(lines, self._scorer, self._phrases, room_for_answers, scratch, reached)
            yield room_for_answers[: reached[1]].tobytes()
