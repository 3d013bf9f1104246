"""JSON values: where each ends, strictly as the standard says, in bytes that stay where they are."""

from typing import Any

import numpy as np

from pipeline_code.classifier.compiled import inner
from pipeline_code.classifier.machine import skip_plain

DEEPEST = 512
"""How many objects and arrays may stand in one another."""

NOT_JSON, NOT_AN_OBJECT, NOT_UTF8, NO_TEXT, TEXT_IS_NO_STRING = -1, -2, -3, -4, -5
"""Why a line is no usable record, in the place of an end."""

QUOTE, BACKSLASH, COMMA = ord('"'), ord("\\"), ord(",")
BRACE, TO_CLOSING = ord("{"), 2
_BRACKET, _COLON = ord("["), ord(":")
_MINUS, _PLUS, _DOT, _ZERO, _NINE = ord("-"), ord("+"), ord("."), ord("0"), ord("9")
_TRUE, _FALSE, _NULL = (np.frombuffer(word, np.uint8) for word in (b"true", b"false", b"null"))

ESCAPES = np.zeros(256, np.uint8)
"""What the letter behind a backslash stands for; 0 for none."""
for _letter, _meaning in zip(b'"\\/bfnrt', b'"\\/\b\f\n\r\t', strict=True):
    ESCAPES[_letter] = _meaning


@inner
def skip_space(body: Any, at: int, end: int) -> int:
    while at < end and (body[at] == 32 or body[at] == 9 or body[at] == 13):
        at += 1
    return at


@inner
def skip_colon(body: Any, at: int, end: int) -> int:
    at = skip_space(body, at, end)
    return skip_space(body, at + 1, end) if at < end and body[at] == _COLON else NOT_JSON


@inner
def skip_value(body: Any, at: int, end: int, stack: Any) -> int:
    """The place behind the value that begins here, or why there is none. Goes down by a stack of its own."""
    depth = 0
    while True:
        if at == end:
            return NOT_JSON
        first: Any = np.int64(body[at])
        opened = False
        if first in (BRACE, _BRACKET):
            at = skip_space(body, at + 1, end)
            if at < end and body[at] == first + TO_CLOSING:
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
            at = skip_space(body, at, end)
            if at < end and body[at] == COMMA:
                at = skip_space(body, at + 1, end)
                opened = True
            elif at < end and body[at] == stack[depth - 1] + TO_CLOSING:
                depth -= 1
                at += 1
            else:
                return NOT_JSON
        if depth == 0:
            return at
        if stack[depth - 1] == BRACE:
            at = skip_string(body, at, end)
            if at >= 0:
                at = skip_colon(body, at, end)
            if at < 0:
                return at


@inner
def _skip_scalar(body: Any, at: int, end: int, first: int) -> int:
    if first == QUOTE:
        return skip_string(body, at, end)
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
def skip_string(body: Any, at: int, end: int) -> int:
    """The place behind the closing quote."""
    if at == end or body[at] != QUOTE:
        return NOT_JSON
    at += 1
    while at < end:
        at = skip_plain(body, at)
        if at >= end:
            return NOT_JSON
        byte = body[at]
        if byte == QUOTE:
            return at + 1
        if byte < 0x20:
            return NOT_JSON
        if byte == BACKSLASH:
            if at + 1 < end and body[at + 1] == ord("u"):
                if at + 6 > end or hexadecimal(body, at + 2) < 0:
                    return NOT_JSON
                at += 6
            elif at + 1 < end and ESCAPES[body[at + 1]] != 0:
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
    lead: Any = np.int64(body[at])
    size = 2 if 0xC2 <= lead < 0xE0 else 3 if 0xE0 <= lead < 0xF0 else 4 if 0xF0 <= lead < 0xF5 else 0
    if size == 0 or at + size > end:
        return 0
    for place in range(at + 1, at + size):
        if body[place] & 0xC0 != 0x80:
            return 0
    second: Any = np.int64(body[at + 1])
    too_long = (lead == 0xE0 and second < 0xA0) or (lead == 0xF0 and second < 0x90)
    beyond = (lead == 0xED and second >= 0xA0) or (lead == 0xF4 and second >= 0x90)
    return 0 if too_long or beyond else size


@inner
def hexadecimal(body: Any, at: int) -> int:
    """The number of four hexadecimal digits, or -1."""
    number = 0
    for place in range(at, at + 4):
        digit: Any = np.int64(body[place])
        if _ZERO <= digit <= _NINE:
            digit -= _ZERO
        elif ord("a") <= digit | 32 <= ord("f"):
            digit = (digit | 32) - ord("a") + 10
        else:
            return -1
        number = number * 16 + digit
    return number
