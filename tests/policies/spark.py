"""A Glue job's S3 calls by Spark: on a laptop Spark reads and writes files, so they are derived from those.

Reviewed by hand against how Spark 3.5 and Hadoop's file output committer work on S3 as Glue 5.1 has it:

- a read lists the folder, looks at each object (HeadObject) and reads it;
- a write puts each file below `.spark-staging-<id>/` or `_temporary/` of the output folder, in pieces where it is
  large, and renames it: a copy and a delete, of the old file too where one is replaced;
- a task that fails aborts its pieces and deletes what it wrote;
- each folder that is made is marked by an empty object `<folder>_$folder$`, which is looked at before.
"""

from collections.abc import Iterator

from tests.policies.actions import Call
from tests.policies.recording import Spark

STAGING = (".spark-staging-x", "_temporary/0")


def calls(spark: Spark) -> Iterator[Call]:
    """What Spark calls for these files; output folders are the first folders of their keys, as the jobs write them."""
    for path in spark.read:
        bucket, _, key = path.partition("/")
        yield _listed(bucket, key.rpartition("/")[0])
        yield from (_on(name, bucket, key) for name in ("HeadObject", "GetObject"))
    for path in (*spark.wrote, *spark.deleted):
        bucket, _, key = path.partition("/")
        yield from _committed(bucket, key)


def _committed(bucket: str, key: str) -> Iterator[Call]:
    root, _, below = key.partition("/")
    yield _listed(bucket, root)
    yield from _marked(bucket, root)
    for staging in STAGING:
        staged = f"{root}/{staging}/{below}"
        yield from (
            _on(name, bucket, staged) for name in ("PutObject", "CreateMultipartUpload", "AbortMultipartUpload")
        )
        yield from (_on(name, bucket, staged) for name in ("HeadObject", "DeleteObject"))
        yield Call("s3", "CopyObject", {"Bucket": bucket, "Key": key, "CopySource": f"{bucket}/{staged}"})
    yield _on("DeleteObject", bucket, key)
    folders = below.split("/")[:-1]
    for depth in range(1, len(folders) + 1):
        yield from _marked(bucket, "/".join([root, *folders[:depth]]))


def _marked(bucket: str, folder: str) -> Iterator[Call]:
    yield from (_on(name, bucket, f"{folder}_$folder$") for name in ("HeadObject", "PutObject"))


def _listed(bucket: str, folder: str) -> Call:
    return Call("s3", "ListObjectsV2", {"Bucket": bucket, "Prefix": f"{folder}/"})


def _on(operation: str, bucket: str, key: str) -> Call:
    return Call("s3", operation, {"Bucket": bucket, "Key": key})
