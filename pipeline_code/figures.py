"""Figures: one model on the test set, overall and in slices, and where two models differ."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline_code.classifier import Predictions
from pipeline_code.contracts import OUT_OF_SCOPE
from pipeline_code.metrics import coverage_at, coverage_curve, expected_calibration_error, reliability, score
from pipeline_code.records import Example

CURVE_POINTS = 100
SLICES = {"language": "per_language", "source": "per_source"}


@dataclass(frozen=True)
class TestSet:
    """Labelled messages, and which of them say almost the same as a training message.

    Figures of labels go over the messages in scope: the others have no label that a model could give.
    """

    examples: Sequence[Example]
    near_duplicate: NDArray[np.bool_]

    @cached_property
    def in_scope(self) -> NDArray[np.bool_]:
        return np.array([one.label != OUT_OF_SCOPE for one in self.examples], np.bool_)

    @cached_property
    def judged(self) -> list[Example]:
        """The examples in scope."""
        return [one for one in self.examples if one.label != OUT_OF_SCOPE]

    @cached_property
    def truth(self) -> list[str]:
        return [one.label for one in self.judged]

    def guesses(self, predictions: Predictions) -> list[str]:
        """What a model says of the examples in scope."""
        return [guess for guess, kept in zip(predictions.labels, self.in_scope, strict=True) if kept]

    def right(self, predictions: Predictions) -> NDArray[np.bool_]:
        pairs = zip(self.truth, self.guesses(predictions), strict=True)
        return np.array([label == guess for label, guess in pairs], np.bool_)


@dataclass(frozen=True)
class Difference:
    """One figure of a label, language or source under the champion and under the challenger, in 0..1.

    `lost` messages only the champion had right, `won` ones only the challenger.
    """

    kind: str
    name: str
    champion: float
    challenger: float
    examples: int
    lost: int
    won: int

    @property
    def fall(self) -> float:
        return self.champion - self.challenger

    @property
    def chance(self) -> float:
        """How likely two models that are equally good differ by so much: the exact one-sided sign test."""
        from scipy.special import bdtr  # here, because the server does without scipy

        return float(bdtr(self.won, self.lost + self.won, 0.5))


def figures(test: TestSet, predictions: Predictions) -> dict[str, Any]:
    """One model's figures. Coverage is the share of messages decided without review; None where there is no data."""
    scores = score(test.truth, test.guesses(predictions))
    right, confidence = test.right(predictions), predictions.confidence[test.in_scope]
    curve = coverage_curve(right, confidence)
    worst, worst_score = min(scores.per_label.items(), key=lambda item: item[1].f1)
    rejected = predictions.review[~test.in_scope]
    return {
        **asdict(scores),
        "coverage": 1 - float(predictions.review[test.in_scope].mean()),
        "coverage_at_95": coverage_at(curve, 0.95),
        "coverage_at_98": coverage_at(curve, 0.98),
        "coverage_curve": _thinned(curve).round(6).tolist(),
        "expected_calibration_error": expected_calibration_error(right, confidence),
        "reliability": [asdict(one) for one in reliability(right, confidence)],
        "out_of_scope_rejection": float(rejected.mean()) if len(rejected) else None,
        "without_near_duplicates": _without_near_duplicates(test, predictions),
        **{column: _by(field, test, predictions) for field, column in SLICES.items()},
        "worst_label": {"label": worst, "f1": worst_score.f1},
    }


def differences(
    test: TestSet, new: dict[str, Any], old: dict[str, Any], challenger: Predictions, champion: Predictions
) -> list[Difference]:
    """Every label (its F1), language and source (their accuracy) of the test set under both models."""
    lost, won = _labels_lost_and_won(test, test.guesses(challenger), test.guesses(champion))
    found = [
        Difference("label", name, before["f1"], now["f1"], now["examples"], lost[name], won[name])
        for (name, now), before in zip(new["per_label"].items(), old["per_label"].values(), strict=True)
    ]
    right, was_right = test.right(challenger), test.right(champion)
    for field, column in SLICES.items():
        lost, won = _count(field, test, was_right & ~right), _count(field, test, right & ~was_right)
        found += [
            Difference(
                field, name, old[column][name]["accuracy"], now["accuracy"], now["examples"], lost[name], won[name]
            )
            for name, now in new[column].items()
        ]
    return found


def _labels_lost_and_won(
    test: TestSet, guesses: Sequence[str], champions: Sequence[str]
) -> tuple[Counter[str], Counter[str]]:
    """How often only the champion, and only the challenger, was right about whether a message has a label."""
    lost, won = Counter[str](), Counter[str]()
    for label, guess, champions_guess in zip(test.truth, guesses, champions, strict=True):
        if guess != champions_guess:
            (won if guess == label else lost)[guess] += 1
            (lost if champions_guess == label else won)[champions_guess] += 1
    return lost, won


def _count(field: str, test: TestSet, counted: Iterable[np.bool_]) -> Counter[str]:
    return Counter(getattr(one, field) for one, yes in zip(test.judged, counted, strict=True) if yes)


def _without_near_duplicates(test: TestSet, predictions: Predictions) -> dict[str, Any] | None:
    apart = ~test.near_duplicate[test.in_scope]
    pairs = [
        pair for pair, kept in zip(zip(test.truth, test.guesses(predictions), strict=True), apart, strict=True) if kept
    ]
    return _summary(pairs) if pairs else None


def _by(field: str, test: TestSet, predictions: Predictions) -> dict[str, dict[str, Any]]:
    slices: dict[str, list[tuple[str, str]]] = {}
    for example, guess in zip(test.judged, test.guesses(predictions), strict=True):
        slices.setdefault(getattr(example, field), []).append((example.label, guess))
    return {name: _summary(pairs) for name, pairs in sorted(slices.items())}


def _summary(pairs: Sequence[tuple[str, str]]) -> dict[str, Any]:
    scores = score([label for label, _ in pairs], [guess for _, guess in pairs])
    return {"accuracy": scores.accuracy, "macro_f1": scores.macro_f1, "examples": scores.examples}


def _thinned(curve: NDArray[np.float64]) -> NDArray[np.float64]:
    """Some points of a long curve, evenly, the last one included."""
    places = np.linspace(0, len(curve) - 1, CURVE_POINTS).round().astype(int)
    thinned: NDArray[np.float64] = curve[np.unique(places)]
    return thinned
