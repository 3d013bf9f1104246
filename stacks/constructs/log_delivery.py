"""LogDelivery: every log group's events also go to a bucket, where they outlive the group."""

from aws_cdk import RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesisfirehose as firehose
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from constructs import Construct

from stacks.constructs.access_logs import log_access
from stacks.constructs.data_bucket import DataBucket


class LogDelivery(Construct):
    """A delivery stream into a bucket of its own; CloudWatch Logs gzips what it sends, so each file is gzip."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        key: kms.Key,
        access_logs: s3.IBucket,
        days: int,
        removal_policy: RemovalPolicy,
    ) -> None:
        super().__init__(scope, id_)
        self.bucket = DataBucket(
            self,
            "Files",
            key=key,
            noncurrent_days=days,
            removal_policy=removal_policy,
            temporary=["logs", "failed"],
            temporary_days=days,
        ).bucket
        log_access(self.bucket, access_logs, "logs")
        errors = logs.LogGroup(
            self,
            "Errors",
            encryption_key=key,
            retention=logs.RetentionDays.ONE_YEAR,
            removal_policy=removal_policy,
        )
        self.stream = self._stream(key, errors)
        self.role = self._subscriber()

    def _stream(self, key: kms.Key, errors: logs.LogGroup) -> firehose.CfnDeliveryStream:
        role = iam.Role(
            self,
            "Writer",
            assumed_by=iam.ServicePrincipal(
                "firehose.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": Stack.of(self).account}}
            ),
        )
        objects = self.bucket.arn_for_objects("*")
        for actions, resource in (
            (["s3:PutObject", "s3:AbortMultipartUpload"], objects),
            (["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"], self.bucket.bucket_arn),
            (["kms:GenerateDataKey", "kms:Decrypt"], key.key_arn),
        ):
            role.add_to_policy(iam.PolicyStatement(actions=actions, resources=[resource]))
        failures = logs.LogStream(self, "Failures", log_group=errors)
        granted = errors.grant_write(role)
        stream = firehose.CfnDeliveryStream(
            self,
            "Stream",
            delivery_stream_type="DirectPut",
            delivery_stream_encryption_configuration_input=(
                firehose.CfnDeliveryStream.DeliveryStreamEncryptionConfigurationInputProperty(
                    key_type="CUSTOMER_MANAGED_CMK", key_arn=key.key_arn
                )
            ),
            extended_s3_destination_configuration=firehose.CfnDeliveryStream.ExtendedS3DestinationConfigurationProperty(
                bucket_arn=self.bucket.bucket_arn,
                role_arn=role.role_arn,
                prefix="logs/!{timestamp:yyyy/MM/dd}/",
                error_output_prefix="failed/!{firehose:error-output-type}/!{timestamp:yyyy/MM/dd}/",
                file_extension=".gz",
                compression_format="UNCOMPRESSED",
                buffering_hints=firehose.CfnDeliveryStream.BufferingHintsProperty(
                    interval_in_seconds=900, size_in_m_bs=64
                ),
                encryption_configuration=firehose.CfnDeliveryStream.EncryptionConfigurationProperty(
                    kms_encryption_config=firehose.CfnDeliveryStream.KMSEncryptionConfigProperty(
                        awskms_key_arn=key.key_arn
                    )
                ),
                cloud_watch_logging_options=firehose.CfnDeliveryStream.CloudWatchLoggingOptionsProperty(
                    enabled=True, log_group_name=errors.log_group_name, log_stream_name=failures.log_stream_name
                ),
            ),
        )
        stream.node.add_dependency(granted)
        return stream

    def _subscriber(self) -> iam.Role:
        """The role that CloudWatch Logs takes to put events into the stream."""
        stack = Stack.of(self)
        role = iam.Role(
            self,
            "Subscriber",
            assumed_by=iam.ServicePrincipal(
                "logs.amazonaws.com",
                conditions={
                    "StringLike": {"aws:SourceArn": stack.format_arn(service="logs", resource="*")},
                    "StringEquals": {"aws:SourceAccount": stack.account},
                },
            ),
        )
        role.add_to_policy(
            iam.PolicyStatement(
                actions=["firehose:PutRecord", "firehose:PutRecordBatch"], resources=[self.stream.attr_arn]
            )
        )
        return role

    def take(self, stack: Stack) -> None:
        """Have the events of every log group of `stack` delivered too."""
        for group in [one for one in stack.node.find_all() if isinstance(one, logs.LogGroup)]:
            logs.CfnSubscriptionFilter(
                group,
                "Delivery",
                log_group_name=group.log_group_name,
                destination_arn=self.stream.attr_arn,
                role_arn=self.role.role_arn,
                filter_pattern="",
            )
