"""CleanMessages: claimed raw objects in; canonical messages (or labelled examples), a quarantine and a count out."""

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pyspark import StorageLevel
from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F  # noqa: N812  (Spark's own convention)

from glue_jobs.arguments import bucket_name, choice, day, job_arguments, positive
from glue_jobs.cleaning.comparing import KEPT, QUARANTINED, Counts, compared, counted, grouped
from glue_jobs.cleaning.judging import Settings, judged
from glue_jobs.cleaning.quarantine import write_quarantine
from glue_jobs.lake.curated import message_folder
from glue_jobs.lake.schemas import LABELLED, MESSAGE, names
from glue_jobs.lake.store import read_json_if_there, write_json, write_text
from glue_jobs.lake.writing import delete_folders, write_folder, write_folders
from glue_jobs.quality.gate import STOP, Gate, judge, remember, situations
from glue_jobs.quality.page import page
from glue_jobs.quality.profile import profiles
from glue_jobs.raw.claims import RawObject, Scope, take_labels, take_messages
from glue_jobs.raw.redriving import Work, work_of
from glue_jobs.raw.rewritten import rewritten_below
from glue_jobs.raw.splits import shared_out
from glue_jobs.session import spark_session
from pipeline_code.contracts import (
    ANY,
    CURATED_MESSAGES,
    RAW_LABELS,
    RAW_MESSAGES,
    SOURCE,
    WORKFLOWS,
    RunFiles,
    labelled_prefix,
)

STEP = "clean_messages"
KINDS = ("messages", "labels")
NEW, ALL = "new", "all"
"""Which message objects a run takes: those that no run took yet, or all in its scope, once more."""


@dataclass(frozen=True)
class Cleaning:
    """What one run cleans, from where and to where; the limits stand in `settings`."""

    curated: str
    files: RunFiles
    scope: Scope
    settings: Settings
    gate: Gate
    is_accepted: bool

    @property
    def is_labels(self) -> bool:
        return self.settings.kind == "labels"

    @property
    def bucket(self) -> str:
        return bucket_name(self.curated)

    def take(self) -> list[RawObject]:
        """The raw object versions of this run, the same ones at every attempt."""
        if self.is_labels:
            return take_labels(self.settings.bucket, self.bucket, self.files)
        return take_messages(self.settings.bucket, self.bucket, self.files, self.scope)


def clean(cleaning: Cleaning) -> dict[str, object]:
    """Clean what the run takes and write it; returns the report that also lies in clean.json."""
    began = time.monotonic()
    spark = spark_session("CleanMessages")
    objects = cleaning.take()
    notes = rewritten_below(cleaning.bucket, f"{RAW_LABELS if cleaning.is_labels else RAW_MESSAGES}/")
    work = work_of(cleaning.settings.bucket, objects, notes)
    tasks = shared_out(work.splits, spark.sparkContext.defaultParallelism)
    rows = compared(judged(spark, tasks, cleaning.settings)).persist(StorageLevel.MEMORY_AND_DISK)
    groups = grouped(rows)
    counts = counted(groups)
    counts.check()
    earlier = read_json_if_there(cleaning.bucket, cleaning.files.clean) or {"folders": []}
    _write(rows, counts, cleaning)
    rows.unpersist()
    report = _report(cleaning.files.run_id, objects, work, counts, is_labels=cleaning.is_labels)
    report["quality"] = _judge(groups, cleaning)
    delete_folders(cleaning.bucket, sorted(set(earlier["folders"]) - set(report["folders"])))
    report["seconds"] = round(time.monotonic() - began, 3)
    write_json(cleaning.bucket, cleaning.files.clean, report)
    return report


