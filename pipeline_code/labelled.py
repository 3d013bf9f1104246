"""Labelled texts as a trainer takes them: which labels there are to learn, and which examples can judge the result."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from pipeline_code.errors import InputError
from pipeline_code.predictions import Predictions

Labelled = Sequence[tuple[str, str]]
"""Pairs of text and label."""


def labels_of(train: Labelled) -> list[str]:
    """The labels in order. Raises InputError for fewer than two."""
    labels = sorted({label for _, label in train})
    if not labels:
        raise InputError("the training set is empty: at least two labels with examples are needed")
    if len(labels) == 1:
        raise InputError(f"training set has one label only ({labels[0]}): at least two are needed")
    return labels


def in_scope(validation: Labelled, labels: Sequence[str]) -> list[tuple[str, int]]:
    """The texts whose label is among `labels`, with its position there. Raises InputError where there is none."""
    column = {label: position for position, label in enumerate(labels)}
    found = [(text, column[label]) for text, label in validation if label in column]
    if not found:
        raise InputError(
            f"none of {len(validation)} validation examples has a trained label, so that confidence cannot be "
            "calibrated: add labelled messages"
        )
    return found


def held_out_figures(predicted: Predictions, held_out: Labelled, labels: Sequence[str]) -> dict[str, Any]:
    """How the messages fare of which the gates were chosen, and those of labels that the model does not have."""
    known = np.isin([label for _, label in held_out], labels)
    right = np.array([label == truth for label, (_, truth) in zip(predicted.labels, held_out, strict=True)])
    auto = known & ~predicted.review
    return {
        "examples": int(known.sum()),
        "accuracy": float(right[known].mean()),
        "coverage": float(auto.sum() / known.sum()),
        "auto_accuracy": float(right[auto].mean()) if auto.any() else None,
        "out_of_scope": int((~known).sum()),
        "out_of_scope_rejection": float(predicted.review[~known].mean()) if not known.all() else None,
    }
