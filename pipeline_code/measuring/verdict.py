"""Verdict: whether predictions are worse than on the model's test set, by more than chance explains."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist
from typing import Any

CONFIDENCE = 0.99
"""Of all figures of one verdict together: a model that is as good as its test set says is called worse once in 100."""

FEWEST_OF_LABEL = 30
"""Predictions of a label from which on its calibration is judged, here and on the test set."""

FEWEST_OF_TRUE_LABEL = 10
"""Labelled messages of every label of the test set that macro-F1 needs: without one of them it means another thing."""


@dataclass(frozen=True)
class Limits:
    """`min_labels` of a model before it is judged; falls of which people are told, and woken."""

    min_labels: int
    warn_fall: float
    page_fall: float


@dataclass(frozen=True)
class Fall:
    """How much worse a figure is than the baseline's, and what it fell by at least; `name` has the label, if any."""

    name: str
    baseline: float
    now: float
    fall: float
    at_least: float

    def report(self, limits: Limits) -> dict[str, Any]:
        return {**vars(self), "warn": self.at_least > limits.warn_fall, "page": self.at_least > limits.page_fall}


@dataclass(frozen=True)
class Verdict:
    """What was judged of one model version, and what could not be, in words."""

    falls: list[Fall]
    not_judged: list[str]

    def beyond(self, limit: float) -> list[str]:
        """Names of the figures that fell by more than `limit`, the deepest fall first."""
        worst = sorted(self.falls, key=lambda one: (-one.at_least, one.name))
        return [one.name for one in worst if one.at_least > limit]


def judge(now: Mapping[str, Any] | None, baseline: Mapping[str, Any] | None, limits: Limits) -> Verdict:
    """Hold the figures of fresh labels (shape of quality()) against those of the model's test set."""
    examples = now["examples"] if now else 0
    if now is None or examples < limits.min_labels:
        return Verdict([], [f"{examples} labels that no verdict rests on yet, of {limits.min_labels} needed"])
    if baseline is None:
        return Verdict([], ["the figures of its test set are not there: promote it again"])
    if len(now["per_label"]) < 2:
        (label,) = now["per_label"]
        return Verdict([], [f"all labels say {label}: how good the model is at others is not known"])
    rare = _rare_labels(now, baseline)
    shared = _shared_labels(now, baseline)
    z = NormalDist().inv_cdf(1 - (1 - CONFIDENCE) / (1 + (not rare) + len(shared)))
    falls = [_accuracy(now, baseline, z), *(_calibration(name, now, baseline, z) for name in shared)]
    if not rare:
        falls.append(_macro_f1(now, baseline, z))
    return Verdict(falls, list(_left_out(now, baseline, rare, shared)))


def _accuracy(now: Mapping[str, Any], before: Mapping[str, Any], z: float) -> Fall:
    """Newcombe's interval for the difference of two shares."""
    p, old = now["accuracy"], before["accuracy"]
    _, high = wilson(p, now["examples"], z)
    low, _ = wilson(old, before["examples"], z)
    return Fall("accuracy", old, p, old - p, old - p - sqrt((high - p) ** 2 + (old - low) ** 2))


def _macro_f1(now: Mapping[str, Any], before: Mapping[str, Any], z: float) -> Fall:
    mine, old = now["macro_f1"], before["macro_f1"]
    fall = old["value"] - mine["value"]
    spread = sqrt(mine["standard_deviation"] ** 2 + old["standard_deviation"] ** 2)
    return Fall("macro_f1", old["value"], mine["value"], fall, fall - z * spread)


def _calibration(label: str, now: Mapping[str, Any], before: Mapping[str, Any], z: float) -> Fall:
    """How much surer than right the model has become where it says this label."""
    mine, old = now["calibration"][label], before["calibration"][label]
    over, was_over = mine["confidence"] - mine["accuracy"], old["confidence"] - old["accuracy"]
    spread = sqrt(mine["deviation"] ** 2 / mine["predicted"] + old["deviation"] ** 2 / old["predicted"])
    return Fall(f"calibration of {label}", was_over, over, over - was_over, over - was_over - z * spread)


def wilson(share: float, examples: int, z: float) -> tuple[float, float]:
    """Wilson's score interval of a share of so many examples."""
    middle = (share + z**2 / (2 * examples)) / (1 + z**2 / examples)
    half = z * sqrt(share * (1 - share) / examples + z**2 / (4 * examples**2)) / (1 + z**2 / examples)
    return max(0.0, middle - half), min(1.0, middle + half)


def _rare_labels(now: Mapping[str, Any], before: Mapping[str, Any]) -> list[str]:
    """Labels of the test set of which too few messages have been labelled."""
    return [
        name
        for name in sorted(before["per_label"])
        if now["per_label"].get(name, {"examples": 0})["examples"] < FEWEST_OF_TRUE_LABEL
    ]


def _shared_labels(now: Mapping[str, Any], before: Mapping[str, Any]) -> list[str]:
    """Labels that both predicted often enough."""
    often = [
        {name for name, one in figures["calibration"].items() if one["predicted"] >= FEWEST_OF_LABEL}
        for figures in (now, before)
    ]
    return sorted(often[0] & often[1])


def _left_out(now: Mapping[str, Any], before: Mapping[str, Any], rare: list[str], shared: list[str]) -> Iterator[str]:
    few = len(now["calibration"]) - len(shared)
    if rare:
        of_all = f"{len(rare)} of {len(before['per_label'])} labels"
        yield f"macro_f1: {of_all} have fewer than {FEWEST_OF_TRUE_LABEL} messages"
    if few:
        of_all = f"{few} of {len(now['calibration'])} labels"
        yield f"calibration: {of_all} were predicted fewer than {FEWEST_OF_LABEL} times"
