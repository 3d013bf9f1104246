"""Reconciliation across runs: what the runs of **score** say that they did, set against what lies in the lake now.

Within a run its workflow has reconciled every step. What can still go wrong lies between runs: an object that two of
them took, a table that has lost or doubled rows since, a message that has no current prediction.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812  (Spark's own convention)

from glue_jobs.lake.curated import record_id, stored_messages, unless_missing
from glue_jobs.lake.current import all_predictions, current_predictions, publications
from glue_jobs.lake.store import keys_below, read_json
from pipeline_code.contracts import CLAIMS, QUARANTINE, RAW_MESSAGES, RUNS, claim_key

PARALLEL_READS = 16
TABLES = ("messages", "predictions", "quarantine")
UNSCORABLE = "unscorable"

Documents = dict[str, dict[str, Any]]
Erased = Mapping[str, Counter[str]]
"""How many rows of a run (by its name) have been erased from each of TABLES since the run counted them."""


@dataclass(frozen=True)
class Lake:
    """The tables of all runs; `curated` and `predictions` are `s3://<bucket>`."""

    spark: SparkSession
    curated: str
    predictions: str

    @cached_property
    def published(self) -> DataFrame:
        """The messages of the runs whose predictions are complete."""
        runs = publications(self.spark, self.predictions).select("run_id")
        return stored_messages(self.spark, self.curated).join(runs, "run_id")

    @cached_property
    def quarantine(self) -> DataFrame:
        """Lines of the quarantine: reason, record_base64, run_id."""
        schema = "reason string, record_base64 string, run_id string"
        return unless_missing(
            lambda: self.spark.read.schema(schema).json(f"{self.curated}/{QUARANTINE}/run_id=*"),
            otherwise=self.spark.createDataFrame([], schema),
        )

    def rows(self) -> dict[str, Counter[str]]:
        """How many rows each run has in each of TABLES."""
        messages = stored_messages(self.spark, self.curated).groupBy("run_id")
        predictions = all_predictions(self.spark, self.predictions).groupBy("run_id")
        groups = zip(TABLES, (messages, predictions, self.quarantine.groupBy("run_id")), strict=True)
        return {
            table: Counter({row.run_id: row["count"] for row in group.count().collect()}) for table, group in groups
        }


def reconcile(spark: SparkSession, curated: str, predictions: str, erased: Erased) -> dict[str, Any]:
    """Report runs, finished ones, messages, current predictions, and one sentence for each thing that is wrong."""
    bucket, lake = curated.removeprefix("s3://"), Lake(spark, curated, predictions)
    runs = documents(bucket)
    finished = {run_id: run for run_id, run in runs.items() if run.get("ledger", {}).get("status") == "SUCCEEDED"}
    counted = {run_id: run for run_id, run in finished.items() if "clean" in run}  # without a champion nothing is
    current = current_predictions(spark, predictions)
    return {
        "runs": len(runs),
        "finished": len(finished),
        "messages": lake.published.select("source", "message_id").distinct().count(),
        "current": current.count(),
        "discrepancies": [
            *taken_twice(bucket, runs),
            *miscounted(lake.rows(), counted, erased),
            *without_prediction(lake, current),
        ],
    }


def documents(curated: str) -> dict[str, Documents]:
    """The JSON files of all runs of **score**, by run and by name without ending."""
    keys = [key for key in keys_below(curated, f"{RUNS}/score/") if key.endswith(".json")]
    found: dict[str, Documents] = {}
    with ThreadPoolExecutor(PARALLEL_READS) as pool:
        for key, document in zip(keys, pool.map(lambda key: read_json(curated, key), keys), strict=True):
            _, _, run_id, name = key.split("/")
            found.setdefault(run_id, {})[name.removesuffix(".json")] = document
    return found


def taken_twice(curated: str, runs: Mapping[str, Documents]) -> Iterator[str]:
    """Objects that two runs took, and that a run took without a claim; those that score once more read others' too."""
    claims = set(keys_below(curated, f"{CLAIMS}/{RAW_MESSAGES}/"))
    took: dict[str, list[str]] = {}
    for run_id, run in runs.items():
        inputs = run.get("inputs", {"objects": []})
        for one in inputs["objects"]:
            claim = claim_key(one["key"], one["version_id"])
            if claim not in claims:
                yield f"{run_id}: took {one['key']}, but has no claim on it"
            if not inputs.get("again"):
                took.setdefault(claim, []).append(run_id)
    yield from (f"{' and '.join(by)}: took {claim} both" for claim, by in took.items() if len(by) > 1)


def miscounted(rows: Mapping[str, Counter[str]], runs: Mapping[str, Documents], erased: Erased) -> Iterator[str]:
    """Runs whose rows, with those erased since, are not as many as they reported."""
    for run_id, run in runs.items():
        for table, reported in _reported(run).items():
            found, gone = rows[table][run_id], erased[table][run_id]
            if found + gone != reported:
                since = f" and {gone} were erased since" if gone else ""
                yield f"{run_id}: reported {reported} rows of {table}, but {found} are there{since}"


def without_prediction(lake: Lake, current: DataFrame) -> Iterator[str]:
    """Messages of complete runs that no prediction is current of, and that are not refused as unscorable either."""
    line = F.unbase64("record_base64").cast("string")
    refused = lake.quarantine.where(F.col("reason") == UNSCORABLE).select(F.get_json_object(line, "$.id").alias("id"))
    ids = lake.published.select(record_id().alias("id")).distinct()
    missing = (
        ids.join(current.select(record_id().alias("id")), "id", "left_anti").join(refused, "id", "left_anti").count()
    )
    if missing:
        yield f"{missing} messages of complete runs have no current prediction and are not refused as unscorable"


def _reported(run: Documents) -> dict[str, int]:
    cleaned, published = run["clean"], run.get("published", {"published": 0, UNSCORABLE: 0})
    return {
        "messages": cleaned["kept"],
        "predictions": published["published"],
        "quarantine": cleaned["quarantined"] + published[UNSCORABLE],
    }
