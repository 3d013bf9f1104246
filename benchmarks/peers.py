"""The peers: the classifiers that are commonly served, at their usual settings, behind one interface."""

from collections.abc import Callable
from typing import Any

from sklearn.calibration import CalibratedClassifierCV
from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline, make_union
from sklearn.svm import LinearSVC

SERVED = "word+char logistic regression"
"""The one that gives confidences, as a server needs, and the most accurate of those."""


def _words() -> Any:
    return TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, strip_accents="unicode")


def _words_and_characters() -> Any:
    characters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True, strip_accents="unicode")
    return make_union(_words(), characters)


def _hashed() -> Any:
    parts = [{"ngram_range": (1, 2)}, {"analyzer": "char_wb", "ngram_range": (2, 4)}]
    counts = [HashingVectorizer(n_features=2**18, alternate_sign=False, norm=None, **part) for part in parts]
    return make_union(*(make_pipeline(one, TfidfTransformer(sublinear_tf=True)) for one in counts))


PEERS: dict[str, Callable[[], Any]] = {
    "word SVC": lambda: make_pipeline(_words(), LinearSVC(random_state=0)),
    "word logistic regression": lambda: make_pipeline(_words(), LogisticRegression(C=20, max_iter=200)),
    "word+char SVC": lambda: make_pipeline(_words_and_characters(), LinearSVC(random_state=0)),
    "word+char calibrated SVC": lambda: make_pipeline(
        _words_and_characters(), CalibratedClassifierCV(LinearSVC(random_state=0), cv=3, ensemble=False)
    ),
    "hashed word+char SVC": lambda: make_pipeline(_hashed(), LinearSVC(random_state=0)),
    SERVED: lambda: make_pipeline(_words_and_characters(), LogisticRegression(C=20, max_iter=200)),
}
"""Each makes a classifier that is yet to be fitted."""
