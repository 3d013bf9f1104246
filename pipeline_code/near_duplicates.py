"""Near-duplicates: which test messages say almost the same as a training message.

A cosine of `t` between rows x and y of length 1 needs a shared n-gram among the rarest of both: without the rarest ones
that make up 1 - t² of its squared length, x is shorter than t, and so is what it has in common with y. Only pairs that
share such an n-gram are compared, and of an n-gram that is common all the same only some, so that the cost grows with
the number of messages and not with that of pairs.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline_code.classifier.features import Vocabulary

if TYPE_CHECKING:
    from scipy.sparse import csr_array

NEAR = 0.9
BLOCK = 16_384
"""Training messages looked at together, which bounds the memory that they take."""

MOST_OF_A_NGRAM = 16
"""Training messages of a block that are tried for one rare n-gram."""

MOST_TRIED = 256
"""Training messages after which a test message counts as unlike all of them."""

PAIRS_TOGETHER = 65_536

Integers = NDArray[np.int64]


class _Rare(NamedTuple):
    """Which rows hold which of their rarest n-grams, sorted by n-gram."""

    ngram: Integers
    row: Integers

    def only(self, kept: NDArray[np.bool_]) -> "_Rare":
        return _Rare(self.ngram[kept], self.row[kept])


def near_duplicates(vocabulary: Vocabulary, test: Sequence[str], train: Iterable[str]) -> NDArray[np.bool_]:
    """Whether each test text lies within a cosine of 0.9 of any training text.

    Equal texts are always found, others unless hundreds of training messages share their rarest n-grams. A text of
    which the vocabulary knows nothing is near none.
    """
    rarest_first = np.empty(len(vocabulary.idf), np.int32)
    rarest_first[np.argsort(-vocabulary.idf, kind="stable")] = np.arange(len(vocabulary.idf), dtype=np.int32)
    wanted = _rows(vocabulary, test, rarest_first)
    fingerprints = _fingerprints(wanted)
    found, tried = np.zeros(len(test), np.bool_), np.zeros(len(test), np.int64)
    rare = _rare(wanted)
    for texts in _blocks(train):
        rows = _rows(vocabulary, texts, rarest_first)
        prints, first = np.unique(_fingerprints(rows), return_index=True)
        found |= np.isin(fingerprints, prints) & (wanted.indptr[1:] > wanted.indptr[:-1])
        rows = rows[first]
        rare = rare.only(~found[rare.row] & (tried[rare.row] < MOST_TRIED))
        of_test, of_train = _candidates(rare, _rare(rows))
        tried += np.bincount(of_test, minlength=len(test))
        found[of_test[_cosines(wanted, rows, of_test, of_train) >= NEAR]] = True
    return found


def _blocks(texts: Iterable[str]) -> Iterator[list[str]]:
    left = iter(texts)
    while block := list(islice(left, BLOCK)):
        yield block


def _rows(vocabulary: Vocabulary, texts: Sequence[str], rarest_first: NDArray[np.int32]) -> "csr_array":
    """The texts' features as rows of length 1, the rarest n-grams of the training set first."""
    matrix = vocabulary.matrix(texts)
    matrix.indices = rarest_first[matrix.indices]
    matrix.has_sorted_indices = False
    matrix.sort_indices()
    lengths = np.sqrt(_by_row(matrix, matrix.data.astype(np.float64) ** 2))
    matrix.data /= np.repeat(lengths, np.diff(matrix.indptr))
    return matrix


def _by_row(matrix: "csr_array", values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sum of one value for each element, row by row."""
    return np.diff(np.concatenate([[0.0], np.cumsum(values)])[matrix.indptr])


def _fingerprints(matrix: "csr_array") -> NDArray[np.float64]:
    """A number for each row, equal for equal rows and, but for chance, for no others."""
    prints: NDArray[np.float64] = matrix @ np.random.default_rng(0).standard_normal(matrix.shape[1])
    return prints


def _rare(matrix: "csr_array") -> _Rare:
    """Of each row, the rarest n-grams that no near row can be without."""
    squares = matrix.data.astype(np.float64) ** 2
    before = np.cumsum(squares) - squares
    starts, lengths = matrix.indptr[:-1], np.diff(matrix.indptr)
    filled = lengths > 0
    of_row = np.repeat(before[starts[filled]], lengths[filled])
    rows = np.repeat(np.arange(matrix.shape[0]), lengths)
    kept = before - of_row <= 1 - NEAR**2 + 1e-6
    ngram, row = matrix.indices[kept].astype(np.int64), rows[kept]
    order = np.argsort(ngram, kind="stable")
    return _Rare(ngram[order], row[order])


def _candidates(test: _Rare, train: _Rare) -> tuple[Integers, Integers]:
    """Pairs of rows that share a rare n-gram, each once; for one n-gram at most so many training rows."""
    place = np.arange(len(train.ngram)) - np.searchsorted(train.ngram, train.ngram)
    train = train.only(place < MOST_OF_A_NGRAM)
    first = np.searchsorted(train.ngram, test.ngram)
    shared = np.searchsorted(train.ngram, test.ngram, side="right") - first
    of_test = np.repeat(test.row, shared)
    step = np.arange(shared.sum()) - np.repeat(np.cumsum(shared) - shared, shared)
    of_train = train.row[np.repeat(first, shared) + step]
    pairs = np.unique(of_test * BLOCK + of_train)
    return pairs // BLOCK, pairs % BLOCK


def _cosines(test: "csr_array", train: "csr_array", of_test: Integers, of_train: Integers) -> NDArray[np.float64]:
    cosines = np.empty(len(of_test))
    for start in range(0, len(of_test), PAIRS_TOGETHER):
        some = slice(start, start + PAIRS_TOGETHER)
        cosines[some] = test[of_test[some]].multiply(train[of_train[some]]).sum(axis=1)
    return cosines
