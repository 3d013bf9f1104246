"""AuditTrail: who called what in every Region, and who touched which object, in a bucket that nobody rewrites."""

from aws_cdk import ArnFormat, Aws, Duration, RemovalPolicy, Stack
from aws_cdk import aws_cloudtrail as cloudtrail
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from constructs import Construct

from stacks.constructs.access_logs import log_access


class AuditTrail(Construct):
    """A multi-Region trail with its own key, bucket and log group; data events of buckets named `buckets`*.

    With `locked`, nobody deletes or rewrites a log file for `days`, the account's root included.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        buckets: str,
        access_logs: s3.IBucket,
        days: int,
        locked: bool,
        removal_policy: RemovalPolicy,
    ) -> None:
        super().__init__(scope, id_)
        # Key and bucket come before the trail, whose name begins with the stack's: a fixed name would be in the way of
        # the next one, since a trail outlives its stack.
        trails = Stack.of(self).format_arn(
            service="cloudtrail", resource="trail", resource_name=f"{Stack.of(self).stack_name}-*"
        )
        self.ours = {"aws:SourceArn": trails}
        self.key = self._key(removal_policy)
        self.bucket = self._bucket(access_logs, days, removal_policy, locked=locked)
        self.log = logs.LogGroup(
            self,
            "Log",
            encryption_key=self.key,
            retention=logs.RetentionDays.ONE_YEAR,
            removal_policy=removal_policy,
        )
        role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("cloudtrail.amazonaws.com", conditions={"StringLike": self.ours}),
        )
        written = self.log.grant_write(role)
        self.trail = cloudtrail.CfnTrail(
            self,
            "Trail",
            is_logging=True,
            is_multi_region_trail=True,
            include_global_service_events=True,
            enable_log_file_validation=True,
            s3_bucket_name=self.bucket.bucket_name,
            kms_key_id=self.key.key_arn,
            cloud_watch_logs_log_group_arn=self.log.log_group_arn,
            cloud_watch_logs_role_arn=role.role_arn,
            advanced_event_selectors=[
                _selector("All calls", eventCategory=["Management"]),
                cloudtrail.CfnTrail.AdvancedEventSelectorProperty(
                    name="Objects of our buckets",
                    field_selectors=[
                        _field("eventCategory", ["Data"]),
                        _field("resources.type", ["AWS::S3::Object"]),
                        cloudtrail.CfnTrail.AdvancedFieldSelectorProperty(
                            field="resources.ARN", starts_with=[f"arn:{Aws.PARTITION}:s3:::{buckets}"]
                        ),
                    ],
                ),
            ],
        )
        self.trail.apply_removal_policy(removal_policy)
        assert self.bucket.policy is not None  # noqa: S101 - narrows the type
        self.trail.node.add_dependency(self.bucket.policy, written)

    def _key(self, removal_policy: RemovalPolicy) -> kms.Key:
        key = kms.Key(
            self,
            "Key",
            description="The audit trail: log files and their log group",
            enable_key_rotation=True,
            removal_policy=removal_policy,
        )
        trails = Stack.of(self).format_arn(service="cloudtrail", region="*", resource="trail", resource_name="*")
        groups = Stack.of(self).format_arn(
            service="logs", resource="log-group", resource_name="*", arn_format=ArnFormat.COLON_RESOURCE_NAME
        )
        trail = iam.ServicePrincipal("cloudtrail.amazonaws.com")
        for sid, principal, actions, conditions in (
            (
                "EncryptLogFiles",
                trail,
                ["kms:GenerateDataKey*"],
                {"StringLike": {**self.ours, "kms:EncryptionContext:aws:cloudtrail:arn": trails}},
            ),
            ("LookAtTheKey", trail, ["kms:DescribeKey"], {"StringLike": self.ours}),
            (
                "EncryptTheLogGroup",
                iam.ServicePrincipal(f"logs.{Aws.REGION}.amazonaws.com"),
                ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"],
                {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": groups}},
            ),
        ):
            key.add_to_resource_policy(
                iam.PolicyStatement(
                    sid=sid,
                    principals=[principal],
                    actions=actions,
                    resources=["*"],  # in a key policy, this key
                    conditions=conditions,
                )
            )
        return key

    def _bucket(self, access_logs: s3.IBucket, days: int, removal_policy: RemovalPolicy, *, locked: bool) -> s3.Bucket:
        bucket = s3.Bucket(
            self,
            "Files",
            encryption=s3.BucketEncryption.KMS,
            encryption_key=self.key,
            bucket_key_enabled=True,
            versioned=True,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            object_lock_enabled=True if locked else None,
            object_lock_default_retention=s3.ObjectLockRetention.compliance(Duration.days(days)) if locked else None,
            removal_policy=removal_policy,
            lifecycle_rules=[
                s3.LifecycleRule(
                    id="housekeeping",
                    noncurrent_version_expiration=Duration.days(days),
                    abort_incomplete_multipart_upload_after=Duration.days(7),
                )
            ],
        )
        self._refuse_other_keys(bucket)
        log_access(bucket, access_logs, "audit")
        trail = iam.ServicePrincipal("cloudtrail.amazonaws.com")
        bucket.add_to_resource_policy(
            iam.PolicyStatement(
                sid="TrailLooks",
                principals=[trail],
                actions=["s3:GetBucketAcl"],
                resources=[bucket.bucket_arn],
                conditions={"StringLike": self.ours},
            )
        )
        bucket.add_to_resource_policy(
            iam.PolicyStatement(
                sid="TrailWrites",
                principals=[trail],
                actions=["s3:PutObject"],
                resources=[bucket.arn_for_objects(f"AWSLogs/{Aws.ACCOUNT_ID}/*")],
                conditions={
                    "StringLike": self.ours,
                    "StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control"},
                },
            )
        )
        return bucket

    def _refuse_other_keys(self, bucket: s3.Bucket) -> None:
        """Refuse files under another key; digests, which prove the others, CloudTrail writes under S3's own."""
        digests = bucket.arn_for_objects(f"AWSLogs/{Aws.ACCOUNT_ID}/CloudTrail-Digest/*")
        all_files = bucket.arn_for_objects("*")
        for sid, header, value, where in (
            ("OnlyKms", "s3:x-amz-server-side-encryption", "aws:kms", {"not_resources": [digests]}),
            (
                "OnlyOurKey",
                "s3:x-amz-server-side-encryption-aws-kms-key-id",
                self.key.key_arn,
                {"resources": [all_files]},
            ),
        ):
            bucket.add_to_resource_policy(
                iam.PolicyStatement(
                    sid=sid,
                    effect=iam.Effect.DENY,
                    principals=[iam.AnyPrincipal()],
                    actions=["s3:PutObject"],
                    conditions={"StringNotEquals": {header: value}, "Null": {header: "false"}},
                    **where,  # type: ignore[arg-type]
                )
            )


def _selector(name: str, **fields: list[str]) -> cloudtrail.CfnTrail.AdvancedEventSelectorProperty:
    return cloudtrail.CfnTrail.AdvancedEventSelectorProperty(
        name=name, field_selectors=[_field(field, values) for field, values in fields.items()]
    )


def _field(name: str, values: list[str]) -> cloudtrail.CfnTrail.AdvancedFieldSelectorProperty:
    return cloudtrail.CfnTrail.AdvancedFieldSelectorProperty(field=name, equal_to=values)
