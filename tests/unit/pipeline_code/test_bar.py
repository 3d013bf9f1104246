"""The bar: what refuses a challenger, what only a larger test set could judge, and what is said of both."""

from typing import Any

import pytest

from pipeline_code.bar import Bar, Check, checks
from pipeline_code.figures import Difference

OPEN = {
    "min_accuracy": 0.0,
    "min_macro_f1": 0.0,
    "min_coverage_at_95": 0.0,
    "min_out_of_scope_rejection": 0.0,
    "max_calibration_error": 1.0,
    "max_worst_label_drop": 1.0,
    "max_slice_drop": 1.0,
    "significance": 0.05,
}
FIGURES: dict[str, Any] = {
    "accuracy": 0.9,
    "macro_f1": 0.85,
    "coverage_at_95": 0.7,
    "out_of_scope_rejection": 0.6,
    "expected_calibration_error": 0.04,
}


def held(figures: dict[str, Any] = FIGURES, differences: Any = (), **bar: float) -> list[Check]:
    return checks(figures, differences, Bar(**{**OPEN, **bar}))


def reasons(*arguments: Any, **bar: float) -> list[str]:
    return [reason for check in held(*arguments, **bar) for reason in check.reasons]


def fallen(kind: str, lost: int, won: int = 0, *, before: float = 0.9, now: float = 0.5, of: int = 40) -> Difference:
    return Difference(kind, "refund", before, now, of, lost, won)


@pytest.mark.parametrize(
    ("gate", "limit", "reason"),
    [
        ("min_accuracy", 0.91, "accuracy 0.9000 is below 0.91"),
        ("min_macro_f1", 0.9, "macro-F1 0.8500 is below 0.9"),
        ("min_coverage_at_95", 0.75, "coverage at 95 % accuracy 0.7000 is below 0.75"),
        ("min_out_of_scope_rejection", 0.7, "out-of-scope rejection 0.6000 is below 0.7"),
        ("max_calibration_error", 0.03, "calibration error 0.0400 is above 0.03"),
    ],
)
def test_each_figure_has_a_limit_and_its_reason_in_words(gate: str, limit: float, reason: str) -> None:
    assert reasons(**{gate: limit}) == [reason]


def test_a_figure_that_just_reaches_its_limit_passes() -> None:
    assert (
        reasons(
            min_accuracy=0.9,
            min_macro_f1=0.85,
            min_coverage_at_95=0.7,
            min_out_of_scope_rejection=0.6,
            max_calibration_error=0.04,
        )
        == []
    )


def test_what_is_demanded_and_has_no_data_does_not_pass() -> None:
    nothing = {**FIGURES, "out_of_scope_rejection": None}
    assert reasons(nothing, min_out_of_scope_rejection=0.5) == [
        "out-of-scope rejection cannot be judged: the test set has no example for it; "
        "land some, or set min_out_of_scope_rejection = 0"
    ]


def test_what_is_not_demanded_and_has_no_data_is_said_to_be_not_judged() -> None:
    found = {check.gate: check for check in held({**FIGURES, "out_of_scope_rejection": None})}
    check = found["min_out_of_scope_rejection"]
    assert (check.outcome, check.found, check.reasons) == ("not judged", None, [])
    assert check.not_judged == ["out-of-scope rejection cannot be judged: the test set has no example for it"]


def test_without_a_champion_falls_are_not_judged() -> None:
    found = {check.gate: check for check in held(FIGURES, None, max_worst_label_drop=0.0)}
    assert found["max_worst_label_drop"].outcome == "not judged"
    assert found["max_slice_drop"].not_judged == [
        "largest fall of a language's or source's accuracy: there is no champion to compare it with"
    ]


def test_a_label_that_fell_by_more_than_chance_refuses_the_challenger() -> None:
    # 12 lost and 2 won: P(at most 2 of 14) = 106 / 16384 = 0.0065
    assert reasons(FIGURES, [fallen("label", 12, 2)], max_worst_label_drop=0.1) == [
        "label refund fell from F1 0.9000 to 0.5000, by more than 0.1"
    ]


@pytest.mark.parametrize("kind", ["language", "source"])
def test_languages_and_sources_have_a_limit_of_their_own(kind: str) -> None:
    assert reasons(FIGURES, [fallen(kind, 12)], max_worst_label_drop=0.1) == []
    assert reasons(FIGURES, [fallen(kind, 12)], max_slice_drop=0.05) == [
        f"{kind} refund fell from accuracy 0.9000 to 0.5000, by more than 0.05"
    ]


def test_a_label_of_three_examples_refuses_no_challenger_but_is_named() -> None:
    # three of three lost: P = 1 / 8
    ruined = fallen("label", 3, before=1.0, now=0.0, of=3)
    (check,) = [one for one in held(FIGURES, [ruined], max_worst_label_drop=0.1) if one.gate == "max_worst_label_drop"]
    assert (check.outcome, check.found) == ("passed", 1.0)
    assert check.not_judged == [
        "label refund fell from F1 1.0000 to 0.0000, which may be chance: 3 lost and 0 won of 3 examples, p = 0.12"
    ]


def test_five_lost_and_none_won_is_no_chance_and_four_lost_is() -> None:
    # 1 / 32 = 0.03 and 1 / 16 = 0.06, against 0.05
    assert reasons(FIGURES, [fallen("label", 5)], max_worst_label_drop=0.1)
    assert not reasons(FIGURES, [fallen("label", 4)], max_worst_label_drop=0.1)


def test_a_significance_of_1_counts_every_fall() -> None:
    assert reasons(FIGURES, [fallen("label", 1)], max_worst_label_drop=0.1, significance=1.0)


def test_the_largest_fall_is_named_first() -> None:
    small = Difference("label", "small", 0.9, 0.7, 90, 20, 0)
    large = Difference("label", "large", 0.9, 0.3, 90, 50, 0)
    assert [reason.split()[1] for reason in reasons(FIGURES, [small, large], max_worst_label_drop=0.1)] == [
        "large",
        "small",
    ]


def test_a_label_with_odd_characters_stays_on_one_line_of_bounded_length() -> None:
    odd = Difference("label", 'a"\n<script>\x00' + "x" * 300, 0.9, 0.1, 40, 30, 0)
    (reason,) = reasons(FIGURES, [odd], max_worst_label_drop=0.1)
    assert reason.startswith('label a" <script> xxx')
    assert len(reason) < 160
    assert reason.isprintable()
