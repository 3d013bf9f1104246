"""JSON Lines: one record read where it stands in the body, strictly as the standard says, without Python's objects."""

from typing import Any

import numpy as np

from pipeline_code.classifier.compiled import inner

DEEPEST = 512
"""How many objects and arrays may stand in one another."""

NOT_JSON, NOT_AN_OBJECT, NOT_UTF8, NO_TEXT, TEXT_IS_NO_STRING = -1, -2, -3, -4, -5
REASONS = {
    NOT_JSON: "not JSON",
    NOT_AN_OBJECT: "not a JSON object",
    NOT_UTF8: "invalid UTF-8",
    NO_TEXT: "no text",
    TEXT_IS_NO_STRING: "text is not a string",
}

ID_START, ID_END, TEXT_START, TEXT_END, TEXT_ESCAPED = range(5)
"""Where a record's `id` and `text` stand: places in the body, of the text without its quotes; a start is -1 for none."""

_QUOTE, _BACKSLASH, _COMMA, _COLON = ord('"'), ord("\\"), ord(","), ord(":")
_BRACE, _BRACKET, _TO_CLOSING = ord("{"), ord("["), 2
_MINUS, _PLUS, _DOT, _ZERO, _NINE = ord("-"), ord("+"), ord("."), ord("0"), ord("9")
_ID, _TEXT = np.frombuffer(b"id", np.uint8), np.frombuffer(b"text", np.uint8)
_TRUE, _FALSE, _NULL = (np.frombuffer(word, np.uint8) for word in (b"true", b"false", b"null"))
_ESCAPES = np.zeros(256, np.uint8)
for _letter, _meaning in zip(b'"\\/bfnrt', b'"\\/\b\f\n\r\t', strict=True):
    _ESCAPES[_letter] = _meaning


@inner
def read_record(body: Any, start: int, end: int, stack: Any, places: Any, scratch: Any) -> int:
    """Find the id and the text of one line. Returns 0, or why the record cannot be used; the id stands even then."""
    places[ID_START], places[TEXT_START] = -1, -1
    at = _skip_space(body, start, end)
    if at == end or body[at] != _BRACE:
        at = _skip_value(body, at, end, stack)
        return at if at < 0 else NOT_AN_OBJECT if _skip_space(body, at, end) == end else NOT_JSON
    at = _skip_space(body, at + 1, end)
    text_found = False
    if at < end and body[at] == _BRACE + _TO_CLOSING:
        return NO_TEXT if _skip_space(body, at + 1, end) == end else NOT_JSON
    while True:
        key, key_end = at + 1, at
        at = _skip_string(body, at, end)
        if at < 0:
            return at
        key_end = at - 1
        value = _skip_colon(body, at, end)
        if value < 0:
            return value
        at = _skip_value(body, value, end, stack)
        if at < 0:
            return at
        after = _skip_space(body, at, end)
        if after == end or (body[after] != _COMMA and body[after] != _BRACE + _TO_CLOSING):
            return NOT_JSON
        if _is_key(body, key, key_end, _ID, scratch):
            places[ID_START], places[ID_END] = value, at
        elif _is_key(body, key, key_end, _TEXT, scratch):
            text_found = True
            places[TEXT_START] = value + 1 if body[value] == _QUOTE else -1
            places[TEXT_END] = at - 1
        if body[after] != _COMMA:
            break
        at = _skip_space(body, after + 1, end)
    if _skip_space(body, after + 1, end) != end:
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
        if body[at] != _BACKSLASH:
            scratch[length] = body[at]
            length += 1
            at += 1
            continue
        if body[at + 1] != ord("u"):
            scratch[length] = _ESCAPES[body[at + 1]]
            length += 1
            at += 2
            continue
        point = _hexadecimal(body, at + 2)
        at += 6
        if 0xD800 <= point < 0xDC00 and at + 6 <= end and body[at] == _BACKSLASH and body[at + 1] == ord("u"):
            low = _hexadecimal(body, at + 2)
            if 0xDC00 <= low < 0xE000:
                point = 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00)
                at += 6
        length = _encode(point, scratch, length)
    return length


@inner
def is_escaped(body: Any, start: int, end: int) -> bool:
    for at in range(start, end):  # noqa: SIM110 - compiled, where a generator has no place
        if body[at] == _BACKSLASH:
            return True
    return False


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
def _hexadecimal(body: Any, at: int) -> int:
    """The number of four hexadecimal digits, or -1."""
    number = 0
    for place in range(at, at + 4):
        digit = np.int64(body[place])
        if _ZERO <= digit <= _NINE:
            digit -= _ZERO
        elif ord("a") <= digit | 32 <= ord("f"):
            digit = (digit | 32) - ord("a") + 10
        else:
            return -1
        number = number * 16 + digit
    return number


@inner
def _is_key(body: Any, start: int, end: int, name: Any, scratch: Any) -> bool:
    if is_escaped(body, start, end):
        return _is_key_unescaped(scratch, unescape(body, start, end, scratch), name)
    if end - start != len(name):
        return False
    for place in range(len(name)):  # noqa: SIM110
        if body[start + place] != name[place]:
            return False
    return True


