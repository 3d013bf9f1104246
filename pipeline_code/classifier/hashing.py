"""Hashing: the n-grams of folded words as numbers; those of characters have the upper half.

Word 1- and 2-grams, where the text's beginning and end are neighbours too, since what a message opens with tells much;
and the 2- to 4-grams of the characters of a word between two spaces, so that a beginning differs from a middle. A word
of one character has none of these.
"""

from typing import Any

import numpy as np

from pipeline_code.classifier.compiled import inner
from pipeline_code.classifier.folding import LONGEST_TEXT, SPACE, WORD_END

BITS = 18
"""Each of the two kinds of n-gram falls into 2^BITS buckets."""

BUCKETS = 1 << BITS
MOST_WORDS, MOST_CHARACTERS = LONGEST_TEXT + 1, 3 * LONGEST_TEXT
"""How many n-grams of each kind a text has at most."""

# Odd 64-bit constants without structure, from the fractional parts of the golden ratio and of square roots.
_STEP, _SPREAD = np.uint64(0x9E3779B97F4A7C15), np.uint64(0x6A09E667F3BCC909)
_WORD, _BEGINNING, _END = np.uint64(0xBB67AE8584CAA73B), np.uint64(0xA54FF53A5F1D36F1), np.uint64(0x510E527FADE682D1)
_HALF, _DOWN = np.uint64(32), np.uint64(64 - BITS)

# An n-gram of characters is one number, 16 bits a character, the last one lowest.
_CHARACTER = np.uint64(16)
_LOW, _TWO, _THREE = np.uint64(0xFFFF), np.uint64(2**32 - 1), np.uint64(2**48 - 1)
_SPACE = np.uint64(SPACE)


@inner
def hash_ngrams(folded: Any, length: int, words: Any, characters: Any) -> tuple[int, int]:
    """Write the bucket of each n-gram of `length` folded characters, repeated ones too, and return how many."""
    word_ngrams, character_ngrams, at, before = 0, 0, 0, _BEGINNING
    while at < length:
        word, ngram, size = _WORD, _SPACE, 0
        while folded[at] != WORD_END:
            character = np.uint64(folded[at])
            word = (word ^ character) * _STEP
            ngram = ngram << _CHARACTER | _short(character)
            character_ngrams = _ending_here(ngram, size, characters, character_ngrams)
            size += 1
            at += 1
        character_ngrams = _ending_here(ngram << _CHARACTER | _SPACE, size, characters, character_ngrams)
        if size == 1:
            character_ngrams -= 3
        words[word_ngrams] = _bucket(word)
        words[word_ngrams + 1] = _pair(before, word)
        word_ngrams += 2
        at, before = at + 1, word
    if length > 0:
        words[word_ngrams] = _pair(before, _END)
        word_ngrams += 1
    return word_ngrams, character_ngrams


@inner
def _ending_here(ngram: Any, earlier: int, characters: Any, count: int) -> int:
    """Write the buckets of the n-grams that end with this character; `earlier` ones of its word stand before it."""
    characters[count] = _bucket_of_characters(ngram & _TWO)
    if earlier == 0:
        return count + 1
    characters[count + 1] = _bucket_of_characters(ngram & _THREE)
    if earlier == 1:
        return count + 2
    characters[count + 2] = _bucket_of_characters(ngram)
    return count + 3


@inner
def _short(character: Any) -> Any:
    """A code point in 16 bits; those beyond fall upon others."""
    return (character ^ character >> _CHARACTER) & _LOW


@inner
def _bucket_of_characters(ngram: Any) -> Any:
    return np.int64((ngram * _STEP) >> _DOWN) + BUCKETS


@inner
def _pair(left: Any, right: Any) -> Any:
    # Spread first: without it the two would change places without a difference.
    return _bucket((left * _SPREAD ^ right) * _STEP)


@inner
def _bucket(ngram: Any) -> Any:
    return np.int64(((ngram ^ (ngram >> _HALF)) * _SPREAD) >> _DOWN)


@inner
def room() -> Any:
    """Space for one text at a time: its folded characters, the buckets of its words, those of its characters."""
    return (
        np.empty(LONGEST_TEXT, np.uint32),
        np.empty(MOST_WORDS, np.int32),
        np.empty(MOST_CHARACTERS, np.int32),
    )
