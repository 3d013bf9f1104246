"""PublishPredictions: the model's answers joined to a run's messages, published by date if each has just one."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass

from pyspark import StorageLevel
from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F  # noqa: N812  (Spark's own convention)

from glue_jobs.arguments import bucket_name, job_arguments
from glue_jobs.build_batch import shard_line
from glue_jobs.cleaning.quarantine import write_quarantine
from glue_jobs.lake.counting import lines_below
from glue_jobs.lake.curated import messages_of_run, record_id, unless_missing
from glue_jobs.lake.schemas import ANSWER, PREDICTION, names
from glue_jobs.lake.store import read_json, read_json_if_there, write_json
from glue_jobs.lake.writing import delete_folders, delete_others, write_folders
from glue_jobs.session import spark_session
from pipeline_code.contracts import PREDICTIONS, RunFiles, batch_prefix, publication_key, quarantine_prefix

STEP = "publish_predictions"
FAULTS = ("unanswered", "doubly_answered", "unknown_answers", "unreadable_answers")


@dataclass(frozen=True)
class Reconciled:
    """How the messages of a run and the answers to them match, by date, label and decision (rows of `matched`)."""

    groups: tuple[Row, ...]

    def total(self, name: str) -> int:
        return sum(group[name] for group in self.groups)

    def scored(self, column: str, value: str) -> int:
        return sum(group.scored for group in self.groups if group[column] == value)

    def values(self, column: str) -> list[str]:
        """Values of a column that some scored message has; a malformed answer may lack one."""
        return sorted({group[column] for group in self.groups if group.scored and group[column] is not None})

    @property
    def dates(self) -> list[str]:
        """The dates that some message was scored of."""
        return self.values("date")

    @property
    def faults(self) -> dict[str, int]:
        """How many there are of each fault; all 0 when each message has exactly one answer that can be read."""
        return {name: self.total(name) for name in FAULTS}


def answers_of_run(spark: SparkSession, curated: str, run_id: str) -> DataFrame:
    """The lines of a run's batch output (schema ANSWER); one that is no such JSON object has no id."""
    found = unless_missing(
        lambda: spark.read.text(f"{curated}/{batch_prefix(run_id)}/out/*.jsonl.out", lineSep="\n"),
        otherwise=spark.createDataFrame([], "value string"),
    )
    return found.where("value != ''").select(F.from_json("value", ANSWER).alias("answer")).select("answer.*")


def matched(messages: DataFrame, answers: DataFrame) -> DataFrame:
    """Join messages and answers, either of which may lack the other; one row a message and one an unknown answer.

    Adds `times` (lines with that id) and `unreadable_answers` (those among them that are neither a score nor an error).
    """
    scored = F.col("decision").isin("auto", "review") & F.col("label").isNotNull()
    scored &= F.col("confidence").isNotNull() & F.col("in_scope_score").isNotNull()
    readable = F.col("id").isNotNull() & (F.col("error").isNotNull() | F.coalesce(scored, F.lit(False)))
    said = ["label", "confidence", "in_scope_score", "decision", "error"]
    by_id = answers.groupBy("id").agg(
        F.count(F.lit(1)).alias("times"),
        F.sum((~readable).cast("int")).alias("unreadable_answers"),
        *(F.min(name).alias(name) for name in said),
    )
    return messages.join(by_id, record_id() == F.col("id"), "full_outer")


def reconciled(rows: DataFrame) -> Reconciled:
    """Count matched rows in one pass."""
    is_message, is_answered = F.col("message_id").isNotNull(), F.col("times").isNotNull()
    error = F.col("error").isNotNull()
    counts = {
        "messages": is_message,
        "scored": is_message & is_answered & ~error,
        "unscorable": is_message & error,
        "unanswered": is_message & ~is_answered,
        "doubly_answered": F.col("id").isNotNull() & (F.col("times") > 1),
        "unknown_answers": ~is_message & F.col("id").isNotNull(),
    }
    groups = rows.groupBy("date", "label", "decision").agg(
        *(F.count_if(condition).alias(name) for name, condition in counts.items()),
        *(F.coalesce(F.sum(name), F.lit(0)).alias(name) for name in ("unreadable_answers", "times")),
        F.coalesce(F.sum(F.when(error, F.octet_length(shard_line()))), F.lit(0)).alias("unscorable_bytes"),
    )
    return Reconciled(tuple(groups.collect()))


