"""Features: word 1- and 2-grams and the 2- to 4-grams of characters inside words, weighted by tf-idf."""

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from pipeline_code.classifier.folding import folded_words

SHORTEST, LONGEST = 2, 4
REMEMBERED_WORDS = 200_000

Floats = NDArray[np.float32]


def word_ngrams(words: Sequence[str]) -> Iterator[str]:
    """The words, and each two neighbours joined by a space."""
    yield from words
    for pair in pairwise(words):
        yield " ".join(pair)


def character_ngrams(word: str) -> Iterator[str]:
    """The 2- to 4-grams of a word between two spaces, so that a beginning differs from a middle."""
    padded = f" {word} "
    for size in range(SHORTEST, LONGEST + 1):
        for start in range(len(padded) - size + 1):
            yield padded[start : start + size]


class NgramFeatures:
    """The n-grams known from training, each a column: first those of words, then those of characters."""

    def __init__(self, words: Sequence[str], characters: Sequence[str], idf: Floats) -> None:
        """`idf` weighs each column."""
        self.words, self.characters, self.idf = words, characters, idf
        self._word_column = {ngram: column for column, ngram in enumerate(words)}
        self._character_columns = _CharacterColumns(characters, first=len(words))

    @classmethod
    def fit(cls, texts: Sequence[str]) -> Self:
        """Take every n-gram of the texts as a column; idf = ln((1 + texts) / (1 + texts that hold it)) + 1."""
        in_words: Counter[str] = Counter()
        in_characters: Counter[str] = Counter()
        for text in texts:
            words = folded_words(text)
            in_words.update(set(word_ngrams(words)))
            in_characters.update({ngram for word in words for ngram in character_ngrams(word)})
        words_, characters = sorted(in_words), sorted(in_characters)
        held_by = np.array([in_words[n] for n in words_] + [in_characters[n] for n in characters])
        idf = np.log((1 + len(texts)) / (1 + held_by)) + 1
        return cls(words_, characters, idf.astype(np.float32))

    def matrix(self, texts: Iterable[str]) -> csr_array:
        """One row a text: (1 + ln count) x idf, then each of the two blocks scaled to length 1 (float32)."""
        counts = self._counts(texts)
        counts.data = (1 + np.log(counts.data)) * self.idf[counts.indices]
        rows = np.repeat(np.arange(counts.shape[0]), np.diff(counts.indptr))
        block = 2 * rows + (counts.indices >= len(self.words))
        square = np.bincount(block, weights=np.square(counts.data), minlength=2 * counts.shape[0])
        counts.data /= np.sqrt(square).astype(np.float32)[block]
        return counts

    def _counts(self, texts: Iterable[str]) -> csr_array:
        columns, ends = array("i"), array("i", [0])
        word_column, character_columns = self._word_column.get, self._character_columns
        for text in texts:
            words = folded_words(text)
            columns.extend(column for column in map(word_column, word_ngrams(words)) if column is not None)
            for word in words:
                columns.extend(character_columns[word])
            ends.append(len(columns))
        indices, indptr = np.array(columns, dtype=np.int32), np.array(ends, dtype=np.int32)
        shape = (len(ends) - 1, len(self.words) + len(self.characters))
        counts = csr_array((np.ones(len(indices), np.float32), indices, indptr), shape=shape)
        counts.sum_duplicates()
        return counts


class _CharacterColumns(dict[str, "array[int]"]):
    """Columns of a word's character n-grams, remembered: few words make up most of what people write."""

    def __init__(self, ngrams: Sequence[str], first: int) -> None:
        super().__init__()
        self._column = {ngram: first + column for column, ngram in enumerate(ngrams)}

    def __missing__(self, word: str) -> "array[int]":
        columns = array("i", [self._column[n] for n in character_ngrams(word) if n in self._column])
        if len(self) >= REMEMBERED_WORDS:
            self.clear()
        self[word] = columns
        return columns
