"""MatchLabels: labels that came days later, joined by message id to the predictions that people read.

What the next step compares goes into one folder, without ids and without texts: pairs of labels, facts about them, and
how good each model was on its test set.
"""

import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from pyspark import StorageLevel
from pyspark.sql import DataFrame, Row, Window
from pyspark.sql import functions as F  # noqa: N812  (Spark's own convention)

from glue_jobs.arguments import bucket_name, choice, job_arguments, positive
from glue_jobs.cleaning.comparing import DUPLICATE, QUARANTINED, TALLY, compared
from glue_jobs.cleaning.judging import Settings, judged
from glue_jobs.lake.counting import lines_below
from glue_jobs.lake.curated import record_id
from glue_jobs.lake.current import current_predictions
from glue_jobs.lake.merged_later import write_merged_later
from glue_jobs.lake.store import read_json_if_there, write_json
from glue_jobs.lake.writing import numbered_file, write_lines
from glue_jobs.raw.claims import RawObject, inputs_of, take_labels
from glue_jobs.raw.redriving import work_of
from glue_jobs.raw.rewritten import rewritten_below
from glue_jobs.raw.splits import shared_out
from glue_jobs.session import spark_session
from pipeline_code.contracts import (
    LATEST_QUALITY,
    RAW_GROUND_TRUTH,
    RunFiles,
    measuring_prefix,
    quality_baseline_key,
)

FATES = ("joined", "unknown", "outside", "duplicates", "conflicting", "refused")
PAIRS_IN_A_FILE = 500_000


@dataclass(frozen=True)
class Matching:
    """Whose labels one run matches: those of messages of the `days` up to `now`; buckets by name, lakes by URI."""

    files: RunFiles
    curated: str
    predictions: str
    monitoring: str
    settings: Settings
    days: int
    now: datetime
    for_model_monitor: bool

    @property
    def bucket(self) -> str:
        return bucket_name(self.curated)

    @property
    def since(self) -> str:
        """The first date of the messages that count."""
        return (self.now.astimezone(UTC).date() - timedelta(days=self.days)).isoformat()

    def previous(self) -> dict[str, Any] | None:
        """What the latest run before this one left: run_id, and the latest `verdicts` (run, beyond) by version."""
        latest = read_json_if_there(self.monitoring, LATEST_QUALITY)
        return latest["previous"] if latest and latest["run_id"] == self.files.run_id else latest


def match(matching: Matching) -> dict[str, object]:
    """Match all labels that have landed and write what they are compared with; returns the report in matched.json."""
    spark, files, bucket = spark_session("MatchLabels"), matching.files, matching.bucket
    objects = take_labels(matching.settings.bucket, bucket, files, RAW_GROUND_TRUTH)
    work = work_of(matching.settings.bucket, objects, rewritten_below(bucket, f"{RAW_GROUND_TRUTH}/"))
    tasks = shared_out(work.splits, spark.sparkContext.defaultParallelism)
    labels = compared(judged(spark, tasks, matching.settings))
    predictions = current_predictions(spark, matching.predictions).persist(StorageLevel.MEMORY_AND_DISK)
    previous = matching.previous()
    rows = with_age(fates(labels, predictions, matching.since), _judged_before(bucket, previous))
    rows = rows.persist(StorageLevel.MEMORY_AND_DISK)
    groups, joined = _grouped(rows), rows.where("fate = 'joined'")
    counts = _counts(groups)
    folder = f"{measuring_prefix(files.run_id)}/pairs/"
    write_lines(_pairs(joined, counts["joined"]), bucket, folder)
    report: dict[str, Any] = {
        "run_id": files.run_id,
        "objects": len(objects),
        "bytes": sum(one.bytes for one in objects),
        **counts,
        "refusal_reasons": {group.reason: group.rows for group in groups if group.fate == "refused"},
        **_coverage(predictions.where(F.col("date") >= matching.since), groups),
        "pairs": lines_below(spark, bucket, folder),
        "ground_truth_records": _for_model_monitor(matching, joined, previous),
    }
    rows.unpersist()
    predictions.unpersist()
    _write_facts(matching, report, previous)
    del report["dates"]
    write_json(bucket, files.matched, report)
    return report


