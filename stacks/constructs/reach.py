"""Reach: the prefixes of one bucket that a role may touch, and how."""

from collections.abc import Sequence
from dataclasses import dataclass

from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3


@dataclass(frozen=True)
class Reach:
    """Prefixes that a role lists, reads, writes, deletes or reads versions below, and those that Spark writes to.

    Who reads or deletes below a prefix may list it too.

    Only who erases deletes versions (`deletes_versions`): a version that is gone cannot be brought back.

    Spark's committer reads, writes and deletes below its folder (it stages, renames and overwrites), and Glue's S3
    file system marks the folder itself with an empty object named `<folder>_$folder$`.
    """

    bucket: s3.IBucket
    lists: Sequence[str] = ()
    reads: Sequence[str] = ()
    writes: Sequence[str] = ()
    deletes: Sequence[str] = ()
    reads_versions: Sequence[str] = ()
    deletes_versions: Sequence[str] = ()
    spark_writes: Sequence[str] = ()

    def grant(self, role: iam.Role) -> None:
        """Add one statement an action group to `role`; it may list the same prefixes only."""
        spark = self.spark_writes
        groups = {
            "Read": (["s3:GetObject"], [*self.reads, *spark]),
            "ReadVersions": (["s3:GetObjectVersion"], self.reads_versions),
            "Write": (["s3:PutObject"], [*self.writes, *spark]),
            "Break off": (["s3:AbortMultipartUpload"], spark),
            "Delete": (["s3:DeleteObject"], [*self.deletes, *spark]),
            "DeleteVersions": (["s3:DeleteObject", "s3:DeleteObjectVersion"], self.deletes_versions),
        }
        for sid, (actions, prefixes) in groups.items():
            marked = spark if sid in ("Read", "Write") else ()
            markers = [f"{prefix}_$folder$" for prefix in marked]
            self._allow(role, actions, [*(f"{prefix}/*" for prefix in dict.fromkeys(prefixes)), *markers])
        self._list(role, "s3:ListBucket", [*self.lists, *self.reads, *self.deletes, *spark])
        self._list(role, "s3:ListBucketVersions", self.reads_versions)

    def _allow(self, role: iam.Role, actions: list[str], patterns: Sequence[str]) -> None:
        if patterns:
            arns = [self.bucket.arn_for_objects(pattern) for pattern in patterns]
            role.add_to_policy(iam.PolicyStatement(actions=actions, resources=arns))

    def _list(self, role: iam.Role, action: str, prefixes: Sequence[str]) -> None:
        if prefixes:
            patterns = [f"{prefix}{tail}" for prefix in sorted(set(prefixes)) for tail in ("", "/*")]
            role.add_to_policy(
                iam.PolicyStatement(
                    actions=[action],
                    resources=[self.bucket.bucket_arn],
                    # Only who may list is told 404, not 403, of a missing key; that look names no prefix.
                    conditions={"StringLikeIfExists": {"s3:prefix": patterns}},
                )
            )
