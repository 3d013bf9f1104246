"""Lines that really lie in S3, counted apart from what the jobs say that they wrote."""

from collections.abc import Iterable

from pyspark.sql import SparkSession

from glue_jobs.lake.store import keys_below, s3

CHUNK_BYTES = 1 << 20
MOST_TASKS = 256


def lines_below(spark: SparkSession, bucket: str, prefix: str) -> int:
    """Count the lines of all objects whose key starts with `prefix`, in the executors; a last one needs no newline."""
    keys = list(keys_below(bucket, prefix))
    if not keys:
        return 0
    share = spark.sparkContext.parallelize(keys, min(len(keys), MOST_TASKS))
    return int(share.map(lambda key: _lines_of(bucket, key)).sum())


def counted(chunks: Iterable[bytes]) -> int:
    """Lines of a stream."""
    lines, last = 0, b"\n"
    for chunk in chunks:
        lines += chunk.count(b"\n")
        last = chunk[-1:] or last
    return lines + (last != b"\n")


def _lines_of(bucket: str, key: str) -> int:
    return counted(s3().get_object(Bucket=bucket, Key=key)["Body"].iter_chunks(CHUNK_BYTES))
