"""What becomes of each judged row once the run's rows are compared: kept, a duplicate, or quarantined."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from pyspark.sql import DataFrame, Row, Window
from pyspark.sql import functions as F  # noqa: N812  (Spark's own convention)

from glue_jobs.cleaning.rules import CONDITION

KEPT, DUPLICATE, QUARANTINED, TALLY = "kept", "duplicate", "quarantined", "tally"
SAME_OBJECT, OTHER_OBJECT = "same_object", "other_object"


def compared(judged: DataFrame) -> DataFrame:
    """Add `outcome` to judged rows (schema JUDGED), one of kept, duplicate, quarantined and tally.

    Adds `kind` too: whether the first record with the same id and text lies in the same object or in another.

    The first record of a source and id, by object and position, is kept. A later one with the same text (and label) is
    a duplicate; with another text it is refused as an id clash, for nobody can say which of the two was meant.
    """
    same_id = Window.partitionBy("source", "message_id").orderBy("raw_key", "position")
    all_of_it = same_id.rowsBetween(Window.unboundedPreceding, Window.unboundedFollowing)
    same_text = Window.partitionBy("source", "message_id", "digest", "label").orderBy("raw_key", "position")
    first = F.first("digest", ignorenulls=True).over(all_of_it)
    rows = judged.withColumn("first_digest", first).withColumn("times", F.row_number().over(same_text))
    rows = rows.withColumn("first_key", F.first("raw_key").over(same_text))
    clash = F.col("reason").isNull() & (F.col("digest") != F.col("first_digest"))
    return (
        rows.withColumn("detail", F.when(clash, F.lit(CONDITION["id_clash"])).otherwise(F.col("detail")))
        .withColumn("reason", F.when(clash, F.lit("id_clash")).otherwise(F.col("reason")))
        .withColumn(
            "outcome",
            F.when(F.col("landed").isNotNull(), TALLY)
            .when(F.col("reason").isNotNull(), QUARANTINED)
            .when(F.col("times") > 1, DUPLICATE)
            .otherwise(KEPT),
        )
        .withColumn("kind", F.when(F.col("first_key") == F.col("raw_key"), SAME_OBJECT).otherwise(OTHER_OBJECT))
        .drop("first_digest", "first_key", "times", "digest")
    )


@dataclass(frozen=True)
class Counts:
    """The account of a cleaning run; `landed` is what the readers counted, apart from what became of it."""

    landed: int
    kept: int
    duplicates: int
    duplicate_kinds: dict[str, int]
    quarantined: int
    quarantine_reasons: dict[str, int]
    quarantined_bytes: int
    places: tuple[tuple[str, str], ...]

    def check(self) -> None:
        """Raise RuntimeError unless every record that landed is kept, a duplicate or quarantined."""
        if self.landed != self.kept + self.duplicates + self.quarantined:
            raise RuntimeError(
                f"{self.landed} records landed, but {self.kept} were kept, {self.duplicates} were duplicates and "
                f"{self.quarantined} were quarantined: some are lost or doubled, so nothing of this run may be used"
            )


def grouped(rows: DataFrame) -> list[Row]:
    """Compared rows by all that is counted of them, in one pass.

    Columns: outcome, reason, kind (of duplicates), source, date, rows, landed (of tallies), bytes; of what was kept
    language, label, `length` (the power of two at or below the text's characters) and `newest` (received_at, in seconds
    since 1970) too.
    """
    is_kept, is_duplicate = F.col("outcome") == KEPT, F.col("outcome") == DUPLICATE
    power = F.length(F.bin(F.length("text"))) - 1
    kept = {"language": F.col("language"), "label": F.col("label"), "length": F.pow(F.lit(2), power).cast("int")}
    return (
        rows.groupBy(
            *("outcome", "reason", "source", "date"),
            F.when(is_duplicate, F.col("kind")).alias("kind"),
            *(F.when(is_kept, column).alias(name) for name, column in kept.items()),
        )
        .agg(
            F.count(F.lit(1)).alias("rows"),
            F.sum("landed").alias("landed"),
            F.sum(F.length("record")).alias("bytes"),
            F.max(F.when(is_kept, F.unix_seconds("received_at"))).alias("newest"),
        )
        .collect()
    )


def counted(groups: Sequence[Row]) -> Counts:
    """The account of all groups; `places` are the sources and dates of what was kept."""
    kept, duplicates, quarantined, tallies = (
        [group for group in groups if group.outcome == outcome] for outcome in (KEPT, DUPLICATE, QUARANTINED, TALLY)
    )
    return Counts(
        landed=sum(group.landed for group in tallies),
        kept=sum(group.rows for group in kept),
        duplicates=sum(group.rows for group in duplicates),
        duplicate_kinds=sums(duplicates, "kind"),
        quarantined=sum(group.rows for group in quarantined),
        quarantine_reasons=sums(quarantined, "reason"),
        quarantined_bytes=sum(group.bytes for group in quarantined),
        places=tuple(sorted({(group.source, group.date) for group in kept})),
    )


def sums(groups: Iterable[Row], column: str) -> dict[Any, int]:
    """Rows by the values of a column, in their order; rows without one are left out."""
    found: Counter[Any] = Counter()
    for group in groups:
        if group[column] is not None:
            found[group[column]] += group.rows
    return dict(sorted(found.items()))
