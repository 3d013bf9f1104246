"""Judged rows as Spark gets them."""

from glue_jobs.cleaning.judging import Row
from glue_jobs.lake.schemas import JUDGED, names


def test_a_row_has_the_columns_of_the_schema_in_their_order() -> None:
    assert list(Row._fields) == names(JUDGED)
