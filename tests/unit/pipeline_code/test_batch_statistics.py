"""The statistics that the monitor writes and that an evaluation leaves as their baseline."""

import json

import pytest
from pipeline_code.batch_statistics import Observation, Statistics


@pytest.fixture
def of_three() -> Statistics:
    statistics = Statistics()
    statistics.add(Observation(10, "es", "billing", 0.95, 1.3, "auto"))
    statistics.add(Observation(30, "en", "billing", 0.45, 0.1, "review"))
    statistics.add(Observation(5, "es"))
    return statistics


def feature(statistics: Statistics, name: str) -> dict:
    return next(one for one in statistics.report()["features"] if one["name"] == name)


def test_the_summary_counts_the_unscorable_apart(of_three: Statistics) -> None:
    assert of_three.summary() == {
        "records": 3,
        "unscorable": 1,
        "review_rate": 0.5,
        "mean_confidence": pytest.approx(0.7),
        "mean_in_scope_score": pytest.approx(0.7),
        "mean_length": 15.0,
        "languages": {"es": 2, "en": 1},
        "labels": {"billing": 2},
    }


def test_a_batch_of_which_nothing_could_be_scored_has_no_means() -> None:
    statistics = Statistics()
    statistics.add(Observation(4, "es"))
    summary = statistics.summary()
    assert (summary["unscorable"], summary["review_rate"], summary["mean_confidence"]) == (1, None, None)
    json.dumps(statistics.report(), allow_nan=False)


def test_the_report_names_its_features_in_model_monitors_shape(of_three: Statistics) -> None:
    report = of_three.report()
    assert (report["version"], report["dataset"]) == (0, {"item_count": 3})
    assert [(one["name"], one["inferred_type"]) for one in report["features"]] == [
        ("text_length", "Integral"),
        ("confidence", "Fractional"),
        ("in_scope_score", "Fractional"),
        ("language", "String"),
        ("label", "String"),
        ("decision", "String"),
    ]


def test_a_number_has_its_moments_and_its_missing_values(of_three: Statistics) -> None:
    numbers = feature(of_three, "confidence")["numerical_statistics"]
    assert numbers["common"] == {"num_present": 2, "num_missing": 1}
    assert {name: numbers[name] for name in ("mean", "sum", "std_dev", "min", "max")} == {
        "mean": pytest.approx(0.7),
        "sum": pytest.approx(1.4),
        "std_dev": pytest.approx(0.25),
        "min": 0.45,
        "max": 0.95,
    }


def test_a_number_falls_into_the_bucket_whose_lower_bound_it_reaches(of_three: Statistics) -> None:
    buckets = feature(of_three, "text_length")["numerical_statistics"]["distribution"]["kll"]["buckets"]
    assert buckets[:3] == [
        {"lower_bound": 0, "upper_bound": 8, "count": 1},
        {"lower_bound": 8, "upper_bound": 16, "count": 1},
        {"lower_bound": 16, "upper_bound": 32, "count": 1},
    ]
    assert sum(bucket["count"] for bucket in buckets) == 3


def test_values_beyond_the_bounds_fall_into_the_outer_buckets() -> None:
    statistics = Statistics()
    for score in (-7.0, 7.0, 4.0):
        statistics.add(Observation(1_000_000, "es", "billing", 1.0, score, "auto"))
    scores = feature(statistics, "in_scope_score")["numerical_statistics"]["distribution"]["kll"]["buckets"]
    assert [bucket["count"] for bucket in scores] == [1, *[0] * 14, 2]
    lengths = feature(statistics, "text_length")["numerical_statistics"]["distribution"]["kll"]["buckets"]
    assert lengths[-1]["count"] == 3


def test_a_string_has_its_values_counted(of_three: Statistics) -> None:
    assert feature(of_three, "language")["string_statistics"] == {
        "common": {"num_present": 3, "num_missing": 0},
        "distinct_count": 2,
        "distribution": {"categorical": {"buckets": [{"value": "en", "count": 1}, {"value": "es", "count": 2}]}},
    }
    assert feature(of_three, "label")["string_statistics"]["common"] == {"num_present": 2, "num_missing": 1}
