"""Features: the n-grams of training that count, and how much each weighs in a text. Training and serving call this."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np
from numba import types
from numpy.typing import NDArray

from pipeline_code.classifier.compiled import called_with, inner, struct
from pipeline_code.classifier.folding import fold
from pipeline_code.classifier.hashing import BUCKETS, MOST_CHARACTERS, MOST_WORDS, hash_ngrams, room

if TYPE_CHECKING:
    from scipy.sparse import csr_array

MOST_COUNTED = 255
"""How often an n-gram counts within one text."""

LOGARITHMS: NDArray[np.float32] = np.array([0, *(1 + np.log(np.arange(1, MOST_COUNTED + 1)))], np.float32)

Floats = NDArray[np.float32]
Integers = NDArray[np.int32]
Bytes = NDArray[np.uint8]


MOST_ROWS = MOST_WORDS + MOST_CHARACTERS


class Lookup(NamedTuple):
    """The vocabulary as the kernel reads it: each bucket's row or -1, each row's idf."""

    row: Integers
    idf: Floats


BYTES, OFFSETS = types.Array(types.uint8, 1, "C", readonly=True), types.int64[::1]
LOOKUP = struct(Lookup, types.int32[::1], types.float32[::1])


@dataclass(frozen=True)
class Vocabulary:
    """The buckets (int32, ascending) that training saw, each of them a row of the weights, and their idf (float32)."""

    buckets: Integers
    idf: Floats

    @classmethod
    def fit(cls, texts: Sequence[str]) -> Self:
        """Take every n-gram of the texts; idf = ln((1 + texts) / (1 + texts that hold it)) + 1."""
        held_by = np.zeros(2 * BUCKETS, np.int32)
        count_texts(*packed(texts), held_by)
        buckets = np.flatnonzero(held_by).astype(np.int32)
        idf = np.log((1 + len(texts)) / (1 + held_by[buckets])) + 1
        return cls(buckets, idf.astype(np.float32))

    @cached_property
    def lookup(self) -> Lookup:
        row = np.full(2 * BUCKETS, -1, np.int32)
        row[self.buckets] = np.arange(len(self.buckets), dtype=np.int32)
        return Lookup(row, self.idf)

    def matrix(self, texts: Sequence[str]) -> "csr_array":
        """One row a text: (1 + ln count) x idf, then each of the two kinds of n-gram scaled to length 1 (float32)."""
        from scipy.sparse import csr_array  # here, because the server does without it

        together, offsets = packed(texts)
        ends = np.zeros(len(texts) + 1, np.int64)
        most = 3 * (len(together) + len(texts))
        columns, values = np.empty(most, np.int32), np.empty(most, np.float32)
        used = weigh_texts(together, offsets, self.lookup, ends, columns, values)
        # 32 bits, as scikit-learn asks: enough for the n-grams of some ten million messages.
        parts = (values[:used], columns[:used], ends.astype(np.int32))
        return csr_array(parts, shape=(len(texts), len(self.buckets)))


def packed(texts: Sequence[str]) -> tuple[Bytes, NDArray[np.int64]]:
    """The texts' UTF-8 in one array, and where each begins and ends (texts + 1 offsets). Lone surrogates stay."""
    encoded = [text.encode("utf-8", "surrogatepass") for text in texts]
    offsets = np.zeros(len(texts) + 1, np.int64)
    np.cumsum([len(one) for one in encoded], out=offsets[1:])
    return np.frombuffer(b"".join(encoded), np.uint8), offsets


@inner
def _weigh_kind(buckets: Any, count: int, lookup: Any, seen: Any, rows: Any, values: Any, first: int) -> int:
    """Do so for one kind, from place `first` on, and return the place behind."""
    known = used = first
    for place in range(count):  # no branches: what a word is worth cannot be foreseen, and a wrong guess costs most
        row = lookup.row[buckets[place]]
        rows[known] = row
        known += row >= 0
    for place in range(first, known):
        row = rows[place]
        times = seen[row]
        rows[used] = row
        used += times == 0
        seen[row] = times + (times < MOST_COUNTED)
    square = np.float32(0)
    for place in range(first, used):
        row = rows[place]
        value = LOGARITHMS[seen[row]] * lookup.idf[row]
        seen[row] = 0
        values[place] = value
        square += value * value
    inverse_length = np.float32(1) / np.sqrt(square) if square > 0 else np.float32(0)
    for place in range(first, used):
        values[place] *= inverse_length
    return used


@inner
def weigh(text: Any, start: int, end: int, lookup: Any, seen: Any, room: Any, rows: Any, values: Any) -> int:
    """Write the rows of a text's known n-grams and what they weigh, and return how many; `seen` is 0 before and after.

    Each of the two kinds of n-gram has length 1, so that a long text weighs no more than a short one.
    """
    folded, words, characters = room
    length = fold(text, start, end, folded)
    of_words, of_characters = hash_ngrams(folded, length, words, characters)
    used = _weigh_kind(words, of_words, lookup, seen, rows, values, 0)
    return _weigh_kind(characters, of_characters, lookup, seen, rows, values, used)


@inner
def _count(bucket: int, text: int, last_text: Any, held_by: Any) -> None:
    if last_text[bucket] != text:
        last_text[bucket] = text
        held_by[bucket] += 1


@called_with(types.void(BYTES, OFFSETS, types.int32[::1]))
def count_texts(together: Any, offsets: Any, held_by: Any) -> None:
    """Add to each bucket how many of the packed texts hold it."""
    folded, words, characters = room()
    last_text = np.full(len(held_by), -1, np.int32)
    for text in range(len(offsets) - 1):
        length = fold(together, offsets[text], offsets[text + 1], folded)
        of_words, of_characters = hash_ngrams(folded, length, words, characters)
        for place in range(of_words):
            _count(words[place], text, last_text, held_by)
        for place in range(of_characters):
            _count(characters[place], text, last_text, held_by)


@called_with(types.int64(BYTES, OFFSETS, LOOKUP, OFFSETS, types.int32[::1], types.float32[::1]))
def weigh_texts(together: Any, offsets: Any, lookup: Any, ends: Any, columns: Any, values: Any) -> int:
    """Write the rows of `Vocabulary.matrix` one after another; `ends` says where each ends. Returns how much in all."""
    of_one = room()
    seen = np.zeros(len(lookup.idf), np.uint8)
    rows_of_one, values_of_one = np.empty(MOST_ROWS, np.int32), np.empty(MOST_ROWS, np.float32)
    total = 0
    for text in range(len(offsets) - 1):
        used = weigh(together, offsets[text], offsets[text + 1], lookup, seen, of_one, rows_of_one, values_of_one)
        columns[total : total + used] = rows_of_one[:used]
        values[total : total + used] = values_of_one[:used]
        total += used
        ends[text + 1] = total
    return total
