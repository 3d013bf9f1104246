"""How CloudWatch judges a metric alarm: periods, datapoints to alarm, and what missing data mean.

As documented in "Using Amazon CloudWatch alarms", whose two tables of examples the tests hold.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

OK, ALARM, INSUFFICIENT = "OK", "ALARM", "INSUFFICIENT_DATA"

FURTHER_BACK = 2
"""Periods looked at beyond those that are judged; AWS's example has 5 for 3, and gives no rule."""

OPERATORS = {
    "GreaterThanThreshold": "greater than",
    "GreaterThanOrEqualToThreshold": "greater than or equal to",
    "LessThanThreshold": "less than",
    "LessThanOrEqualToThreshold": "less than or equal to",
}


@dataclass(frozen=True)
class Point:
    """One period with data: its start in seconds since the epoch, its statistic, and whether that breaches."""

    at: float
    value: float
    breaches: bool


def state_of(points: Sequence[bool | None], *, periods: int, enough: int, missing: str) -> str | None:
    """The state that follows from the evaluation range, oldest first; None keeps the present state.

    A point says whether it breaches, or None where a period has no data. `enough` is DatapointsToAlarm.
    """
    there = [point for point in points if point is not None]
    if len(there) >= periods:
        return _counted(there[-periods:], enough)
    if missing in ("breaching", "notBreaching"):
        return _counted([*there, *[missing == "breaching"] * (periods - len(there))], enough)
    if there and (sum(there) >= enough or not all(there)):
        return _counted(there, enough)
    if missing == "ignore":
        return None
    # Nothing but breaching points, too few of them: they count if the oldest is old enough not to be a mere beginning.
    age = len(points) - list(points).index(True) if there else 0
    return ALARM if age >= enough else INSUFFICIENT


def _counted(points: Sequence[bool], enough: int) -> str:
    return ALARM if sum(points) >= enough else OK


def breaches(value: float, operator: str, threshold: float) -> bool:
    """Whether a value is beyond the threshold. Raises KeyError for an operator of anomaly detection."""
    return {
        "GreaterThanThreshold": value > threshold,
        "GreaterThanOrEqualToThreshold": value >= threshold,
        "LessThanThreshold": value < threshold,
        "LessThanOrEqualToThreshold": value <= threshold,
    }[operator]


def reason(points: Sequence[Point], state: str, before: str, *, operator: str, threshold: float, enough: int) -> str:
    """Why an alarm is in a state, in CloudWatch's own words."""
    if state == INSUFFICIENT:
        return "Insufficient Data: 1 datapoint was unknown."
    if not points:
        treated = "Breaching" if state == ALARM else "NonBreaching"
        missing = f"no datapoints were received for 1 period and 1 missing datapoint was treated as [{treated}]."
        return f"Threshold Crossed: {missing}"
    told = ", ".join(f"{point.value} ({_moment(point.at)})" for point in reversed(points))
    verb = ("was" if len(points) == 1 else "were") + ("" if state == ALARM else " not")
    needed = f"{enough} datapoint{'s' if enough > 1 else ''}"
    return (
        f"Threshold Crossed: {len(points)} out of the last {len(points)} datapoints [{told}] {verb} "
        f"{OPERATORS[operator]} the threshold ({threshold}) (minimum {needed} for {before} -> {state} transition)."
    )


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%d/%m/%y %H:%M:%S")
