"""Model quality: the figures in the shape that the Model Registry and Studio draw for a multiclass model.

Shape: docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-model-quality-metrics.html
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline_code.metrics import confusion, folded

RESAMPLES = 200
SEED = 0
MOST_DRAWN = 200
"""Labels of the confusion matrix, the commonest ones; a matrix of a thousand would be a million figures."""

Counts = NDArray[np.int64]
Figures = NDArray[np.float64]


def model_quality(truth: Sequence[str], predicted: Sequence[str]) -> dict[str, Any]:
    """`multiclass_classification_metrics`: each figure of the model, and of always saying the commonest label.

    Each with the standard deviation over 200 resamples of the test set, drawn with a fixed seed. macro_f1, which AWS's
    own container leaves out, is the mean over the true labels.
    """
    labels = sorted({*truth, *predicted})
    counts = confusion(truth, predicted, labels)
    constant = np.zeros_like(counts)
    constant[:, counts.sum(axis=1).argmax()] = counts.sum(axis=1)
    return {
        "multiclass_classification_metrics": {
            "confusion_matrix": _matrix(counts, labels),
            **_with_deviation(counts),
            **{f"{name}_best_constant_classifier": figure for name, figure in _with_deviation(constant).items()},
        }
    }


def _matrix(counts: Counts, labels: Sequence[str]) -> dict[str, dict[str, int]]:
    commonest = np.sort(np.argsort(-counts.sum(axis=1), kind="stable")[:MOST_DRAWN])
    drawn, names = folded(counts, labels, commonest)
    return {name: dict(zip(names, row.tolist(), strict=True)) for name, row in zip(names, drawn, strict=True)}


def _with_deviation(counts: Counts) -> dict[str, dict[str, float]]:
    cells, total = np.nonzero(counts), int(counts.sum())
    filled = counts[cells]
    values = _weighted(filled[np.newaxis], cells, len(counts))
    drawn = np.random.default_rng(SEED).multinomial(total, filled / total, size=RESAMPLES)
    deviations = _weighted(drawn, cells, len(counts))
    return {
        name: {"value": float(value[0]), "standard_deviation": float(deviations[name].std(ddof=1))}
        for name, value in values.items()
    }


def _weighted(counts: Counts, cells: tuple[Counts, ...], labels: int) -> dict[str, Figures]:
    """Figures of several confusion matrices, labels weighted by their examples.

    `counts` are matrices x cells that are not 0, `cells` the true and the predicted label of each.
    """
    rows, columns = cells
    true, guessed = _summed(counts, rows, labels), _summed(counts, columns, labels)
    right = _summed(counts * (rows == columns), rows, labels)
    precision, recall = _share(right, guessed), _share(right, true)
    weight = true / true.sum(axis=1, keepdims=True)
    figures = {"accuracy": right.sum(axis=1) / true.sum(axis=1)}
    by_label = {"weighted_precision": precision, "weighted_recall": recall}
    for name, beta in (("weighted_f0_5", 0.5), ("weighted_f1", 1.0), ("weighted_f2", 2.0)):
        by_label[name] = _share((1 + beta**2) * precision * recall, beta**2 * precision + recall)
    macro_f1 = _share(2 * right, true + guessed).sum(axis=1) / (true > 0).sum(axis=1)
    return figures | {name: (weight * values).sum(axis=1) for name, values in by_label.items()} | {"macro_f1": macro_f1}


def _summed(counts: Counts, places: Counts, labels: int) -> Figures:
    """Sums of each matrix's cells by label."""
    return np.stack([np.bincount(places, weights=one, minlength=labels) for one in counts])


def _share(part: NDArray[Any], whole: NDArray[Any]) -> Figures:
    share: Figures = np.divide(part, whole, out=np.zeros(part.shape), where=whole > 0)
    return share