def _write(rows: DataFrame, counts: Counts, cleaning: Cleaning) -> None:
    run_id = cleaning.files.run_id
    kept = rows.where(F.col("outcome") == KEPT).withColumn("run_id", F.lit(run_id))
    if cleaning.is_labels:
        write_folder(kept.select(*names(LABELLED)), f"{cleaning.curated}/{labelled_prefix(run_id)}")
    elif counts.kept:
        messages = kept.select(*names(MESSAGE), "date", F.lit(run_id).alias("run"))
        write_folders(messages, f"{cleaning.curated}/{CURATED_MESSAGES}", "source", "date", "run")
    refused = rows.where(F.col("outcome") == QUARANTINED)
    write_quarantine(
        refused, cleaning.bucket, run_id=run_id, step=STEP, count=counts.quarantined, size=counts.quarantined_bytes
    )


def _judge(groups: Sequence[Row], cleaning: Cleaning) -> dict[str, object]:
    """Judge the delivery, write what was found and draw it; what a run that goes on has counted is remembered."""
    settings, files, gate = cleaning.settings, cleaning.files, cleaning.gate
    found = profiles(groups, settings.sources, settings.kind, gate.now.date().isoformat())
    judgement = judge(situations(cleaning.bucket, files.run_id, settings.kind, found, gate, cleaning.scope), gate)
    if judgement.verdict != STOP or cleaning.is_accepted:
        remember(cleaning.bucket, files.run_id, judgement)
    run = {"run_id": files.run_id, "workflow": files.workflow, "judged_at": gate.now.isoformat(timespec="seconds")}
    report = {**run, **judgement.report()}
    write_json(cleaning.bucket, files.quality, report)
    write_text(cleaning.bucket, files.quality_page, page(report), "text/html; charset=utf-8")
    return judgement.summary()


def _report(
    run_id: str, objects: Sequence[RawObject], work: Work, counts: Counts, *, is_labels: bool
) -> dict[str, Any]:
    return {
        "run_id": run_id,
        "objects": len(objects),
        "bytes": sum(one.bytes for one in objects),
        "landed": counts.landed,
        "redriven": work.redriven,
        "erased": work.erased,
        "kept": counts.kept,
        "duplicates": counts.duplicates,
        "duplicate_kinds": counts.duplicate_kinds,
        "quarantined": counts.quarantined,
        "quarantine_reasons": counts.quarantine_reasons,
        "folders": [] if is_labels else [message_folder(source, date, run_id) for source, date in counts.places],
    }


def cleaning_of(argv: Sequence[str]) -> Cleaning:
    """Read the job's arguments; raises ValueError for one that is missing or wrong."""
    args = job_arguments(
        argv,
        *(
            "workflow",
            "run_id",
            "kind",
            "raw",
            "curated",
            "source",
            "date_from",
            "date_to",
            "languages",
            "max_text_bytes",
            *("sources", "take", "quality", "now", "accepted"),
        ),
    )
    if args.source != ANY and not SOURCE.fullmatch(args.source):
        raise ValueError(f"--source {args.source!r}: use 1 to 31 of a-z, 0-9 and -, or {ANY} for every source")
    bucket_name(args.curated)
    again = choice("take", args.take, (NEW, ALL)) == ALL
    return Cleaning(
        curated=args.curated.rstrip("/"),
        files=RunFiles(choice("workflow", args.workflow, WORKFLOWS), args.run_id),
        scope=Scope(args.source, day("date_from", args.date_from), day("date_to", args.date_to), again),
        settings=Settings(
            bucket=bucket_name(args.raw),
            kind=choice("kind", args.kind, KINDS),
            languages=tuple(args.languages.split(",")),
            max_text_bytes=positive("max_text_bytes", args.max_text_bytes),
            sources=tuple(args.sources.split(",")),
        ),
        gate=Gate.of(args.quality, args.now),
        is_accepted=choice("accepted", args.accepted, ("yes", "no")) == "yes",
    )


def main(argv: Sequence[str]) -> None:
    """Run the job and print its counts."""
    print(clean(cleaning_of(argv)))


if __name__ == "__main__":
    main(sys.argv[1:])
