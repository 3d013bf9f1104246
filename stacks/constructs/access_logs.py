"""AccessLogs: the bucket that S3 writes its server access logs to, which may be neither locked nor under our key."""

from aws_cdk import Aws, Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct


def log_access(bucket: s3.IBucket, to: s3.IBucket, name: str) -> None:
    """Have S3 log who accessed `bucket`, below `name/`; by the property, since `to` is another stack's."""
    resource = bucket.node.default_child
    assert isinstance(resource, s3.CfnBucket)  # noqa: S101 - narrows the type
    resource.logging_configuration = s3.CfnBucket.LoggingConfigurationProperty(
        destination_bucket_name=to.bucket_name, log_file_prefix=f"{name}/"
    )


class AccessLogs(Construct):
    """One bucket for the access logs of all buckets whose names start with one of `prefixes`."""

    def __init__(
        self, scope: Construct, id_: str, *, prefixes: list[str], days: int, removal_policy: RemovalPolicy
    ) -> None:
        super().__init__(scope, id_)
        self.bucket = s3.Bucket(
            self,
            "Bucket",
            encryption=s3.BucketEncryption.S3_MANAGED,  # log delivery takes no KMS key
            versioned=True,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            removal_policy=removal_policy,
            lifecycle_rules=[
                s3.LifecycleRule(
                    id="housekeeping",
                    expiration=Duration.days(days),
                    noncurrent_version_expiration=Duration.days(days),
                    abort_incomplete_multipart_upload_after=Duration.days(7),
                )
            ],
        )
        self.bucket.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AccessLogsOfOurBuckets",
                principals=[iam.ServicePrincipal("logging.s3.amazonaws.com")],
                actions=["s3:PutObject"],
                resources=[self.bucket.arn_for_objects("*")],
                conditions={
                    "StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID},
                    # By name: the buckets' stacks come after this one, and send their logs here by its output.
                    "ArnLike": {"aws:SourceArn": [f"arn:{Aws.PARTITION}:s3:::{prefix}*" for prefix in prefixes]},
                },
            )
        )
