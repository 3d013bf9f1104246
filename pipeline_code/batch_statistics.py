"""Statistics of scored messages, in Model Monitor's shape, gathered one message at a time.

Shape: docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-byoc-statistics.html. The buckets are the same in every
report, so that two reports can be compared bucket by bucket; the sketch, which nothing here would read, is left out.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

LENGTHS = (0, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096)
CONFIDENCES = tuple(tenth / 10 for tenth in range(11))
IN_SCOPE_SCORES = tuple(quarter / 4 for quarter in range(17))

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


class Statistics:
    """Everything observed so far. Takes the same memory for ten messages as for ten million."""

    def __init__(self) -> None:
        self.records = 0
        self._numbers = {
            "text_length": _Number(LENGTHS, "Integral"),
            "confidence": _Number(CONFIDENCES, "Fractional"),
            "in_scope_score": _Number(IN_SCOPE_SCORES, "Fractional"),
        }
        self._strings = {name: _String() for name in ("language", "label", "decision")}

    def add(self, seen: Observation) -> None:
        self.records += 1
        self._numbers["text_length"].add(seen.length)
        self._numbers["confidence"].add(seen.confidence)
        self._numbers["in_scope_score"].add(seen.in_scope_score)
        self._strings["language"].add(seen.language)
        self._strings["label"].add(seen.label)
        self._strings["decision"].add(seen.decision)

    def report(self) -> dict[str, Any]:
        """The content of statistics.json."""
        features: dict[str, _Number | _String] = {**self._numbers, **self._strings}
        return {
            "version": 0,
            "dataset": {"item_count": self.records},
            "features": [{"name": name, **feature.report()} for name, feature in features.items()],
        }

    def summary(self) -> dict[str, Any]:
        """The content of summary.json; a mean or rate of nothing is None."""
        decisions = self._strings["decision"].counts
        scored = decisions.total()
        return {
            "records": self.records,
            "unscorable": self.records - scored,
            "review_rate": decisions[REVIEW] / scored if scored else None,
            "mean_confidence": self._numbers["confidence"].mean,
            "mean_in_scope_score": self._numbers["in_scope_score"].mean,
            "mean_length": self._numbers["text_length"].mean,
            "languages": dict(self._strings["language"].counts),
            "labels": dict(self._strings["label"].counts),
        }


class _Number:
    """Mean and variance by Welford's method, which stays exact over millions of values, and counts by bucket."""

    def __init__(self, edges: Sequence[float], inferred_type: str) -> None:
        self._edges, self._type = edges, inferred_type
        self._buckets = [0] * (len(edges) - 1)
        self._present = self._missing = 0
        self._mean = self._squares = self._sum = 0.0
        self._lowest: float | None = None
        self._highest: float | None = None

    @property
    def mean(self) -> float | None:
        return self._mean if self._present else None

    def add(self, value: float | None) -> None:
        if value is None:
            self._missing += 1
            return
        self._present += 1
        self._sum += value
        before = value - self._mean
        self._mean += before / self._present
        self._squares += before * (value - self._mean)
        self._lowest = value if self._lowest is None else min(self._lowest, value)
        self._highest = value if self._highest is None else max(self._highest, value)
        self._buckets[self._bucket(value)] += 1

    def report(self) -> dict[str, Any]:
        bounds = zip(self._edges, self._edges[1:], self._buckets, strict=False)
        return {
            "inferred_type": self._type,
            "numerical_statistics": {
                "common": {"num_present": self._present, "num_missing": self._missing},
                "mean": self.mean,
                "sum": self._sum,
                "std_dev": sqrt(self._squares / self._present) if self._present else None,
                "min": self._lowest,
                "max": self._highest,
                "distribution": {
                    "kll": {
                        "buckets": [
                            {"lower_bound": lower, "upper_bound": upper, "count": count}
                            for lower, upper, count in bounds
                        ]
                    }
                },
            },
        }

    def _bucket(self, value: float) -> int:
        """A bucket holds its lower bound; values beyond the outer bounds fall into the outer buckets."""
        return min(max(bisect_right(self._edges, value) - 1, 0), len(self._buckets) - 1)


class _String:
    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._missing = 0

    def add(self, value: str | None) -> None:
        if value is None:
            self._missing += 1
        else:
            self.counts[value] += 1

    def report(self) -> dict[str, Any]:
        buckets = [{"value": value, "count": count} for value, count in sorted(self.counts.items())]
        return {
            "inferred_type": "String",
            "string_statistics": {
                "common": {"num_present": self.counts.total(), "num_missing": self._missing},
                "distinct_count": len(self.counts),
                "distribution": {"categorical": {"buckets": buckets}},
            },
        }
