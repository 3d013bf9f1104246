"""Predictions: what a model of either tier says of some texts."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Predictions:
    """One entry a text, in order. `confidence` is in 0..1.

    `in_scope_score` (about 0..4) is what the text alone gives its label: the raw score without the label's bias. With
    it, a text like nothing in training would pass for the commonest label.
    """

    labels: list[str]
    confidence: Floats
    in_scope_score: Floats
    review: NDArray[np.bool_]