def fates(labels: DataFrame, predictions: DataFrame, since: str) -> DataFrame:
    """Compared labels (one row each) beside the prediction of their message, with what became of them as `fate`.

    A message with two different labels has none: nobody can say which was meant. A label dated before the day of its
    message counts all the same (`early`), for clocks differ and the id does not. Tallies of readers have no fate.
    """
    of_id = Window.partitionBy("source", "message_id", "outcome")
    rows = labels.select(
        *("source", "message_id", "label", "raw_key", "raw_version", "position", "outcome", "reason", "landed"),
        F.col("received_at").alias("labelled_at"),
    )
    rows = rows.withColumn("labels", F.size(F.collect_set("label").over(of_id)))
    rows = rows.withColumn("nth", F.row_number().over(of_id.orderBy("raw_key", "position")))
    said = predictions.withColumnRenamed("label", "predicted")
    return (
        rows.join(said, ["source", "message_id"], "left")
        .withColumn(
            "fate",
            F.when(F.col("outcome") == TALLY, None)
            .when(F.col("outcome") == QUARANTINED, "refused")
            .when(F.col("outcome") == DUPLICATE, "duplicates")
            .when(F.col("labels") > 1, "conflicting")
            .when(F.col("nth") > 1, "duplicates")
            .when(F.col("date").isNull(), "unknown")
            .when(F.col("date") < since, "outside")
            .otherwise("joined"),
        )
        .withColumn("early", F.to_date("labelled_at") < F.to_date("received_at"))
    )


def _grouped(rows: DataFrame) -> list[Row]:
    """Labels by all that is counted of them, in one pass."""
    is_joined = F.col("fate") == "joined"
    of_joined = (F.when(is_joined, F.col(name)).alias(name) for name in ("date", "model_version", "early", "fresh"))
    return (
        rows.groupBy("fate", "reason", *of_joined)
        .agg(F.count(F.lit(1)).alias("rows"), F.sum("landed").alias("landed"))
        .collect()
    )


def _counts(groups: Sequence[Row]) -> dict[str, int]:
    """How many labels landed, and what became of them."""
    fate = {name: sum(group.rows for group in groups if group.fate == name) for name in FATES}
    return {
        "landed": sum(group.landed for group in groups if group.fate is None),
        **fate,
        "early": sum(group.rows for group in groups if group.early),
        "fresh": sum(group.rows for group in groups if group.fresh),
    }


def _coverage(predictions: DataFrame, groups: Sequence[Row]) -> dict[str, object]:
    """How many predictions there are of each date and model, and how many of them have a label by now."""
    labelled: Counter[tuple[str, str]] = Counter()
    for group in groups:
        if group.fate == "joined":
            labelled[group.date, group.model_version] += group.rows
    scored = {
        (row.date, row.model_version): row["count"]
        for row in predictions.groupBy("date", "model_version").count().collect()
    }
    return {
        "predictions": sum(scored.values()),
        "labelled": labelled.total(),
        "missing": sum(scored.values()) - labelled.total(),
        "model_versions": sorted({version for _, version in labelled}),
        "dates": [
            {"date": date, "model_version": version, "predictions": count, "labelled": labelled[date, version]}
            for (date, version), count in sorted(scored.items())
        ],
    }


def _judged_before(bucket: str, previous: dict[str, Any] | None) -> dict[str, list[RawObject]]:
    """The label objects that the latest verdict on each model version rests on."""
    verdicts = previous["verdicts"] if previous else {}
    return {version: inputs_of(bucket, RunFiles("measure", one["run"])) for version, one in verdicts.items()}


