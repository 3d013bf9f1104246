"""Hashing: the n-grams of folded words as numbers. A word's come first, those of characters in the upper half.

Word 1- and 2-grams, where the text's beginning and end are neighbours too, since what a message opens with tells much;
and the 2- to 4-grams of the characters of a word between two spaces, so that a beginning differs from a middle. A word
of one character has none of these.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np

from pipeline_code.classifier.compiled import inner
from pipeline_code.classifier.folding import LONGEST_TEXT, LONGEST_WORD, SPACE, WORD_END

BITS = 18
"""Each of the two kinds of n-gram falls into 2^BITS buckets."""

BUCKETS = 1 << BITS
LONGEST_NGRAM = 4
MOST_NGRAMS = 3 * LONGEST_TEXT

# Odd 64-bit constants without structure, from the fractional parts of the golden ratio and of square roots.
_STEP, _SPREAD = np.uint64(0x9E3779B97F4A7C15), np.uint64(0x6A09E667F3BCC909)
_WORD, _CHARACTERS = np.uint64(0xBB67AE8584CAA73B), np.uint64(0x3C6EF372FE94F82B)
_BEGINNING, _END = np.uint64(0xA54FF53A5F1D36F1), np.uint64(0x510E527FADE682D1)
_ALL = 2**64 - 1
_HALF, _DOWN = np.uint64(32), np.uint64(64 - BITS)


@inner
def hash_ngrams(folded: Any, length: int, padded: Any, buckets: Any) -> int:
    """Write the bucket of each n-gram of `length` folded characters, repeated ones too, and return how many.

    padded: room for a word between two spaces.
    """
    count, start, before = 0, 0, _BEGINNING
    while start < length:
        end, word = start, _WORD
        while folded[end] != WORD_END:
            word = _step(word, folded[end])
            end += 1
        buckets[count] = _bucket(word)
        buckets[count + 1] = _pair(before, word)
        count += 2
        if end - start > 1:
            count = _hash_characters(folded, start, end, padded, buckets, count)
        start, before = end + 1, word
    if length > 0:
        buckets[count] = _pair(before, _END)
        count += 1
    return count


@inner
def _hash_characters(folded: Any, start: int, end: int, padded: Any, buckets: Any, count: int) -> int:
    size = end - start + 2
    padded[0], padded[size - 1] = SPACE, SPACE
    for place in range(start, end):
        padded[place - start + 1] = folded[place]
    for first in range(size - 1):
        ngram = _step(_CHARACTERS, padded[first])
        for last in range(first + 1, min(first + LONGEST_NGRAM, size)):
            ngram = _step(ngram, padded[last])
            buckets[count] = _bucket(ngram) + BUCKETS
            count += 1
    return count


@inner
def _step(so_far: Any, value: Any) -> Any:
    return (so_far ^ np.uint64(value)) * _STEP


@inner
def _pair(left: Any, right: Any) -> Any:
    # Spread first: without it the two would change places without a difference.
    return _bucket(_step(left * _SPREAD, right))


@inner
def _bucket(ngram: Any) -> Any:
    return np.int64(((ngram ^ (ngram >> _HALF)) * _SPREAD) >> _DOWN)


@inner
def room() -> Any:
    """Space for one text at a time: its folded characters, a padded word, its buckets."""
    return (
        np.empty(LONGEST_TEXT, np.uint32),
        np.empty(LONGEST_WORD + 2, np.uint32),
        np.empty(MOST_NGRAMS, np.int32),
    )


def bucket_of_words(ngram: str) -> int:
    """The bucket of one folded word, or of two joined by a space; slowly, in Python, for one n-gram at a time."""
    words = [_stepped(int(_WORD), map(ord, word)) for word in ngram.split(" ")]
    if len(words) == 1:
        return _place(words[0])
    return _place(_stepped(words[0] * int(_SPREAD) & _ALL, words[1:]))


def bucket_of_characters(ngram: str) -> int:
    """The bucket of an n-gram of characters, as above."""
    return _place(_stepped(int(_CHARACTERS), map(ord, ngram))) + BUCKETS


def _stepped(so_far: int, values: Iterable[int]) -> int:
    for value in values:
        so_far = (so_far ^ value) * int(_STEP) & _ALL
    return so_far


def _place(ngram: int) -> int:
    return ((ngram ^ ngram >> int(_HALF)) * int(_SPREAD) & _ALL) >> int(_DOWN)