def publish(run_id: str, curated: str, predictions: str, model_version: str) -> dict[str, object]:
    """Match, and write the predictions and the quarantine of a run; returns the report in published.json.

    Where messages, shards and answers do not match, nothing is published, and the report says what was found: the
    workflow reconciles it and fails the run.
    """
    spark, files, bucket = spark_session("PublishPredictions"), RunFiles("score", run_id), bucket_name(curated)
    cleaned = read_json(bucket, files.clean)
    messages = messages_of_run(spark, curated, cleaned["folders"])
    rows = matched(messages, answers_of_run(spark, curated, run_id)).persist(StorageLevel.MEMORY_AND_DISK)
    account = reconciled(rows)
    shard_lines = lines_below(spark, bucket, f"{batch_prefix(run_id)}/in/")
    is_sound = account.total("messages") == shard_lines == cleaned["kept"] and not any(account.faults.values())
    folders = (read_json_if_there(bucket, files.published) or {}).get("folders", [])
    published = 0
    if is_sound:
        _withdraw(bucket_name(predictions), run_id)
        published = _write_predictions(rows, account, f"{predictions}/{PREDICTIONS}", run_id, model_version)
        written = [f"{PREDICTIONS}/date={date}/run={run_id}" for date in account.dates]
        delete_folders(bucket_name(predictions), sorted(set(folders) - set(written)))
        folders = written
        _write_unscorable(rows, account, bucket, run_id)
    rows.unpersist()
    report: dict[str, object] = {
        "run_id": run_id,
        "model_version": model_version,
        **{name: account.total(name) for name in ("messages", "scored", "unscorable")},
        "auto": account.scored("decision", "auto"),
        "review": account.scored("decision", "review"),
        "published": published,
        "folders": folders,
        "labels": {label: account.scored("label", label) for label in account.values("label")},
        "faults": account.faults,
        "shard_lines": shard_lines,
        "answers": account.total("times"),
        "quarantine_lines": lines_below(spark, bucket, f"{quarantine_prefix(run_id)}/"),
    }
    write_json(bucket, files.published, report)
    return report


def _withdraw(bucket: str, run_id: str) -> None:
    """Take back that the run's predictions are complete: until the workflow says so again, nobody reads them."""
    delete_others(bucket, publication_key(run_id), keep=())


def _write_predictions(rows: DataFrame, account: Reconciled, uri: str, run_id: str, model_version: str) -> int:
    """Write the scored messages and return how many are read back from what was written."""
    if not account.total("scored"):
        return 0
    scored = rows.where(F.col("error").isNull()).withColumn("run_id", F.lit(run_id))
    table = scored.withColumn("model_version", F.lit(model_version)).select(
        *names(PREDICTION), "date", F.lit(run_id).alias("run")
    )
    write_folders(table, uri, "date", "run")
    folders = [f"{uri}/date={date}/run={run_id}" for date in account.dates]
    return rows.sparkSession.read.schema(PREDICTION).parquet(*folders).count()


def _write_unscorable(rows: DataFrame, account: Reconciled, bucket: str, run_id: str) -> None:
    refused = rows.where(F.col("error").isNotNull()).select(
        F.lit("unscorable").alias("reason"),
        F.substring("error", 1, 200).alias("detail"),
        *("source", "raw_key", "raw_version", "position"),
        F.encode(shard_line(), "UTF-8").alias("record"),
    )
    count, size = account.total("unscorable"), account.total("unscorable_bytes")
    write_quarantine(refused, bucket, run_id=run_id, step=STEP, count=count, size=size)


def main(argv: Sequence[str]) -> None:
    """Run the job and print its report."""
    args = job_arguments(argv, "run_id", "curated", "predictions", "model_version")
    bucket_name(args.predictions)
    print(publish(args.run_id, args.curated.rstrip("/"), args.predictions.rstrip("/"), args.model_version))


if __name__ == "__main__":
    main(sys.argv[1:])
