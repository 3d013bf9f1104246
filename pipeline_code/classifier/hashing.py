"""Hashing: the n-grams of folded words as numbers. A word's come first, those of characters in the upper half.

Word 1- and 2-grams, and the 2- to 4-grams of the characters of a word between two spaces, so that a beginning differs
from a middle. A word of one character is its own only n-gram.
"""

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
_HALF, _DOWN = np.uint64(32), np.uint64(64 - BITS)


@inner
def hash_ngrams(folded: Any, length: int, padded: Any, buckets: Any) -> int:
    """Write the bucket of each n-gram of `length` folded characters, repeated ones too, and return how many.

    padded: room for a word between two spaces.
    """
    count, start, before = 0, 0, np.uint64(0)
    while start < length:
        end, word = start, _WORD
        while folded[end] != WORD_END:
            word = _step(word, folded[end])
            end += 1
        buckets[count] = _bucket(word)
        count += 1
        if start > 0:
            buckets[count] = _bucket(_step(before, word))
            count += 1
        if end - start > 1:
            count = _hash_characters(folded, start, end, padded, buckets, count)
        start, before = end + 1, word
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
