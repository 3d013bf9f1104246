"""The bar: what a challenger must reach to be registered, each demand with what was found and why it failed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pipeline_code.figures import Difference
from pipeline_code.words import shown

PASSED, FAILED, NOT_JUDGED = "passed", "failed", "not judged"
NO_CHAMPION = "there is no champion to compare it with"


@dataclass(frozen=True)
class Bar:
    """The settings' gates: shares in 0..1. 0 demands no least figure, 1 allows any fall or error.

    A fall of a label, language or source counts only if equally good models would show it with a probability of at most
    `significance`, so that a slice of three examples refuses no model by chance.
    """

    min_accuracy: float
    min_macro_f1: float
    min_coverage_at_95: float
    min_out_of_scope_rejection: float
    max_calibration_error: float
    max_worst_label_drop: float
    max_slice_drop: float
    significance: float


@dataclass(frozen=True)
class Check:
    """One demand of the bar. `found` is None where the data say nothing; `reasons` why it failed, in words.

    `not_judged` are parts of it that could not be judged, in words. They refuse no model.
    """

    gate: str
    what: str
    limit: float
    found: float | None
    outcome: str
    reasons: list[str]
    not_judged: list[str]


_LEAST = {
    "min_accuracy": ("accuracy", "accuracy"),
    "min_macro_f1": ("macro_f1", "macro-F1"),
    "min_coverage_at_95": ("coverage_at_95", "coverage at 95 % accuracy"),
    "min_out_of_scope_rejection": ("out_of_scope_rejection", "out-of-scope rejection"),
}
_KINDS = {
    "max_worst_label_drop": ("largest fall of a label's F1", ("label",)),
    "max_slice_drop": ("largest fall of a language's or source's accuracy", ("language", "source")),
}
_FIGURE = {"label": "F1", "language": "accuracy", "source": "accuracy"}


def checks(challenger: dict[str, Any], differences: Sequence[Difference] | None, bar: Bar) -> list[Check]:
    """Hold a challenger's figures, and its differences to the champion if there is one, against the bar."""
    found = [_at_least(gate, words, challenger[figure], getattr(bar, gate)) for gate, (figure, words) in _LEAST.items()]
    found.append(_calibration(challenger["expected_calibration_error"], bar.max_calibration_error))
    for gate, (what, kinds) in _KINDS.items():
        if differences is None:
            found.append(Check(gate, what, getattr(bar, gate), None, NOT_JUDGED, [], [f"{what}: {NO_CHAMPION}"]))
        else:
            found.append(_falls(gate, what, [one for one in differences if one.kind in kinds], bar))
    return found


def _at_least(gate: str, words: str, found: float | None, limit: float) -> Check:
    if found is None:
        return _without_data(gate, words, limit)
    reasons = [f"{words} {found:.4f} is below {limit:g}"] if found < limit else []
    return Check(gate, words, limit, found, FAILED if reasons else PASSED, reasons, [])


def _without_data(gate: str, words: str, limit: float) -> Check:
    """What is demanded and cannot be judged does not pass."""
    why = f"{words} cannot be judged: the test set has no example for it"
    if limit > 0:
        return Check(gate, words, limit, None, FAILED, [f"{why}; land some, or set {gate} = 0"], [])
    return Check(gate, words, limit, None, NOT_JUDGED, [], [why])


def _calibration(found: float, limit: float) -> Check:
    reasons = [f"calibration error {found:.4f} is above {limit:g}"] if found > limit else []
    return Check("max_calibration_error", "calibration error", limit, found, FAILED if reasons else PASSED, reasons, [])


def _falls(gate: str, what: str, differences: Sequence[Difference], bar: Bar) -> Check:
    limit: float = getattr(bar, gate)
    fallen = sorted((one for one in differences if one.fall > limit), key=lambda one: -one.fall)
    reasons = [f"{_fall(one)}, by more than {limit:g}" for one in fallen if one.chance <= bar.significance]
    by_chance = [
        f"{_fall(one)}, which may be chance: {one.lost} lost and {one.won} won of {one.examples} examples, "
        f"p = {one.chance:.2f}"
        for one in fallen
        if one.chance > bar.significance
    ]
    worst = max((one.fall for one in differences), default=0.0)
    return Check(gate, what, limit, max(worst, 0.0), FAILED if reasons else PASSED, reasons, by_chance)


def _fall(one: Difference) -> str:
    return f"{one.kind} {shown(one.name)} fell from {_FIGURE[one.kind]} {one.champion:.4f} to {one.challenger:.4f}"