@inner
def _is_key_unescaped(scratch: Any, length: int, name: Any) -> bool:
    if length != len(name):
        return False
    for place in range(len(name)):  # noqa: SIM110
        if scratch[place] != name[place]:
            return False
    return True


@inner
def _skip_space(body: Any, at: int, end: int) -> int:
    while at < end and (body[at] == 32 or body[at] == 9 or body[at] == 13):
        at += 1
    return at


@inner
def _skip_colon(body: Any, at: int, end: int) -> int:
    at = _skip_space(body, at, end)
    return _skip_space(body, at + 1, end) if at < end and body[at] == _COLON else NOT_JSON


@inner
def _skip_value(body: Any, at: int, end: int, stack: Any) -> int:
    """The place behind the value that begins here, or why there is none. Goes down by a stack of its own."""
    depth = 0
    while True:
        if at == end:
            return NOT_JSON
        first = np.int64(body[at])
        opened = False
        if first == _BRACE or first == _BRACKET:
            at = _skip_space(body, at + 1, end)
            if at < end and body[at] == first + _TO_CLOSING:
                at += 1
            elif depth == DEEPEST:
                return NOT_JSON
            else:
                stack[depth] = first
                depth += 1
                opened = True
        else:
            at = _skip_scalar(body, at, end, first)
            if at < 0:
                return at
        while depth > 0 and not opened:
            at = _skip_space(body, at, end)
            if at < end and body[at] == _COMMA:
                at = _skip_space(body, at + 1, end)
                opened = True
            elif at < end and body[at] == stack[depth - 1] + _TO_CLOSING:
                depth -= 1
                at += 1
            else:
                return NOT_JSON
        if depth == 0:
            return at
        if stack[depth - 1] == _BRACE:
            at = _skip_string(body, at, end)
            if at >= 0:
                at = _skip_colon(body, at, end)
            if at < 0:
                return at


@inner
def _skip_scalar(body: Any, at: int, end: int, first: int) -> int:
    if first == _QUOTE:
        return _skip_string(body, at, end)
    if first == _MINUS or _ZERO <= first <= _NINE:
        return _skip_number(body, at, end)
    if first == ord("t"):
        return _skip_word(body, at, end, _TRUE)
    if first == ord("f"):
        return _skip_word(body, at, end, _FALSE)
    return _skip_word(body, at, end, _NULL)


@inner
def _skip_word(body: Any, at: int, end: int, word: Any) -> int:
    if end - at < len(word):
        return NOT_JSON
    for place in range(len(word)):
        if body[at + place] != word[place]:
            return NOT_JSON
    return at + len(word)


@inner
def _skip_number(body: Any, at: int, end: int) -> int:
    if body[at] == _MINUS:
        at += 1
    digits = _skip_digits(body, at, end)
    if digits == at or (body[at] == _ZERO and digits > at + 1):
        return NOT_JSON
    at = digits
    if at < end and body[at] == _DOT:
        digits = _skip_digits(body, at + 1, end)
        if digits == at + 1:
            return NOT_JSON
        at = digits
    if at < end and body[at] | 32 == ord("e"):
        at += 1
        if at < end and (body[at] == _PLUS or body[at] == _MINUS):
            at += 1
        digits = _skip_digits(body, at, end)
        if digits == at:
            return NOT_JSON
        at = digits
    return at


@inner
def _skip_digits(body: Any, at: int, end: int) -> int:
    while at < end and _ZERO <= body[at] <= _NINE:
        at += 1
    return at


@inner
def _skip_string(body: Any, at: int, end: int) -> int:
    """The place behind the closing quote."""
    if at == end or body[at] != _QUOTE:
        return NOT_JSON
    at += 1
    while at < end:
        byte = body[at]
        if byte == _QUOTE:
            return at + 1
        if byte < 0x20:
            return NOT_JSON
        if byte == _BACKSLASH:
            if at + 1 < end and body[at + 1] == ord("u"):
                if at + 6 > end or _hexadecimal(body, at + 2) < 0:
                    return NOT_JSON
                at += 6
            elif at + 1 < end and _ESCAPES[body[at + 1]] != 0:
                at += 2
            else:
                return NOT_JSON
        elif byte < 0x80:
            at += 1
        else:
            size = _character_size(body, at, end)
            if size == 0:
                return NOT_UTF8
            at += size
    return NOT_JSON


@inner
def _character_size(body: Any, at: int, end: int) -> int:
    """Bytes of the UTF-8 character of more than one byte that begins here; 0 for none that the standard allows."""
    lead = np.int64(body[at])
    size = 2 if 0xC2 <= lead < 0xE0 else 3 if 0xE0 <= lead < 0xF0 else 4 if 0xF0 <= lead < 0xF5 else 0
    if size == 0 or at + size > end:
        return 0
    for place in range(at + 1, at + size):
        if body[place] & 0xC0 != 0x80:
            return 0
    second = np.int64(body[at + 1])
    too_long = (lead == 0xE0 and second < 0xA0) or (lead == 0xF0 and second < 0x90)
    beyond = (lead == 0xED and second >= 0xA0) or (lead == 0xF4 and second >= 0x90)
    return 0 if too_long or beyond else size
