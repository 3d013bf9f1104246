"""Which split a labelled text goes to. Each text_key is decided once, so no text is in two splits.

What is tested follows from the text alone and is the same in every run, so that no model was ever taught it. What is
held out for calibration and thresholds is later than what is learnt, as the messages are that will be scored.
"""

from collections.abc import Collection

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F  # noqa: N812  (Spark's own convention)

from pipeline_code.contracts import OUT_OF_SCOPE, SPLITS

TRAIN, VALIDATION, TEST = SPLITS
STRENGTH = {TEST: 3, VALIDATION: 2, TRAIN: 1}
"""Where the same text was given to two splits, the stronger wins: what tests a model is never also learnt."""


def shares(given: str | None, all_given: Collection[str]) -> dict[str, float]:
    """How the texts given to a split (None: to none) are shared out, knowing every split that anybody gave.

    A given split is kept. One that nobody gave is carved from the next: half of validation becomes the test, a tenth
    of train the validation, and with train alone all three are made as if nothing had been given.
    """
    if given is None or (given == TRAIN and not {VALIDATION, TEST} & set(all_given)):
        return {TRAIN: 0.8, VALIDATION: 0.1, TEST: 0.1}
    if given == TRAIN and VALIDATION not in all_given:
        return {TRAIN: 0.9, VALIDATION: 0.1}
    if given == VALIDATION and TEST not in all_given:
        return {VALIDATION: 0.5, TEST: 0.5}
    return {given: 1.0}


def with_split(rows: DataFrame, seed: str, all_given: Collection[str]) -> DataFrame:
    """Add `split` to rows that have text_key, label, received_at, given (a split or null) and a boolean `usable`."""
    drawn = rows.withColumn("at", fraction(seed))
    drawn = drawn.withColumn("split", assigned(F.col("given"), F.col("at"), all_given))
    is_test = F.col("split") == TEST
    by_label = Window.partitionBy("label", "given", "usable", is_test)
    later = (F.row_number().over(by_label.orderBy("received_at", "at")) - 0.5) / F.count(F.lit(1)).over(by_label)
    by_time = assigned(F.col("given"), later * (1 - _test_share(F.col("given"), all_given)), all_given)
    out_of_scope = F.when(F.col("given").isin(VALIDATION, TEST), F.col("given")).otherwise(
        F.when(F.col("at") < 0.5, VALIDATION).otherwise(TEST)
    )
    return drawn.withColumn(
        "split", F.when(F.col("label") == OUT_OF_SCOPE, out_of_scope).when(is_test, TEST).otherwise(by_time)
    )


def fraction(seed: str) -> Column:
    """A number in [0, 1) that follows from the seed and text_key alone: the first 32 bits of their sha256."""
    digest = F.sha2(F.concat(F.lit(f"{seed}:"), "text_key"), 256)
    return F.conv(F.substring(digest, 1, 8), 16, 10).cast("bigint") / F.lit(float(1 << 32))


def assigned(given: Column, at: Column, all_given: Collection[str]) -> Column:
    """The split of a text from the one that it was given (or null) and its place in 0..1; tests have the last ones."""
    return _by_given(given, {split: _band(at, shares(split, all_given)) for split in (None, *SPLITS)})


def _test_share(given: Column, all_given: Collection[str]) -> Column:
    return _by_given(given, {split: F.lit(shares(split, all_given).get(TEST, 0.0)) for split in (None, *SPLITS)})


def _by_given(given: Column, values: dict[str | None, Column]) -> Column:
    chosen = values[None]
    for split in SPLITS:
        chosen = F.when(given == split, values[split]).otherwise(chosen)
    return chosen


def _band(at: Column, parts: dict[str, float]) -> Column:
    *earlier, last = parts
    chosen = F.lit(last)
    below = 1.0 - parts[last]
    for split in reversed(earlier):
        chosen = F.when(at < below, split).otherwise(chosen)
        below -= parts[split]
    return chosen
