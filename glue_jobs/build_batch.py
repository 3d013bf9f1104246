"""BuildBatch: a run's curated messages in; JSON Lines shards for Batch Transform and a plan of their size out."""

import sys
from collections.abc import Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812  (Spark's own convention)

from glue_jobs.arguments import bucket_name, job_arguments, positive
from glue_jobs.lake.curated import messages_of_run, record_id
from glue_jobs.lake.store import read_json, write_json
from glue_jobs.lake.writing import numbered_file, write_lines
from glue_jobs.session import spark_session
from pipeline_code.contracts import RunFiles, batch_prefix


def shard_line() -> Column:
    """A message as one line of a shard: `{"id", "text", "language"}`."""
    return F.to_json(F.struct(record_id().alias("id"), "text", "language"))


def sharded(messages: DataFrame, shard_bytes: int) -> DataFrame:
    """Rows `file, order, line` in as many shards as `shard_bytes` asks for, each of about the same size.

    A message's shard follows from its id and the number of shards alone, so a re-run writes the same bytes.
    """
    size = messages.agg(F.sum(F.octet_length(shard_line()) + 1)).collect()[0][0] or 0
    shards = numbered_file("shard", -(-size // shard_bytes), "source", "message_id")
    return messages.select(shards.alias("file"), record_id().alias("order"), shard_line().alias("line"))


def build_batch(run_id: str, curated: str, shard_bytes: int) -> dict[str, object]:
    """Write the shards and the plan of a run; raises RuntimeError when messages that were kept are not found."""
    bucket, files = bucket_name(curated), RunFiles("score", run_id)
    cleaned = read_json(bucket, files.clean)
    messages = messages_of_run(spark_session("BuildBatch"), curated.rstrip("/"), cleaned["folders"])
    shards = write_lines(sharded(messages, shard_bytes), bucket, f"{batch_prefix(run_id)}/in/")
    plan = {
        "run_id": run_id,
        "records": sum(lines for _, lines, _ in shards),
        "bytes": sum(size for _, _, size in shards),
        "files": len(shards),
    }
    if plan["records"] != cleaned["kept"]:
        raise RuntimeError(
            f"run {run_id} kept {cleaned['kept']} messages, but {plan['records']} were found: clean it again"
        )
    write_json(bucket, files.plan, plan)
    return plan


def main(argv: Sequence[str]) -> None:
    """Run the job and print its plan."""
    args = job_arguments(argv, "run_id", "curated", "shard_bytes")
    print(build_batch(args.run_id, args.curated, positive("shard_bytes", args.shard_bytes)))


if __name__ == "__main__":
    main(sys.argv[1:])
