"""Which split a labelled text goes to. Everything is decided by text_key, so no text is in two splits."""

from collections.abc import Collection

from pyspark.sql import Column
from pyspark.sql import functions as F  # noqa: N812  (Spark's own convention)

from pipeline_code.contracts import SPLITS

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


def fraction(seed: str) -> Column:
    """A number in [0, 1) that follows from the seed and text_key alone: the first 32 bits of their sha256."""
    digest = F.sha2(F.concat(F.lit(f"{seed}:"), "text_key"), 256)
    return F.conv(F.substring(digest, 1, 8), 16, 10).cast("bigint") / F.lit(float(1 << 32))


def assigned(given: Column, at: Column, all_given: Collection[str]) -> Column:
    """The split of a text from the one that it was given (or null) and its fraction."""
    cases = F.lit(None).cast("string")
    for split in (None, *SPLITS):
        is_this = given.isNull() if split is None else given == split
        cases = F.when(is_this, _band(at, shares(split, all_given))).otherwise(cases)
    return cases


def _band(at: Column, parts: dict[str, float]) -> Column:
    *earlier, last = parts
    chosen = F.lit(last)
    below = 1.0 - parts[last]
    for split in reversed(earlier):
        chosen = F.when(at < below, split).otherwise(chosen)
        below -= parts[split]
    return chosen
