"""Labels in the form that Model Monitor merges into what a transform answered, by the id that it gave each answer.

Form: docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-model-quality-merge.html
"""

from datetime import UTC, datetime
from functools import partial

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812  (Spark's own convention)

from glue_jobs.lake.curated import record_id, unless_missing
from glue_jobs.lake.writing import write_lines
from pipeline_code.contracts import MERGED_LATER, batch_prefix

INFERENCE = "id string, SageMakerInferenceId string"


def write_merged_later(labels: DataFrame, curated: str, monitoring: str, run_id: str, now: datetime) -> int:
    """Write labels (source, message_id, label, run_id) below the hour in which they were collected; returns how many.

    The ids lie in the answers of the run that scored the message, as long as these are kept: a label whose answer is
    gone, or was given before there were ids, is left out.
    """
    runs = sorted(row.run_id for row in labels.select("run_id").distinct().collect())
    known = labels.withColumn("id", record_id()).join(_inferences(labels, curated, runs), "id")
    rows = known.select(F.lit(f"{run_id}.jsonl").alias("file"), F.col("id").alias("order"), _line().alias("line"))
    hour = now.astimezone(UTC).strftime("%Y/%m/%d/%H")
    written = write_lines(rows, monitoring, f"{MERGED_LATER}/{hour}/", stale=f"{run_id}.")
    return sum(lines for _, lines, _ in written)


def _line() -> Column:
    return F.to_json(
        F.struct(
            F.struct(F.to_csv(F.struct("label"), {"escape": '"'}).alias("data"), F.lit("CSV").alias("encoding")).alias(
                "groundTruthData"
            ),
            F.struct(F.col("SageMakerInferenceId").alias("eventId")).alias("eventMetadata"),
            F.lit("0").alias("eventVersion"),
        )
    )


def _inferences(labels: DataFrame, curated: str, runs: list[str]) -> DataFrame:
    """The id that the transform gave each answer, by the message's own."""
    spark = labels.sparkSession
    nothing = found = spark.createDataFrame([], INFERENCE)
    for run in runs:
        read = partial(spark.read.schema(INFERENCE).json, f"{curated}/{batch_prefix(run)}/out/*.out")
        found = found.union(unless_missing(read, nothing))
    return found.where("SageMakerInferenceId IS NOT NULL").dropDuplicates(["id"])
