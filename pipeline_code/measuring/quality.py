"""Quality: the figures of predicted labels against true ones, each with how uncertain it is, for later comparison."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline_code.metrics import expected_calibration_error, reliability, score
from pipeline_code.model_quality import model_quality

SHAPE = "multiclass_classification_metrics"


def quality(truth: Sequence[str], predicted: Sequence[str], confidence: NDArray[np.float32]) -> dict[str, Any]:
    """The figures of two sequences of equal, positive length; those of a model's test set are its baseline.

    `calibration` goes by predicted label: over how many messages, how sure the model was of them on average, how often
    it was right, and the standard deviation of the difference of one message.
    """
    scores = score(truth, predicted)
    right = np.array([label == guess for label, guess in zip(truth, predicted, strict=True)], np.bool_)
    return {
        "examples": scores.examples,
        "accuracy": scores.accuracy,
        "macro_f1": model_quality(truth, predicted)[SHAPE]["macro_f1"],
        "expected_calibration_error": expected_calibration_error(right, confidence),
        "per_label": {name: asdict(one) for name, one in scores.per_label.items()},
        "calibration": {name: _calibration(right, confidence, places) for name, places in _places(predicted).items()},
        "reliability": [asdict(one) for one in reliability(right, confidence)],
    }


def _places(predicted: Sequence[str]) -> dict[str, NDArray[np.int64]]:
    """Where each label was predicted."""
    names, inverse = np.unique(np.array(predicted, dtype=object).astype(str), return_inverse=True)
    return {str(name): np.flatnonzero(inverse == number) for number, name in enumerate(names)}


def _calibration(
    right: NDArray[np.bool_], confidence: NDArray[np.float32], places: NDArray[np.int64]
) -> dict[str, float | int]:
    sure, hit = confidence[places].astype(float), right[places].astype(float)
    return {
        "predicted": len(places),
        "confidence": float(sure.mean()),
        "accuracy": float(hit.mean()),
        "deviation": float((sure - hit).std()),
    }
