"""Statistics of scored messages, in Model Monitor's shape.

Shape: docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-byoc-statistics.html. The buckets are the same in every
report, so that two reports can be compared bucket by bucket; the sketch, which nothing here would read, is left out.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

LENGTHS = (0, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096)
SHARES = tuple(tenth / 10 for tenth in range(11))
IN_SCOPE_SCORES = tuple(quarter / 4 for quarter in range(17))

INTEGRAL, FRACTIONAL, STRING = "Integral", "Fractional", "String"
NUMBERS: Mapping[str, tuple[Sequence[float], str]] = {
    "text_length": (LENGTHS, INTEGRAL),
    "unknown_ngram_rate": (SHARES, FRACTIONAL),
    "confidence": (SHARES, FRACTIONAL),
    "in_scope_score": (IN_SCOPE_SCORES, FRACTIONAL),
}
STRINGS = ("language", "label", "decision")
"""The features: what is described of a message."""

AUTO, REVIEW = "auto", "review"


@dataclass(frozen=True)
class Observation:
    """What is counted of one message. The last four are None where it could not be scored; `length` in characters."""

    length: int | None
    language: str | None
    label: str | None = None
    confidence: float | None = None
    in_scope_score: float | None = None
    decision: str | None = None


def statistics(seen: Sequence[Observation], unknown_ngram_rate: Sequence[float]) -> dict[str, Any]:
    """The content of statistics.json; the rates are those of the messages that have a text, if they are known."""
    numbers: dict[str, Sequence[float | None]] = {
        "text_length": [one.length for one in seen],
        "unknown_ngram_rate": unknown_ngram_rate,
        "confidence": [one.confidence for one in seen],
        "in_scope_score": [one.in_scope_score for one in seen],
    }
    features = [{"name": name, **_number(len(seen), numbers[name], *NUMBERS[name])} for name in NUMBERS]
    features += [{"name": name, **_string([getattr(one, name) for one in seen])} for name in STRINGS]
    return {"version": 0, "dataset": {"item_count": len(seen)}, "features": features}


def _number(
    messages: int, values: Sequence[float | None], edges: Sequence[float], inferred_type: str
) -> dict[str, Any]:
    """A mean of nothing is None; values beyond the outer edges fall into the outer buckets."""
    present = np.array([value for value in values if value is not None], np.float64)
    places = np.clip(np.searchsorted(edges, present, side="right") - 1, 0, len(edges) - 2)
    counts = np.bincount(places, minlength=len(edges) - 1).tolist()
    return {
        "inferred_type": inferred_type,
        "numerical_statistics": {
            "common": {"num_present": len(present), "num_missing": messages - len(present)},
            "mean": _of(present, np.mean),
            "sum": float(present.sum()),
            "std_dev": _of(present, np.std),
            "min": _of(present, np.min),
            "max": _of(present, np.max),
            "distribution": {
                "kll": {
                    "buckets": [
                        {"lower_bound": lower, "upper_bound": upper, "count": count}
                        for lower, upper, count in zip(edges, edges[1:], counts, strict=False)
                    ]
                }
            },
        },
    }


def _of(present: NDArray[np.float64], figure: Any) -> float | None:
    return float(figure(present)) if len(present) else None


def _string(values: Sequence[str | None]) -> dict[str, Any]:
    counts = Counter(value for value in values if value is not None)
    return {
        "inferred_type": STRING,
        "string_statistics": {
            "common": {"num_present": counts.total(), "num_missing": len(values) - counts.total()},
            "distinct_count": len(counts),
            "distribution": {
                "categorical": {
                    "buckets": [{"value": value, "count": count} for value, count in sorted(counts.items())]
                }
            },
        },
    }
