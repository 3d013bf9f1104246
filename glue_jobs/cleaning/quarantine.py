"""The quarantine: every refused record with its bytes, where it came from, and why."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812  (Spark's own convention)

from glue_jobs.lake.writing import delete_others, numbered_file, write_lines
from pipeline_code.contracts import quarantine_prefix

FILE_BYTES = 64 << 20


def write_quarantine(refused: DataFrame, bucket: str, *, run_id: str, step: str, count: int, size: int) -> None:
    """Write refused rows as `quarantine/run_id=<run_id>/<step>-00000.jsonl` and on.

    The `count` rows have `reason, detail, source, raw_key, raw_version, position, record` (bytes); `size` is the sum of
    the records' bytes, by which the number of files is chosen. Raises RuntimeError unless `count` lines were written.
    """
    prefix = f"{quarantine_prefix(run_id)}/"
    if not count:
        delete_others(bucket, f"{prefix}{step}-", keep=())
        return
    line = F.to_json(
        F.struct(
            "reason",
            "detail",
            "source",
            F.col("raw_key").alias("object"),
            F.col("raw_version").alias("version_id"),
            "position",
            F.base64("record").alias("record_base64"),
            F.lit(run_id).alias("run_id"),
            F.lit(step).alias("step"),
        ),
        {"ignoreNullFields": "false"},
    )
    rows = refused.select(
        numbered_file(step, -(-size // FILE_BYTES), "raw_key", "position", "reason").alias("file"),
        F.struct("raw_key", "position").alias("order"),
        line.alias("line"),
    )
    written = sum(lines for _, lines, _ in write_lines(rows, bucket, prefix, stale=f"{step}-"))
    if written != count:
        raise RuntimeError(f"{count} records were refused, but {written} are in the quarantine: run again")
