"""The contenders: ours and its peers behind one interface, each at the best of its usual settings.

Settings were chosen by accuracy on validation messages, one setting for all sets, never on the tests.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import joblib
from sklearn.calibration import CalibratedClassifierCV
from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline, make_union
from sklearn.svm import LinearSVC

from benchmarks import fasttext_peer, vowpal_peer
from benchmarks.data import Splits, held_out
from benchmarks.names import CALIBRATED, FASTTEXT, FASTTEXT_SUBWORDS, OURS, SERVED, VOWPAL_WABBIT, WORD_CHAR_SVC
from pipeline_code.classifier import Classifier


class Fitted(Protocol):
    """A classifier that has learned."""

    def predict(self, texts: Sequence[str]) -> Sequence[str]:
        """The label of each text."""

    def prepared(self, texts: Sequence[str]) -> Callable[[], object]:
        """What classifies all the texts when it is called, for the clock."""

    def save(self, path: Path) -> None:
        """Write the model as a file, or as files below a folder."""


@dataclass(frozen=True)
class Contender:
    """How to fit one on a set's splits, given a seed; `seeded` where another seed makes another model."""

    fit: Callable[[Splits, int], Fitted]
    seeded: bool = False


@dataclass(frozen=True)
class _Ours:
    model: Classifier

    def predict(self, texts: Sequence[str]) -> Sequence[str]:
        return self.model.predict(texts).labels

    def prepared(self, texts: Sequence[str]) -> Callable[[], object]:
        """From JSON Lines to JSON Lines, as it is served: reading and writing them is on the clock."""
        lines = "".join(json.dumps({"id": "x", "text": text}) + "\n" for text in texts).encode()
        return lambda: b"".join(self.model.answers(lines))

    def save(self, path: Path) -> None:
        self.model.save(path)


@dataclass(frozen=True)
class _Pipeline:
    model: Any

    def predict(self, texts: Sequence[str]) -> Sequence[str]:
        return list(self.model.predict(texts))

    def prepared(self, texts: Sequence[str]) -> Callable[[], object]:
        return lambda: self.model.predict(texts)

    def save(self, path: Path) -> None:
        joblib.dump(self.model, path)


def contenders() -> dict[str, Contender]:
    """Ours first, then the peers. All learn from the official train split, whole, and from nothing else."""
    return {
        OURS: Contender(_fit_ours),
        "word SVC": _scikit_learn(lambda: make_pipeline(_words(), _svc())),
        "word logistic regression": _scikit_learn(lambda: make_pipeline(_words(), _regression())),
        WORD_CHAR_SVC: _scikit_learn(lambda: make_pipeline(_words_and_characters(), _svc())),
        CALIBRATED: _scikit_learn(
            lambda: make_pipeline(_words_and_characters(), CalibratedClassifierCV(_svc(), cv=3, ensemble=False))
        ),
        "hashed word+char SVC": _scikit_learn(lambda: make_pipeline(_hashed(), _svc())),
        SERVED: _scikit_learn(lambda: make_pipeline(_words_and_characters(), _regression())),
        FASTTEXT: Contender(lambda of, seed: fasttext_peer.fit(of["train"], seed, subwords=False), seeded=True),
        FASTTEXT_SUBWORDS: Contender(lambda of, seed: fasttext_peer.fit(of["train"], seed, subwords=True), seeded=True),
        VOWPAL_WABBIT: Contender(lambda of, seed: vowpal_peer.fit(of["train"], seed), seeded=True),
    }


def _fit_ours(of: Splits, seed: int) -> Fitted:
    """Calibrated on a tenth of train, then fitted on all of it: not one message more than a peer gets."""
    return _Ours(Classifier.fit(*held_out(of["train"]), seed=seed))


def _scikit_learn(make: Callable[[], Any]) -> Contender:
    return Contender(lambda of, _: _Pipeline(make().fit(*zip(*of["train"], strict=True))))


# Words of one character count, which scikit-learn's own pattern leaves out: every peer gains by it.
_WORDS = {"ngram_range": (1, 2), "token_pattern": r"\b\w+\b", "strip_accents": "unicode"}
_CHARACTERS = {"ngram_range": (2, 4), "analyzer": "char_wb", "strip_accents": "unicode"}


def _words() -> Any:
    return TfidfVectorizer(sublinear_tf=True, **_WORDS)


def _words_and_characters() -> Any:
    return make_union(_words(), TfidfVectorizer(sublinear_tf=True, **_CHARACTERS))


def _hashed() -> Any:
    plain = {"n_features": 2**18, "alternate_sign": False, "norm": None}
    counts = [HashingVectorizer(**plain, **kind) for kind in (_WORDS, _CHARACTERS)]
    return make_union(*(make_pipeline(one, TfidfTransformer(sublinear_tf=True)) for one in counts))


def _svc() -> Any:
    return LinearSVC(C=1, random_state=0)


def _regression() -> Any:
    return LogisticRegression(C=20, max_iter=200)
