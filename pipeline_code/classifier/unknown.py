"""Unknown: what of a text training did not hold, and where the text lies among others, for the monitor.

It stands beside the classifier because a text is folded and hashed here as it is there.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple, Self

import numpy as np
from numba import types
from numpy.typing import NDArray

from pipeline_code.classifier.compiled import called_with
from pipeline_code.classifier.features import BYTES, OFFSETS, packed
from pipeline_code.classifier.folding import fold
from pipeline_code.classifier.hashing import BUCKETS, MOST_CHARACTERS, MOST_WORDS, hash_ngrams, room

PLACES = 1024
"""Dimensions of the space of hashed n-grams in which a text has a place."""

BLOCK = 8192
"""Texts looked at together, which bounds the memory that they take."""

Bits = NDArray[np.bool_]


@dataclass(frozen=True)
class Known:
    """Which buckets training filled: those of any n-gram (2 x BUCKETS), and those of its words alone (BUCKETS)."""

    ngrams: Bits
    words: Bits

    @classmethod
    def of(cls, texts: Iterable[str]) -> Self:
        """All n-grams and words of the texts, none of which is held."""
        known = cls(np.zeros(2 * BUCKETS, np.bool_), np.zeros(BUCKETS, np.bool_))
        left = iter(texts)
        while block := list(islice(left, BLOCK)):
            learn_texts(*packed(block), known.ngrams, known.words)
        return known


class Looked(NamedTuple):
    """One entry a text: its n-grams and words, how many of each training did not hold; and places (texts x PLACES).

    A place is the text's n-grams, counted by a coarse hash and scaled to length 1; that of an empty text is 0.
    """

    ngrams: NDArray[np.int64]
    unknown_ngrams: NDArray[np.int64]
    words: NDArray[np.int64]
    unknown_words: NDArray[np.int64]
    places: NDArray[np.float32]

    def part(self, chosen: NDArray[np.int64]) -> "Looked":
        """Some of the texts, in the order of `chosen`, repeated ones too."""
        return Looked(
            self.ngrams[chosen],
            self.unknown_ngrams[chosen],
            self.words[chosen],
            self.unknown_words[chosen],
            self.places[chosen],
        )


def look(texts: Sequence[str], known: Known) -> Looked:
    """Look at some texts, whose places are held in memory: 4 kB each."""
    counts = np.zeros((4, len(texts)), np.int64)
    places = np.zeros((len(texts), PLACES), np.float32)
    look_at_texts(*packed(texts), known.ngrams, known.words, counts, places)
    return Looked(counts[0], counts[1], counts[2], counts[3], places)


@called_with(types.void(BYTES, OFFSETS, types.bool_[::1], types.bool_[::1]))
def learn_texts(together: Any, offsets: Any, ngrams: Any, words: Any) -> None:
    """Mark the buckets of the packed texts."""
    folded, of_words, of_characters = room()
    for text in range(len(offsets) - 1):
        length = fold(together, offsets[text], offsets[text + 1], folded)
        word_ngrams, character_ngrams = hash_ngrams(folded, length, of_words, of_characters)
        for place in range(word_ngrams):
            ngrams[of_words[place]] = True
        for place in range(character_ngrams):
            ngrams[of_characters[place]] = True
        for word in range(word_ngrams // 2):  # words and pairs alternate, and a pair with the end closes them
            words[of_words[2 * word]] = True


@called_with(types.void(BYTES, OFFSETS, types.bool_[::1], types.bool_[::1], types.int64[:, ::1], types.float32[:, ::1]))
def look_at_texts(together: Any, offsets: Any, ngrams: Any, words: Any, counts: Any, places: Any) -> None:
    """Write what `Looked` has of each packed text: its counts as four rows, and its place."""
    folded, of_words, of_characters = room()
    buckets = np.empty(MOST_WORDS + MOST_CHARACTERS, np.int32)
    for text in range(len(offsets) - 1):
        length = fold(together, offsets[text], offsets[text + 1], folded)
        word_ngrams, character_ngrams = hash_ngrams(folded, length, of_words, of_characters)
        buckets[:word_ngrams] = of_words[:word_ngrams]
        buckets[word_ngrams : word_ngrams + character_ngrams] = of_characters[:character_ngrams]
        total = word_ngrams + character_ngrams
        counts[0, text], counts[2, text] = total, word_ngrams // 2
        for place in range(total):
            counts[1, text] += not ngrams[buckets[place]]
            places[text, buckets[place] % PLACES] += np.float32(1)
        for word in range(word_ngrams // 2):
            counts[3, text] += not words[of_words[2 * word]]
        square = np.float32(0)
        for place in range(PLACES):
            square += places[text, place] * places[text, place]
        inverse_length = np.float32(1) / np.sqrt(square) if square > 0 else np.float32(0)
        for place in range(PLACES):
            places[text, place] *= inverse_length
