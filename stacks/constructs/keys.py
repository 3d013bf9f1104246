"""Keys: one customer key for the data, one for what AWS services publish and log."""

from aws_cdk import ArnFormat, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct


class Keys(Construct):
    """Two rotating KMS keys; consumers get them by interface, so their policies are written here alone."""

    def __init__(self, scope: Construct, id_: str, *, removal_policy: RemovalPolicy) -> None:
        super().__init__(scope, id_)
        data = kms.Key(
            self,
            "Data",
            description="Messages, models, predictions and the volumes of the jobs that handle them",
            enable_key_rotation=True,
            removal_policy=removal_policy,
        )
        services = kms.Key(
            self,
            "Services",
            description="Topics, queues, logs and state machines",
            enable_key_rotation=True,
            removal_policy=removal_policy,
        )
        for statement in (*self._publishers(), self._rules(), self._log_delivery(), self._logs()):
            services.add_to_resource_policy(statement)
        self.data = kms.Key.from_key_arn(self, "DataKey", data.key_arn)
        self.services = kms.Key.from_key_arn(self, "ServicesKey", services.key_arn)

    def _publishers(self) -> list[iam.PolicyStatement]:
        """Alarms reach an encrypted topic, and topics an encrypted queue, only if the key lets them."""
        return [
            self._serve(service, {"StringEquals": {"aws:SourceAccount": Stack.of(self).account}})
            for service in ("cloudwatch", "sns")
        ]

    def _rules(self) -> iam.PolicyStatement:
        """EventBridge names no source account or ARN to an encrypted topic or queue, so no condition can stand here."""
        return self._serve("events", None)

    def _log_delivery(self) -> iam.PolicyStatement:
        """Log delivery names its source in the encryption context."""
        source = Stack.of(self).format_arn(service="logs", resource="*", arn_format=ArnFormat.NO_RESOURCE_NAME)
        return self._serve("delivery.logs", {"StringLike": {"kms:EncryptionContext:SourceArn": source}})

    def _serve(self, service: str, conditions: dict[str, dict[str, str]] | None) -> iam.PolicyStatement:
        return iam.PolicyStatement(
            sid=f"Serve{service.title().replace('.', '')}",
            principals=[iam.ServicePrincipal(f"{service}.amazonaws.com")],
            actions=["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey*"],
            resources=["*"],  # in a key policy, this key
            conditions=conditions,
        )

    def _logs(self) -> iam.PolicyStatement:
        """CloudWatch Logs names the log group in the encryption context, not the source account."""
        stack = Stack.of(self)
        groups = stack.format_arn(
            service="logs", resource="log-group", resource_name="*", arn_format=ArnFormat.COLON_RESOURCE_NAME
        )
        return iam.PolicyStatement(
            sid="EncryptLogs",
            principals=[iam.ServicePrincipal(f"logs.{stack.region}.amazonaws.com")],
            actions=["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"],
            resources=["*"],  # in a key policy, this key
            conditions={"ArnLike": {"kms:EncryptionContext:aws:logs:arn": groups}},
        )
