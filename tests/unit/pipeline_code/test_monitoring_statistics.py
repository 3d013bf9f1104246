"""The statistics that the monitor writes and that an evaluation leaves as their baseline."""

import json
from typing import Any

import pytest
from watched import problems

from pipeline_code.monitoring.statistics import Observation, statistics

OF_THREE = [
    Observation(10, "es", "billing", 0.95, 1.3, "auto"),
    Observation(30, "en", "billing", 0.45, 0.1, "review"),
    Observation(5, "es"),
]


def feature(content: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in content["features"] if one["name"] == name)
    return found


def buckets(content: dict[str, Any], name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = feature(content, name)["numerical_statistics"]["distribution"]["kll"]["buckets"]
    return found


@pytest.mark.parametrize("seen", [OF_THREE, OF_THREE[2:], []])
def test_they_are_in_model_monitors_shape(seen: list[Observation]) -> None:
    content = statistics(seen, [0.2] * len(seen))
    json.dumps(content, allow_nan=False)
    assert problems(content, "statistics") == []
    assert content["dataset"] == {"item_count": len(seen)}
    assert [(one["name"], one["inferred_type"]) for one in content["features"]] == [
        ("text_length", "Integral"),
        ("unknown_ngram_rate", "Fractional"),
        ("confidence", "Fractional"),
        ("in_scope_score", "Fractional"),
        ("language", "String"),
        ("label", "String"),
        ("decision", "String"),
    ]


def test_a_number_has_its_moments_and_its_missing_values() -> None:
    numbers = feature(statistics(OF_THREE, []), "confidence")["numerical_statistics"]
    assert numbers["common"] == {"num_present": 2, "num_missing": 1}
    assert {name: numbers[name] for name in ("mean", "sum", "std_dev", "min", "max")} == {
        "mean": pytest.approx(0.7),
        "sum": pytest.approx(1.4),
        "std_dev": pytest.approx(0.25),
        "min": 0.45,
        "max": 0.95,
    }


def test_rates_that_are_not_known_are_missing() -> None:
    common = feature(statistics(OF_THREE, []), "unknown_ngram_rate")["numerical_statistics"]["common"]
    assert common == {"num_present": 0, "num_missing": 3}


def test_a_number_falls_into_the_bucket_whose_lower_bound_it_reaches() -> None:
    found = buckets(statistics([Observation(8, "es"), Observation(7, "es"), Observation(16, "es")], []), "text_length")
    assert found[:3] == [
        {"lower_bound": 0, "upper_bound": 8, "count": 1},
        {"lower_bound": 8, "upper_bound": 16, "count": 1},
        {"lower_bound": 16, "upper_bound": 32, "count": 1},
    ]


def test_values_beyond_the_bounds_fall_into_the_outer_buckets() -> None:
    seen = [Observation(1_000_000, "es", "billing", 1.0, score, "auto") for score in (-7.0, 7.0, 4.0)]
    content = statistics(seen, [1.0, 1.0, 1.0])
    assert [one["count"] for one in buckets(content, "in_scope_score")] == [1, *[0] * 14, 2]
    assert buckets(content, "text_length")[-1]["count"] == 3
    assert buckets(content, "unknown_ngram_rate")[-1]["count"] == 3


def test_a_string_has_its_values_counted() -> None:
    content = statistics(OF_THREE, [])
    assert feature(content, "language")["string_statistics"] == {
        "common": {"num_present": 3, "num_missing": 0},
        "distinct_count": 2,
        "distribution": {"categorical": {"buckets": [{"value": "en", "count": 1}, {"value": "es", "count": 2}]}},
    }
    assert feature(content, "label")["string_statistics"]["common"] == {"num_present": 2, "num_missing": 1}
