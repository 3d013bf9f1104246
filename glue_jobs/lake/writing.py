"""How the jobs write: JSON Lines under exact names through boto3, Parquet folders through Spark.

Both replace what an earlier attempt of the same run left, and nothing else. A file of lines is put in one piece once
it is complete, and holds the same bytes whenever it is written again.
"""

import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import groupby

import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812  (Spark's own convention)

from glue_jobs.lake.store import delete, keys_below, s3

SPOOL_BYTES = 8 << 20
WRITTEN = "key string, lines bigint, bytes bigint"
NO_SUCCESS_FILE = {"mapreduce.fileoutputcommitter.marksuccessfuljobs": "false"}


def numbered_file(name: str, files: int, *identity: str) -> Column:
    """The file that a row belongs to, `<name>-00000.jsonl` up to `files` of them, by the hash of its identity."""
    number = F.pmod(F.hash(*identity), F.lit(max(files, 1)))
    return F.format_string(f"{name}-%05d.jsonl", number)


def write_lines(lines: DataFrame, bucket: str, prefix: str, *, stale: str = "") -> list[tuple[str, int, int]]:
    """Write rows `file, order, line` to `<prefix><file>`, each file sorted; returns key, lines and bytes of each.

    Objects whose key starts with the prefix and `stale`, and that are not written now, are deleted.
    """
    placed = lines.repartition("file").sortWithinPartitions("file", "order").select("file", "line")
    written = sorted(tuple(row) for row in placed.mapInArrow(_line_writer(bucket, prefix), WRITTEN).collect())
    keys = {key for key, _, _ in written}
    if len(keys) != len(written):
        raise RuntimeError(f"a file below s3://{bucket}/{prefix} was written by two tasks: it holds one's lines only")
    delete_others(bucket, prefix + stale, keep=keys)
    return written


def delete_others(bucket: str, prefix: str, *, keep: Collection[str]) -> None:
    """Delete the objects whose key starts with the prefix, except those to keep."""
    for key in keys_below(bucket, prefix):
        if key not in keep:
            delete(bucket, key)


def write_folders(rows: DataFrame, uri: str, *folders: str) -> None:
    """Write rows as Parquet into one folder a value of `folders`; replaces the folders that are written, no other.

    Each folder gets few files: small pieces are put together and large ones cut, about 64 MB in memory each.
    """
    # PySpark's hint() takes no columns. The folders are names written in this package.
    gathered = f"SELECT /*+ REBALANCE({', '.join(folders)}) */ * FROM {{rows}}"  # noqa: S608
    (
        rows.sparkSession.sql(gathered, rows=rows)
        .write.mode("overwrite")
        .option("partitionOverwriteMode", "dynamic")
        .options(**NO_SUCCESS_FILE)
        .partitionBy(*folders)
        .parquet(uri)
    )


def delete_folders(bucket: str, folders: Iterable[str]) -> None:
    """Delete folders that an earlier attempt of the run wrote and this one did not."""
    for folder in folders:
        delete_others(bucket, f"{folder}/", keep=())


def write_folder(rows: DataFrame, uri: str) -> None:
    """Write rows as Parquet; replaces the folder."""
    rows.write.mode("overwrite").options(**NO_SUCCESS_FILE).parquet(uri)


def _line_writer(bucket: str, prefix: str) -> Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    def write(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        rows = (row for batch in batches for row in zip(*(column.to_pylist() for column in batch.columns), strict=True))
        written = [_put(bucket, prefix + file, lines) for file, lines in groupby(rows, key=lambda row: row[0])]
        keys, counts, sizes = zip(*written, strict=True) if written else ((), (), ())
        yield pa.RecordBatch.from_pydict(
            {
                "key": pa.array(keys, pa.string()),
                "lines": pa.array(counts, pa.int64()),
                "bytes": pa.array(sizes, pa.int64()),
            }
        )

    return write


def _put(bucket: str, key: str, rows: Iterable[tuple[str, str]]) -> tuple[str, int, int]:
    """Gather the lines on local disk, then put them as one object: readers see all of it or nothing."""
    count = 0
    with tempfile.SpooledTemporaryFile(SPOOL_BYTES) as local:
        for _, line in rows:
            local.write(line.encode() + b"\n")
            count += 1
        size = local.tell()
        local.seek(0)
        s3().put_object(Bucket=bucket, Key=key, Body=local, ContentType="application/jsonlines")
    return key, count, size
