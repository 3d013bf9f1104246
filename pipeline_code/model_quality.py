"""Model quality: the figures in the shape that the Model Registry and Studio draw for a multiclass model.

Shape: docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-model-quality-metrics.html
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline_code.metrics import confusion

RESAMPLES = 200
SEED = 0

Counts = NDArray[np.int64]
Figures = NDArray[np.float64]


def model_quality(truth: Sequence[str], predicted: Sequence[str]) -> dict[str, Any]:
    """`multiclass_classification_metrics`: each figure of the model, and of always saying the commonest label.

    Each with the standard deviation over 200 resamples of the test set, drawn with a fixed seed.
    """
    labels = sorted({*truth, *predicted})
    counts = confusion(truth, predicted, labels)
    constant = np.zeros_like(counts)
    constant[:, counts.sum(axis=1).argmax()] = counts.sum(axis=1)
    return {
        "multiclass_classification_metrics": {
            "confusion_matrix": {
                label: dict(zip(labels, row.tolist(), strict=True)) for label, row in zip(labels, counts, strict=True)
            },
            **_with_deviation(counts),
            **{f"{name}_best_constant_classifier": figure for name, figure in _with_deviation(constant).items()},
        }
    }


def _with_deviation(counts: Counts) -> dict[str, dict[str, float]]:
    values = _weighted(counts[np.newaxis])
    total = int(counts.sum())
    drawn = np.random.default_rng(SEED).multinomial(total, counts.ravel() / total, size=RESAMPLES)
    deviations = _weighted(drawn.reshape(RESAMPLES, *counts.shape))
    return {
        name: {"value": float(value[0]), "standard_deviation": float(deviations[name].std(ddof=1))}
        for name, value in values.items()
    }


def _weighted(counts: Counts) -> dict[str, Figures]:
    """Figures of each of several confusion matrices (matrices x labels x labels), labels weighted by their examples."""
    right = np.diagonal(counts, axis1=1, axis2=2)
    true, guessed = counts.sum(axis=2), counts.sum(axis=1)
    precision, recall = _share(right, guessed), _share(right, true)
    weight = true / true.sum(axis=1, keepdims=True)
    figures = {"accuracy": right.sum(axis=1) / true.sum(axis=1)}
    by_label = {"weighted_precision": precision, "weighted_recall": recall}
    for name, beta in (("weighted_f0_5", 0.5), ("weighted_f1", 1.0), ("weighted_f2", 2.0)):
        by_label[name] = _share((1 + beta**2) * precision * recall, beta**2 * precision + recall)
    return figures | {name: (weight * values).sum(axis=1) for name, values in by_label.items()}


def _share(part: NDArray[Any], whole: NDArray[Any]) -> Figures:
    share: Figures = np.divide(part, whole, out=np.zeros(part.shape), where=whole > 0)
    return share
