"""DataBucket: a bucket as the platform keeps data: our key, TLS 1.2, private, versioned, with a lifecycle."""

from collections.abc import Sequence

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct


class DataBucket(Construct):
    """One governed bucket; `temporary` prefixes expire after `temporary_days`."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        key: kms.IKey,
        noncurrent_days: int,
        removal_policy: RemovalPolicy,
        temporary: Sequence[str] = (),
        temporary_days: int = 30,
        announce_objects: bool = False,
    ) -> None:
        super().__init__(scope, id_)
        self.bucket = s3.Bucket(
            self,
            "Bucket",
            encryption=s3.BucketEncryption.KMS,
            encryption_key=key,
            bucket_key_enabled=True,
            versioned=True,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            removal_policy=removal_policy,
            lifecycle_rules=[
                s3.LifecycleRule(
                    id="housekeeping",
                    abort_incomplete_multipart_upload_after=Duration.days(7),
                    noncurrent_version_expiration=Duration.days(noncurrent_days),
                    expired_object_delete_marker=True,
                ),
                *(
                    s3.LifecycleRule(
                        id=f"expire-{prefix}", prefix=f"{prefix}/", expiration=Duration.days(temporary_days)
                    )
                    for prefix in temporary
                ),
            ],
        )
        self._refuse_other_keys(key)
        if announce_objects:
            self._announce_objects()

    def _refuse_other_keys(self, key: kms.IKey) -> None:
        """Refuse an upload that names another encryption, or another key, than the bucket's default."""
        for sid, header, value in (
            ("OnlyKms", "s3:x-amz-server-side-encryption", "aws:kms"),
            ("OnlyOurKey", "s3:x-amz-server-side-encryption-aws-kms-key-id", key.key_arn),
        ):
            self.bucket.add_to_resource_policy(
                iam.PolicyStatement(
                    sid=sid,
                    effect=iam.Effect.DENY,
                    principals=[iam.AnyPrincipal()],
                    actions=["s3:PutObject"],
                    resources=[self.bucket.arn_for_objects("*")],
                    # An upload without the header takes the bucket's default; `…IfExists` would deny that too.
                    conditions={"StringNotEquals": {header: value}, "Null": {header: "false"}},
                )
            )

    def _announce_objects(self) -> None:
        """Send object events to EventBridge by the bucket's own property: the L2 switch would add a Lambda function."""
        resource = self.bucket.node.default_child
        assert isinstance(resource, s3.CfnBucket)  # noqa: S101 - narrows the type
        resource.notification_configuration = s3.CfnBucket.NotificationConfigurationProperty(
            event_bridge_configuration=s3.CfnBucket.EventBridgeConfigurationProperty(event_bridge_enabled=True)
        )