def with_age(rows: DataFrame, judged_before: Mapping[str, Sequence[RawObject]]) -> DataFrame:
    """Add `fresh`: whether no verdict on the model version rests on the label's object yet."""
    places = [(version, one.key, one.version_id) for version, objects in judged_before.items() for one in objects]
    columns = ["model_version", "raw_key", "raw_version"]
    known = rows.sparkSession.createDataFrame(places, ", ".join(f"{name} string" for name in columns))
    found = rows.join(F.broadcast(known.withColumn("known", F.lit(True))), columns, "left")
    return found.withColumn("fresh", F.col("known").isNull()).drop("known")


def _pairs(joined: DataFrame, count: int) -> DataFrame:
    """Rows `file, order, line`: what a person said and what the model had said, of one message a line."""
    files = -(-count // PAIRS_IN_A_FILE)
    columns = ("label", "predicted", "confidence", "decision", "model_version", "language", "source", "date", "fresh")
    return joined.select(
        numbered_file("pairs", files, "source", "message_id").alias("file"),
        record_id().alias("order"),
        F.to_json(F.struct(*columns)).alias("line"),
    )


def _for_model_monitor(matching: Matching, joined: DataFrame, previous: dict[str, Any] | None) -> int:
    """Write the labels that have landed since the latest run for Model Monitor, where it runs; returns how many."""
    if not matching.for_model_monitor:
        return 0
    told = inputs_of(matching.bucket, RunFiles("measure", previous["run_id"])) if previous else []
    places = joined.sparkSession.createDataFrame(
        [(one.key, one.version_id) for one in told], "raw_key string, raw_version string"
    )
    new = joined.join(F.broadcast(places), ["raw_key", "raw_version"], "left_anti")
    return write_merged_later(new, matching.curated, matching.monitoring, matching.files.run_id, matching.now)


def _write_facts(matching: Matching, report: dict[str, Any], previous: dict[str, Any] | None) -> None:
    """Put beside the pairs what the isolated step cannot look up."""
    folder = measuring_prefix(matching.files.run_id)
    baselines = {
        version: read_json_if_there(matching.monitoring, quality_baseline_key(version))
        for version in report["model_versions"]
    }
    facts = {
        "run_id": matching.files.run_id,
        "measured_at": matching.now.isoformat(timespec="seconds"),
        "since": matching.since,
        "days": matching.days,
        "counts": {name: report[name] for name in ("landed", *FATES, "early", "predictions", "labelled", "missing")},
        "dates": report["dates"],
        "previous": previous and {name: previous[name] for name in ("run_id", "verdicts")},
    }
    write_json(matching.bucket, f"{folder}/facts.json", facts)
    write_json(matching.bucket, f"{folder}/baselines.json", {name: one for name, one in baselines.items() if one})


def matching_of(argv: Sequence[str]) -> Matching:
    """Read the job's arguments; raises ValueError for one that is missing or wrong."""
    names = ("run_id", "raw", "curated", "predictions", "monitoring", "days", "now", "languages", "max_text_bytes")
    args = job_arguments(argv, *names, "sources", "for_model_monitor")
    for lake in (args.curated, args.predictions):
        bucket_name(lake)
    return Matching(
        files=RunFiles("measure", args.run_id),
        curated=args.curated.rstrip("/"),
        predictions=args.predictions.rstrip("/"),
        monitoring=bucket_name(args.monitoring),
        settings=Settings(
            bucket=bucket_name(args.raw),
            kind="labels",
            languages=tuple(args.languages.split(",")),
            max_text_bytes=positive("max_text_bytes", args.max_text_bytes),
            sources=tuple(args.sources.split(",")),
        ),
        days=positive("days", args.days),
        now=datetime.fromisoformat(args.now),
        for_model_monitor=choice("for_model_monitor", args.for_model_monitor, ("yes", "no")) == "yes",
    )


def main(argv: Sequence[str]) -> None:
    """Run the job and print its report."""
    print(match(matching_of(argv)))


if __name__ == "__main__":
    main(sys.argv[1:])
