"""Which split a labelled text goes to."""

from typing import Any

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F  # noqa: N812

from glue_jobs.splitting import assigned, fraction, shares


@pytest.mark.parametrize(
    ("given", "all_given", "expected"),
    [
        (None, set(), {"train": 0.8, "validation": 0.1, "test": 0.1}),
        (None, {"train", "validation", "test"}, {"train": 0.8, "validation": 0.1, "test": 0.1}),
        ("train", {"train"}, {"train": 0.8, "validation": 0.1, "test": 0.1}),
        ("train", {"train", "test"}, {"train": 0.9, "validation": 0.1}),
        ("train", {"train", "validation"}, {"train": 1.0}),
        ("validation", {"train", "validation"}, {"validation": 0.5, "test": 0.5}),
        ("validation", {"train", "validation", "test"}, {"validation": 1.0}),
        ("test", {"test"}, {"test": 1.0}),
    ],
)
def test_a_given_split_is_kept_and_a_missing_one_is_carved_from_the_next(
    given: str | None, all_given: set[str], expected: dict[str, float]
) -> None:
    assert shares(given, all_given) == expected


def test_splits_follow_their_shares(spark: SparkSession) -> None:
    rows: list[tuple[Any, ...]] = [(None, 0.0), (None, 0.79), (None, 0.81), (None, 0.89), (None, 0.91), (None, 0.999)]
    rows += [("train", 0.999), ("validation", 0.49), ("validation", 0.51), ("test", 0.2)]
    table = spark.createDataFrame(rows, "given string, at double")
    found = table.select(assigned(F.col("given"), F.col("at"), {"train", "validation"}).alias("split")).collect()
    assert [row.split for row in found] == [
        *("train", "train", "validation", "validation", "test", "test"),
        *("train", "validation", "test", "test"),
    ]


def test_the_fraction_is_the_beginning_of_a_sha256(spark: SparkSession) -> None:
    table = spark.createDataFrame([("donde esta mi pedido",)], "text_key string")
    [row] = table.select(fraction("7").alias("at")).collect()
    # printf '7:donde esta mi pedido' | sha256sum | cut -c1-8
    assert row["at"] == int("bcb3b79e", 16) / 2**32
