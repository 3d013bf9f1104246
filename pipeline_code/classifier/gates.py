"""Gates: what a prediction must reach to be decided without a person, chosen on messages that training did not see."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Gates:
    """Below either of the two a prediction is for review: unsure between labels, or unlike what was validated."""

    min_confidence: float
    min_in_scope_score: float


@dataclass(frozen=True)
class Targets:
    """What the gates are chosen for, all in 0..1.

    `auto_accuracy` of the messages that pass the gate of confidence should be right, which lies at `min_confidence` or
    above; the gate of the in-scope score sends the `review_quantile` lowest to review.
    """

    min_confidence: float = 0.5
    auto_accuracy: float = 0.95
    review_quantile: float = 0.02


def choose(confidence: Floats, in_scope_score: Floats, right: NDArray[np.bool_], targets: Targets) -> Gates:
    """The gates from predictions of held-out messages, at least one, each of a label that the model knows."""
    return Gates(
        _confidence_gate(confidence, right, targets), float(np.quantile(in_scope_score, targets.review_quantile))
    )


def _confidence_gate(confidence: Floats, right: NDArray[np.bool_], targets: Targets) -> float:
    """The lowest confidence that is reached by messages of which enough are right; out of reach where there is none."""
    surest_first = np.argsort(-confidence, kind="stable")
    reached = confidence[surest_first]
    share_right = np.cumsum(right[surest_first]) / np.arange(1, len(right) + 1)
    last_of_equals = np.append(reached[1:] != reached[:-1], True)
    enough = np.flatnonzero(last_of_equals & (share_right >= targets.auto_accuracy))
    if len(enough) == 0:
        return max(float(np.nextafter(reached[0], np.float32(2))), targets.min_confidence)
    if enough[-1] == len(right) - 1:
        return targets.min_confidence
    return max(float(reached[enough[-1]]), targets.min_confidence)
