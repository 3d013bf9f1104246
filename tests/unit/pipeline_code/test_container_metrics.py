"""The metrics, on sets small enough to count by hand."""

from dataclasses import astuple

import numpy as np
import pytest

from pipeline_code.metrics import (
    confusion,
    coverage_at,
    coverage_curve,
    expected_calibration_error,
    folded,
    reliability,
    score,
)
from pipeline_code.model_quality import model_quality

TRUTH = ["a", "a", "a", "b", "b", "c"]
GUESSED = ["a", "a", "b", "b", "b", "a"]


def test_each_label_has_its_precision_recall_and_f1() -> None:
    per_label = score(TRUTH, GUESSED).per_label
    assert astuple(per_label["a"]) == pytest.approx((2 / 3, 2 / 3, 2 / 3, 3))
    assert astuple(per_label["b"]) == pytest.approx((2 / 3, 1.0, 0.8, 2))
    assert astuple(per_label["c"]) == (0.0, 0.0, 0.0, 1)


def test_accuracy_and_macro_f1_are_counted_over_the_true_labels() -> None:
    scores = score(TRUTH, GUESSED)
    assert scores.accuracy == pytest.approx(4 / 6)
    assert scores.macro_f1 == pytest.approx((2 / 3 + 0.8 + 0) / 3)
    assert scores.examples == 6


def test_a_label_that_is_only_guessed_costs_precision_but_is_no_line_of_its_own() -> None:
    scores = score(["a", "a"], ["a", "z"])
    assert list(scores.per_label) == ["a"]
    assert scores.macro_f1 == pytest.approx(2 / 3)


def test_confusion_has_the_true_labels_down_and_the_guessed_ones_across() -> None:
    assert confusion(TRUTH, GUESSED, ["a", "b", "c"]).tolist() == [[2, 1, 0], [0, 2, 0], [1, 0, 0]]


def test_calibration_error_is_the_distance_between_confidence_and_accuracy() -> None:
    right = np.array([True, False, True, True])
    confidence = np.array([0.95, 0.95, 0.55, 0.55], np.float32)
    # bin of 0.9: sure of 1.9, right in 1; bin of 0.5: sure of 1.1, right in 2: (0.9 + 0.9) / 4
    assert expected_calibration_error(right, confidence) == pytest.approx(0.45)


def test_full_confidence_falls_into_the_last_bin() -> None:
    # one bin, sure of 1.95 and right in 1; in two bins the distances would be 1 and 0.05
    found = expected_calibration_error(np.array([False, True]), np.array([1.0, 0.95], np.float32))
    assert found == pytest.approx(0.475)


def test_reliability_has_ten_bins_with_their_means() -> None:
    bins = reliability(np.array([True, False, True]), np.array([0.92, 0.98, 0.31], np.float32))
    assert [one.examples for one in bins] == [0, 0, 0, 1, 0, 0, 0, 0, 0, 2]
    assert astuple(bins[9]) == pytest.approx((0.95, 0.5, 2))
    assert astuple(bins[3]) == pytest.approx((0.31, 1.0, 1))
    assert astuple(bins[0]) == (0.0, 0.0, 0)


def test_coverage_takes_the_surest_messages_first_and_those_equally_sure_together() -> None:
    right = np.array([False, True, True, False, True])
    confidence = np.array([0.5, 0.9, 0.8, 0.8, 0.3], np.float32)
    curve = coverage_curve(right, confidence)
    assert curve.tolist() == [[0.2, 1.0], [0.6, pytest.approx(2 / 3)], [0.8, 0.5], [1.0, 0.6]]
    assert [coverage_at(curve, accuracy) for accuracy in (1.0, 0.66, 0.6, 0.5)] == [0.2, 0.6, 1.0, 1.0]


def test_where_even_the_surest_message_is_wrong_nothing_is_covered() -> None:
    curve = coverage_curve(np.array([False, True]), np.array([0.9, 0.1], np.float32))
    assert coverage_at(curve, 0.95) == 0.0


def test_a_folded_confusion_matrix_keeps_every_message() -> None:
    counts = confusion(TRUTH, GUESSED, ["a", "b", "c"])
    smaller, names = folded(counts, ["a", "b", "c"], np.array([1]))
    assert names == ["b", "(other labels)"]
    assert smaller.tolist() == [[2, 0], [1, 3]]
    whole, all_names = folded(counts, ["a", "b", "c"], np.arange(3))
    assert (whole.tolist(), all_names) == (counts.tolist(), ["a", "b", "c"])


def test_model_quality_has_the_shape_that_the_registry_draws() -> None:
    found = model_quality(["a", "a", "a", "b"], ["a", "a", "b", "b"])
    metrics = found["multiclass_classification_metrics"]
    assert metrics.pop("confusion_matrix") == {"a": {"a": 2, "b": 1}, "b": {"a": 0, "b": 1}}
    values = {name: figure["value"] for name, figure in metrics.items()}
    expected = {
        "accuracy": 0.75,
        "weighted_precision": 0.875,  # a: 1 x 3/4, b: 1/2 x 1/4
        "weighted_recall": 0.75,
        "weighted_f0_5": 0.82071,  # a: 0.90909, b: 0.55556
        "weighted_f1": 0.76667,  # a: 0.8, b: 2/3
        "weighted_f2": 0.74405,  # a: 0.71429, b: 0.83333
        "macro_f1": 0.73333,  # a: 0.8, b: 2/3
        "accuracy_best_constant_classifier": 0.75,
        "weighted_precision_best_constant_classifier": 0.5625,
        "weighted_recall_best_constant_classifier": 0.75,
        "weighted_f0_5_best_constant_classifier": 0.59211,  # a: 1.25 x 0.75 / (0.25 x 0.75 + 1) = 0.78947
        "weighted_f1_best_constant_classifier": 0.64286,  # a: 6/7
        "weighted_f2_best_constant_classifier": 0.70313,  # a: 5 x 0.75 / (4 x 0.75 + 1) = 0.9375
        "macro_f1_best_constant_classifier": 0.42857,  # a: 6/7, b: 0
    }
    assert values == pytest.approx(expected, abs=1e-5)


def test_the_standard_deviation_is_that_of_drawing_the_test_set_again() -> None:
    truth, guessed = ["a"] * 50 + ["b"] * 50, ["a"] * 90 + ["b"] * 10
    accuracy = model_quality(truth, guessed)["multiclass_classification_metrics"]["accuracy"]
    assert accuracy["value"] == 0.6
    assert accuracy["standard_deviation"] == pytest.approx(0.049, abs=0.008)  # sqrt(0.6 x 0.4 / 100)


def test_of_a_thousand_labels_the_commonest_are_drawn_and_the_others_stand_together() -> None:
    truth = [f"l{number}" for number in range(1000)] + ["l7"] * 5
    metrics = model_quality(truth, [*truth[:-1], "l8"])["multiclass_classification_metrics"]
    drawn = metrics["confusion_matrix"]
    assert (len(drawn), {len(row) for row in drawn.values()}) == (201, {201})
    assert (drawn["l7"]["l7"], drawn["l7"]["(other labels)"], drawn["(other labels)"]["(other labels)"]) == (5, 1, 800)
    assert metrics["accuracy"]["value"] == pytest.approx(1004 / 1005)
