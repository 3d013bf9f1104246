"""BuildTrainingSet: labelled examples in; leak-free splits for the trainer, a quarantine and a count out."""

import hashlib
import sys
from collections.abc import Collection, Sequence

from pyspark import StorageLevel
from pyspark.sql import Column, DataFrame, Row, Window
from pyspark.sql import functions as F  # noqa: N812  (Spark's own convention)

from glue_jobs.arguments import bucket_name, job_arguments
from glue_jobs.cleaning.quarantine import write_quarantine
from glue_jobs.cleaning.rules import CONDITION
from glue_jobs.lake.counting import lines_below
from glue_jobs.lake.curated import all_messages, record_id
from glue_jobs.lake.schemas import CURATED, LABELLED
from glue_jobs.lake.store import write_json
from glue_jobs.lake.writing import numbered_file, write_lines
from glue_jobs.session import spark_session
from glue_jobs.splitting import STRENGTH, TRAIN, with_split
from pipeline_code.contracts import (
    OUT_OF_SCOPE,
    SPLITS,
    RunFiles,
    labelled_prefix,
    quarantine_prefix,
    training_prefix,
)

STEP = "build_training_set"
FILE_BYTES = 64 << 20
REFERRED = ("received_at", "text", "language", "text_key")


def resolved(labelled: DataFrame, messages: DataFrame) -> DataFrame:
    """Give each label that refers to a message the text of that message; without one `reason` is unknown_message."""
    known = messages.select("source", "message_id", *(F.col(name).alias(f"known_{name}") for name in REFERRED))
    is_reference = F.col("text").isNull()
    rows = labelled.join(known, ["source", "message_id"], "left")
    rows = rows.withColumns(
        {name: F.when(is_reference, F.col(f"known_{name}")).otherwise(F.col(name)) for name in REFERRED}
    )
    reason = F.when(F.col("text").isNull(), "unknown_message")
    return rows.select(*labelled.columns).withColumn("reason", reason)


def grouped(rows: DataFrame) -> DataFrame:
    """Compare the rows of each text_key: adds `nth` (1 is the row to keep) and `given`, the strongest split given.

    All rows of a text that carries two labels get the reason label_conflict.
    """
    same_text = Window.partitionBy("text_key")
    in_order = same_text.orderBy("source", "message_id", "raw_key", "position")
    strength = F.create_map(*(F.lit(item) for pair in STRENGTH.items() for item in pair))
    by_strength = F.create_map(*(F.lit(item) for split, rank in STRENGTH.items() for item in (rank, split)))
    conflict = F.min("label").over(same_text) != F.max("label").over(same_text)
    return (
        rows.withColumn(
            "reason", F.when(F.col("reason").isNull() & conflict, "label_conflict").otherwise(F.col("reason"))
        )
        .withColumn("nth", F.row_number().over(in_order))
        .withColumn("given", by_strength[F.max(strength[F.col("split")]).over(same_text)])
    )


def example() -> Column:
    """A labelled text as one line of the training set."""
    return F.to_json(F.struct(record_id().alias("id"), "text", "label", "language", "source"))


def placed(rows: DataFrame, seed: str, all_given: Collection[str]) -> DataFrame:
    """Give each grouped row its split; one whose label is in no training example is refused as label_not_in_train."""
    split = with_split(rows.withColumn("usable", F.col("reason").isNull() & (F.col("nth") == 1)), seed, all_given)
    is_learnt = F.col("usable") & (F.col("split") == TRAIN)
    learnt = [row.label for row in split.where(is_learnt).select("label").distinct().collect()]
    not_learnt = F.col("reason").isNull() & ~F.col("label").isin(*learnt, OUT_OF_SCOPE)
    return split.withColumn("reason", F.when(not_learnt, "label_not_in_train").otherwise(F.col("reason"))).withColumn(
        "outcome", F.when(F.col("reason").isNotNull(), "refused").when(F.col("nth") > 1, "repeat").otherwise("example")
    )


def counted(rows: DataFrame) -> list[Row]:
    """Count placed rows by outcome, reason, split and label, with the sums that identify the data in any order."""
    digest = F.sha2(F.concat("split", F.lit(" "), example()), 256)
    words = [F.conv(F.substring(digest, 1 + 8 * word, 8), 16, 10).cast("bigint") for word in range(8)]
    return (
        rows.groupBy("outcome", "reason", "split", "label")
        .agg(
            F.count(F.lit(1)).alias("rows"),
            F.sum(F.octet_length(example())).alias("bytes"),
            F.array(*(F.sum(word) for word in words)).alias("sums"),
        )
        .collect()
    )


