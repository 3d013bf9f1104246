"""Card: an evaluation and the model's facts, ready to be drawn as a page or written as SageMaker's card."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from pipeline_code.metrics import confusion, folded


class Confusion(NamedTuple):
    """How often messages of one label were given another; `share` is of that label's messages."""

    true: str
    predicted: str
    messages: int
    share: float


def flattened(values: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """Nested values as pairs of name and value, such as `hyperparameters: seed` and 13."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from flattened(value, f"{before}{name}: ")
        else:
            yield f"{before}{name}", value


@dataclass(frozen=True)
class Card:
    """`report` is evaluation.json, `facts` what the challenger is and was made of, `counts` the confusion matrix."""

    report: Mapping[str, Any]
    facts: Mapping[str, Any]
    labels: list[str]
    counts: NDArray[np.int64]

    @classmethod
    def of(
        cls, report: Mapping[str, Any], facts: Mapping[str, Any], truth: Sequence[str], predicted: Sequence[str]
    ) -> Self:
        labels = sorted({*truth, *predicted})
        return cls(report, facts, labels, confusion(truth, predicted, labels))

    def matrix(self, most: int) -> tuple[NDArray[np.int64], list[str]]:
        """The confusion matrix, true labels down: all of it, or the labels with most errors and the others together."""
        if len(self.labels) <= most:
            return self.counts, self.labels
        right = np.diagonal(self.counts)
        errors = self.counts.sum(axis=0) + self.counts.sum(axis=1) - 2 * right
        return folded(self.counts, self.labels, np.sort(np.argsort(-errors, kind="stable")[: most - 1]))

    def confusions(self, most: int) -> list[Confusion]:
        """The commonest confusions, the commonest one first."""
        wrong = self.counts.copy()
        np.fill_diagonal(wrong, 0)
        commonest = np.argsort(-wrong, axis=None, kind="stable")[:most]
        found = []
        for row, column in zip(*np.unravel_index(commonest, wrong.shape), strict=True):
            if messages := int(wrong[row, column]):
                share = messages / int(self.counts[row].sum())
                found.append(Confusion(self.labels[row], self.labels[column], messages, share))
        return found
