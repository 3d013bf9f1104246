"""Folding: a text's words as the classifier sees them. Lower case, no accents, punctuation out, the same everywhere."""

import unicodedata
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline_code.classifier.compiled import inner

LONGEST_WORD = 64
"""Characters of a word that count. Longer ones are links and codes."""

LONGEST_TEXT = 8192
"""Folded characters of a text that count, one more for each word: what bounds a message's time and memory."""

SYMBOLS = "?!$%#@+€£"
"""Characters that tell something on their own and count as words. ¿ and ¡ fold into theirs."""

WORD_END, NOTHING, SPACE, SYMBOL = 0, 0, 32, 1 << 31
PARTS = 3

_LISTED = 0x2200
_LIGATURES, _FULL_WIDTH = range(0xFB00, 0xFB07), range(0xFF00, 0xFF5F)
_LIGATURES_AT, _FULL_WIDTH_AT = _LISTED, _LISTED + len(_LIGATURES)
_MATHS, _ARROWS_END, _EMOJI, _EMOJI_END = 0x2190, 0x2C00, 0x1F000, 0x1FB00
_LIGATURES_START, _LIGATURES_STOP = _LIGATURES.start, _LIGATURES.stop
_FULL_WIDTH_START, _FULL_WIDTH_STOP = _FULL_WIDTH.start, _FULL_WIDTH.stop


def _folded(character: str) -> list[int]:
    """What a character becomes: nothing, or up to three letters, spaces and symbols."""
    category = unicodedata.category(character)
    if category in ("Mn", "Me", "Cf"):
        return []
    character = {"¿": "?", "¡": "!", "_": " "}.get(character, character)
    if character in SYMBOLS:
        return [SYMBOL | ord(character)]
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", character).casefold())
    kept = [one for one in plain if not unicodedata.combining(one)][:PARTS]
    return [ord(one) if one.isalnum() else SPACE for one in kept]


def _rows() -> Iterator[list[int]]:
    for point in (*range(_LISTED), *_LIGATURES, *_FULL_WIDTH):
        folded = _folded(chr(point))
        yield folded + [NOTHING] * (PARTS - len(folded))


FOLDED: NDArray[np.uint32] = np.array(list(_rows()), dtype=np.uint32)

ASCII: NDArray[np.uint32] = FOLDED[:0x80, 0].copy()
"""The same for the commonest, each of which becomes one thing at most."""


@inner
def decode(text: Any, at: int, end: int) -> tuple[int, int]:
    """The code point at a place of UTF-8, lone surrogates included, and the place behind it."""
    lead: Any = np.int64(text[at])
    if lead < 0x80:
        return lead, at + 1
    more = 1 if lead < 0xE0 else 2 if lead < 0xF0 else 3
    point = lead & (0x3F >> more)
    last = min(at + more, end - 1)
    for place in range(at + 1, last + 1):
        point = point << 6 | (np.int64(text[place]) & 0x3F)
    return point, last + 1


@inner
def fold(text: Any, start: int, end: int, folded: Any) -> int:
    """Write the words of UTF-8 text, each closed by WORD_END, and return how much was written."""
    at, length, in_word = start, 0, 0
    while at < end and length < LONGEST_TEXT - 2 * PARTS:
        if text[at] < 0x80:
            value: Any = np.int64(ASCII[text[at]])
            length, in_word = _write(value, folded, length, in_word)
            at += 1
            continue
        point, at = decode(text, at, end)
        row = _row(point)
        if row < 0:
            length, in_word = _write(_unlisted(point), folded, length, in_word)
            continue
        for part in range(PARTS):
            value = np.int64(FOLDED[row, part])
            if value == NOTHING:
                break
            length, in_word = _write(value, folded, length, in_word)
    return _close(folded, length, in_word)


@inner
def _row(point: int) -> int:
    if point < _LISTED:
        return point
    if _LIGATURES_START <= point < _LIGATURES_STOP:
        return point - _LIGATURES_START + _LIGATURES_AT
    if _FULL_WIDTH_START <= point < _FULL_WIDTH_STOP:
        return point - _FULL_WIDTH_START + _FULL_WIDTH_AT
    return -1


@inner
def _unlisted(point: int) -> int:
    """Pictures count one by one, the signs that only vary them not at all; every other script is letters."""
    if 0xFE00 <= point < 0xFE10 or 0xE0000 <= point < 0xE1000:
        return NOTHING
    if _MATHS <= point < _ARROWS_END or _EMOJI <= point < _EMOJI_END:
        return point | SYMBOL
    if 0x3000 <= point < 0x3004 or 0xD800 <= point < 0xE000:
        return SPACE
    return point


@inner
def _write(value: int, folded: Any, length: int, in_word: int) -> tuple[int, int]:
    if value == SPACE:
        return _close(folded, length, in_word), 0
    if value & SYMBOL:
        length = _close(folded, length, in_word)
        folded[length] = value ^ SYMBOL
        folded[length + 1] = WORD_END
        return length + 2, 0
    if value != NOTHING and in_word < LONGEST_WORD:
        folded[length] = value
        return length + 1, in_word + 1
    return length, in_word


@inner
def _close(folded: Any, length: int, in_word: int) -> int:
    if in_word == 0:
        return length
    folded[length] = WORD_END
    return length + 1