def report_of(run_id: str, groups: Sequence[Row]) -> dict[str, object]:
    """The document training_set.json from the counted groups; `smallest_label` counts training examples only."""
    examples = [group for group in groups if group.outcome == "example"]
    refused = [group for group in groups if group.outcome == "refused"]
    learnt = {group.label: group.rows for group in examples if group.split == TRAIN}
    smallest = min(learnt, key=lambda label: (learnt[label], label), default=None)
    reasons = sorted({group.reason for group in refused})
    sums = [sum(group.sums[word] for group in examples) for word in range(8)]
    return {
        "run_id": run_id,
        "examples": sum(group.rows for group in examples),
        "labels": sorted({group.label for group in examples} - {OUT_OF_SCOPE}),
        "out_of_scope": sum(group.rows for group in examples if group.label == OUT_OF_SCOPE),
        "splits": {split: sum(group.rows for group in examples if group.split == split) for split in SPLITS},
        "smallest_label": {"label": smallest, "examples": learnt[smallest]} if smallest else None,
        "repeats": sum(group.rows for group in groups if group.outcome == "repeat"),
        "refused": sum(group.rows for group in refused),
        "quarantine_reasons": {reason: sum(g.rows for g in refused if g.reason == reason) for reason in reasons},
        "data_hash": hashlib.sha256(",".join(map(str, sums)).encode()).hexdigest(),
    }


def build_training_set(run_id: str, curated: str, seed: str) -> dict[str, object]:
    """Write the splits and the quarantine of a run; returns the report that also lies in training_set.json."""
    bucket = bucket_name(curated)
    spark = spark_session("BuildTrainingSet")
    labelled = spark.read.schema(LABELLED).parquet(f"{curated}/{labelled_prefix(run_id)}")
    is_reference = F.col("text").isNull()
    [found] = labelled.agg(
        F.collect_set("split").alias("given"),
        F.count_if(is_reference).alias("references"),
        F.count(F.lit(1)).alias("rows"),
    ).collect()
    # The lake is large: messages are looked up only if some label refers to one.
    messages = all_messages(spark, curated) if found.references else spark.createDataFrame([], CURATED)
    texts = resolved(labelled, messages)
    rows = placed(grouped(texts).persist(StorageLevel.MEMORY_AND_DISK), seed, found.given)
    groups = counted(rows)
    report = {**report_of(run_id, groups), "labelled": found.rows}
    _write_examples(rows, bucket, run_id, size=_bytes(groups, "example"))
    _write_refused(rows, bucket, run_id, groups)
    spark.catalog.clearCache()
    report["lines"] = lines_below(spark, bucket, f"{training_prefix(run_id)}/")
    report["quarantine_lines"] = lines_below(spark, bucket, f"{quarantine_prefix(run_id)}/")
    write_json(bucket, RunFiles("train", run_id).training_set, report)
    return report


def _write_examples(rows: DataFrame, bucket: str, run_id: str, size: int) -> None:
    part = numbered_file("part", -(-size // FILE_BYTES), "source", "message_id")
    lines = rows.where("outcome = 'example'").select(
        F.concat("split", F.lit("/"), part).alias("file"), record_id().alias("order"), example().alias("line")
    )
    write_lines(lines, bucket, f"{training_prefix(run_id)}/")


def _write_refused(rows: DataFrame, bucket: str, run_id: str, groups: Sequence[Row]) -> None:
    condition = F.create_map(*(F.lit(item) for pair in CONDITION.items() for item in pair))
    refused = rows.where("outcome = 'refused'").select(
        "reason",
        condition[F.col("reason")].alias("detail"),
        *("source", "raw_key", "raw_version", "position"),
        F.encode(example(), "UTF-8").alias("record"),
    )
    count = sum(group.rows for group in groups if group.outcome == "refused")
    write_quarantine(refused, bucket, run_id=run_id, step=STEP, count=count, size=_bytes(groups, "refused"))


def _bytes(groups: Sequence[Row], outcome: str) -> int:
    return sum(group.bytes for group in groups if group.outcome == outcome)


def main(argv: Sequence[str]) -> None:
    """Run the job and print its report."""
    args = job_arguments(argv, "run_id", "curated", "seed")
    print(build_training_set(args.run_id, args.curated.rstrip("/"), args.seed))


if __name__ == "__main__":
    main(sys.argv[1:])
