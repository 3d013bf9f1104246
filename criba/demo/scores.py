"""How good labels are, compared with known ones."""

from collections import Counter
from collections.abc import Sequence


def accuracy(pairs: Sequence[tuple[str, str]]) -> float:
    """Share of pairs (known, predicted) that agree; 0 without pairs."""
    return sum(known == predicted for known, predicted in pairs) / len(pairs) if pairs else 0.0


def macro_f1(pairs: Sequence[tuple[str, str]]) -> float:
    """Mean F1 of all labels that are known or predicted, each counting the same; 0 without pairs."""
    right = Counter(known for known, predicted in pairs if known == predicted)
    known = Counter(label for label, _ in pairs)
    predicted = Counter(label for _, label in pairs)
    labels = known.keys() | predicted.keys()
    return (
        sum(2 * right[label] / (known[label] + predicted[label]) for label in labels) / len(labels) if labels else 0.0
    )
