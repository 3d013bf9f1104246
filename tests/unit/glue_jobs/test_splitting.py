"""Which split a labelled text goes to."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F  # noqa: N812

from glue_jobs.splitting import assigned, fraction, shares, with_split


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


def test_what_is_held_out_is_later_than_what_is_learnt_label_by_label(spark: SparkSession) -> None:
    begin = datetime(2026, 1, 1)  # noqa: DTZ001 - Spark's own zone
    rows = [(f"texto {n}", f"label {n % 3}", begin + timedelta(days=n * 7919 % 300), None, True) for n in range(300)]
    table = spark.createDataFrame(
        rows, "text_key string, label string, received_at timestamp, given string, usable boolean"
    )
    found = with_split(table, "7", set()).collect()
    for label in ("label 0", "label 1", "label 2"):
        times = {
            split: [row.received_at for row in found if (row.label, row.split) == (label, split)]
            for split in ("train", "validation", "test")
        }
        assert max(times["train"]) < min(times["validation"])
        assert len(times["validation"]) == pytest.approx(10, abs=2)
        assert min(times["test"]) < max(times["train"])


def test_what_is_tested_stays_tested_when_more_is_landed(spark: SparkSession) -> None:
    columns = "text_key string, label string, received_at timestamp, given string, usable boolean"
    rows = [(f"texto {n}", "one", datetime(2026, 1, 1 + n % 28), None, True) for n in range(200)]  # noqa: DTZ001
    tested = [
        {
            row.text_key
            for row in with_split(spark.createDataFrame(part, columns), "7", set()).collect()
            if row.split == "test"
        }
        for part in (rows[:100], rows)
    ]
    assert tested[0] == tested[1] & {row[0] for row in rows[:100]} != set()


def test_the_fraction_is_the_beginning_of_a_sha256(spark: SparkSession) -> None:
    table = spark.createDataFrame([("donde esta mi pedido",)], "text_key string")
    [row] = table.select(fraction("7").alias("at")).collect()
    # printf '7:donde esta mi pedido' | sha256sum | cut -c1-8
    assert row["at"] == int("bcb3b79e", 16) / 2**32
