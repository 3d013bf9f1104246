"""JSON Lines: the id and the text of one record, read where it stands in the body, without Python's objects."""

from typing import Any

from pipeline_code.classifier.compiled import inner
from pipeline_code.classifier.json_values import (
    BACKSLASH,
    BRACE,
    COMMA,
    ESCAPES,
    NO_TEXT,
    NOT_AN_OBJECT,
    NOT_JSON,
    NOT_UTF8,
    QUOTE,
    TEXT_IS_NO_STRING,
    TO_CLOSING,
    hexadecimal,
    skip_colon,
    skip_space,
    skip_string,
    skip_value,
)
from pipeline_code.classifier.machine import find

REASONS = {
    NOT_JSON: "not JSON",
    NOT_AN_OBJECT: "not a JSON object",
    NOT_UTF8: "invalid UTF-8",
    NO_TEXT: "no text",
    TEXT_IS_NO_STRING: "text is not a string",
}

ID_START, ID_END, TEXT_START, TEXT_END = range(4)
"""Where a record's `id` and `text` stand: places in the body, the text without quotes; start -1 is none."""

_ANOTHER, _IS_ID, _IS_TEXT = range(3)


@inner
def read_record(body: Any, start: int, end: int, stack: Any, places: Any, scratch: Any) -> int:
    """Find the id and the text of one line. Returns 0, or why the record cannot be used; the id stands even then."""
    places[ID_START], places[TEXT_START] = -1, -1
    at = skip_space(body, start, end)
    if at == end or body[at] != BRACE:
        at = skip_value(body, at, end, stack)
        return at if at < 0 else NOT_AN_OBJECT if skip_space(body, at, end) == end else NOT_JSON
    at = skip_space(body, at + 1, end)
    text_found = False
    if at < end and body[at] == BRACE + TO_CLOSING:
        return NO_TEXT if skip_space(body, at + 1, end) == end else NOT_JSON
    while True:
        key, key_end = at + 1, at
        at = skip_string(body, at, end)
        if at < 0:
            return at
        key_end = at - 1
        value = skip_colon(body, at, end)
        if value < 0:
            return value
        is_string = value < end and body[value] == QUOTE
        at = skip_string(body, value, end) if is_string else skip_value(body, value, end, stack)
        if at < 0:
            return at
        after = skip_space(body, at, end)
        if after == end or (body[after] != COMMA and body[after] != BRACE + TO_CLOSING):
            return NOT_JSON
        name = _name(body, key, key_end, scratch)
        if name == _IS_ID:
            places[ID_START], places[ID_END] = value, at
        elif name == _IS_TEXT:
            text_found = True
            places[TEXT_START] = value + 1 if is_string else -1
            places[TEXT_END] = at - 1
        if body[after] != COMMA:
            break
        at = skip_space(body, after + 1, end)
    if skip_space(body, after + 1, end) != end:
        return NOT_JSON
    if places[TEXT_START] < 0:
        return TEXT_IS_NO_STRING if text_found else NO_TEXT
    return 0


@inner
def unescape(body: Any, start: int, end: int, scratch: Any) -> int:
    """Write the text between two quotes as UTF-8 and return its length; what it escapes is known to be well-formed.

    A surrogate without its other half stays what it is, as Python keeps it.
    """
    at, length = start, 0
    while at < end:
        if body[at] != BACKSLASH:
            scratch[length] = body[at]
            length += 1
            at += 1
            continue
        if body[at + 1] != ord("u"):
            scratch[length] = ESCAPES[body[at + 1]]
            length += 1
            at += 2
            continue
        point = hexadecimal(body, at + 2)
        at += 6
        if 0xD800 <= point < 0xDC00 and at + 6 <= end and body[at] == BACKSLASH and body[at + 1] == ord("u"):
            low = hexadecimal(body, at + 2)
            if 0xDC00 <= low < 0xE000:
                point = 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00)
                at += 6
        length = _encode(point, scratch, length)
    return length


@inner
def is_escaped(body: Any, start: int, end: int) -> bool:
    return find(body, BACKSLASH, start, end) < end


@inner
def _encode(point: int, scratch: Any, length: int) -> int:
    if point < 0x80:
        scratch[length] = point
        return length + 1
    more = 1 if point < 0x800 else 2 if point < 0x10000 else 3
    scratch[length] = (0xFF00 >> more + 1 & 0xFF) | point >> 6 * more
    for place in range(more):
        scratch[length + 1 + place] = 0x80 | (point >> 6 * (more - 1 - place) & 0x3F)
    return length + 1 + more


@inner
def _plain_name(key: Any, start: int, end: int) -> int:
    if end - start == 2 and key[start] == ord("i") and key[start + 1] == ord("d"):
        return _IS_ID
    if end - start != 4 or key[start] != ord("t") or key[start + 1] != ord("e"):
        return _ANOTHER
    return _IS_TEXT if key[start + 2] == ord("x") and key[start + 3] == ord("t") else _ANOTHER


@inner
def _name(body: Any, start: int, end: int, scratch: Any) -> int:
    """Which of the two a key is, however it is written."""
    if is_escaped(body, start, end):
        return _plain_name(scratch, 0, unescape(body, start, end, scratch))
    return _plain_name(body, start, end)
