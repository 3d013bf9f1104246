"""Alarms are judged as AWS documents it: its two tables of examples, and the sentences that it says."""

import pytest

from criba.local.cloudwatch.evaluation import Point, breaches, reason, state_of

MISSING = ("missing", "ignore", "breaching", "notBreaching")
POINT = {"0": False, "X": True, "-": None}
RETAIN = None


@pytest.mark.parametrize(
    ("points", "enough", "states"),
    [
        ("0-X-X", 3, ("OK", "OK", "OK", "OK")),
        ("0----", 3, ("OK", "OK", "OK", "OK")),
        ("-----", 3, ("INSUFFICIENT_DATA", RETAIN, "ALARM", "OK")),
        ("0XX-X", 3, ("ALARM", "ALARM", "ALARM", "ALARM")),
        ("----X", 3, ("INSUFFICIENT_DATA", RETAIN, "ALARM", "OK")),
        ("X----", 3, ("ALARM", RETAIN, "ALARM", "OK")),
        ("0-X-X", 2, ("ALARM", "ALARM", "ALARM", "ALARM")),
        ("00X0X", 2, ("ALARM", "ALARM", "ALARM", "ALARM")),
        ("0-X--", 2, ("OK", "OK", "ALARM", "OK")),
        ("----0", 2, ("OK", "OK", "ALARM", "OK")),
        ("----X", 2, ("INSUFFICIENT_DATA", RETAIN, "ALARM", "OK")),
    ],
)
def test_missing_data_are_treated_as_in_the_documented_examples(
    points: str, enough: int, states: tuple[str | None, ...]
) -> None:
    given = [POINT[sign] for sign in points]
    assert tuple(state_of(given, periods=3, enough=enough, missing=one) for one in MISSING) == states


def test_a_single_period_counts_its_latest_datum_while_that_is_in_the_range() -> None:
    assert state_of([None, None, True], periods=1, enough=1, missing="notBreaching") == "ALARM"
    assert state_of([True, None, None], periods=1, enough=1, missing="notBreaching") == "ALARM"
    assert state_of([None, None, None], periods=1, enough=1, missing="notBreaching") == "OK"


@pytest.mark.parametrize(
    ("operator", "below", "same", "above"),
    [
        ("GreaterThanThreshold", False, False, True),
        ("GreaterThanOrEqualToThreshold", False, True, True),
        ("LessThanThreshold", True, False, False),
        ("LessThanOrEqualToThreshold", True, True, False),
    ],
)
def test_a_value_is_compared_with_the_threshold(operator: str, below: bool, same: bool, above: bool) -> None:
    assert [breaches(value, operator, 5) for value in (4, 5, 6)] == [below, same, above]


def test_the_reason_is_told_in_cloudwatchs_words() -> None:
    at = 1_610_736_660.0
    one = [Point(at, 1.0, True)]
    told = reason(one, "ALARM", "OK", operator="GreaterThanThreshold", threshold=0.0, enough=1)
    assert told == (
        "Threshold Crossed: 1 out of the last 1 datapoints [1.0 (15/01/21 18:51:00)] was greater than the threshold "
        "(0.0) (minimum 1 datapoint for OK -> ALARM transition)."
    )
    none = reason([], "OK", "ALARM", operator="GreaterThanThreshold", threshold=0.0, enough=1)
    assert none == (
        "Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was treated as "
        "[NonBreaching]."
    )
