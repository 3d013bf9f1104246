"""The gates: how sure a prediction has to be, chosen from predictions of messages that training did not see."""

import numpy as np
import pytest

from pipeline_code.classifier.gates import Gates, Targets, choose

CONFIDENCE = np.array([0.9, 0.6, 0.8, 0.7, 0.55], np.float32)
IN_SCOPE_SCORE = np.array([0.1, 0.2, 0.3, 0.4, 0.5], np.float32)


def chosen(right: list[int], **targets: float) -> Gates:
    return choose(CONFIDENCE, IN_SCOPE_SCORE, np.array(right, bool), Targets(**targets))


# Surest first the messages are right as in 0.9, 0.8, 0.7, 0.6, 0.55: the places 0, 2, 3, 1, 4 of each list.
@pytest.mark.parametrize(
    ("right", "auto_accuracy", "gate"),
    [
        ([1, 1, 1, 1, 1], 1.0, 0.25),
        ([1, 1, 1, 1, 0], 1.0, 0.6),
        ([1, 1, 1, 1, 0], 0.8, 0.25),
        ([1, 1, 0, 1, 1], 0.75, 0.25),
        ([1, 0, 0, 1, 0], 0.6, 0.7),
        ([1, 0, 0, 0, 0], 0.9, 0.9),
    ],
)
def test_the_confidence_gate_is_the_lowest_from_which_on_enough_are_right(
    right: list[int], auto_accuracy: float, gate: float
) -> None:
    assert chosen(right, min_confidence=0.25, auto_accuracy=auto_accuracy).min_confidence == pytest.approx(gate)


def test_the_confidence_gate_is_never_below_the_least_confidence() -> None:
    assert chosen([1, 1, 1, 1, 0], min_confidence=0.65, auto_accuracy=1.0).min_confidence == 0.65
    assert chosen([1, 1, 1, 0, 0], min_confidence=0.65, auto_accuracy=1.0).min_confidence == pytest.approx(0.8)


def test_where_even_the_surest_are_wrong_everything_is_for_review() -> None:
    assert chosen([0, 1, 1, 1, 1], auto_accuracy=0.9).min_confidence > np.float32(0.9)


def test_equally_sure_messages_stand_or_fall_together() -> None:
    confidence, right = np.array([0.9, 0.7, 0.7, 0.7], np.float32), np.array([1, 1, 1, 0], bool)
    gates = choose(confidence, np.zeros(4, np.float32), right, Targets(0.0, 0.9, 0.0))
    assert gates.min_confidence == pytest.approx(0.9)


def test_the_in_scope_gate_is_the_quantile_of_the_scores() -> None:
    assert chosen([1, 1, 1, 1, 1], review_quantile=0.25).min_in_scope_score == pytest.approx(0.2)
