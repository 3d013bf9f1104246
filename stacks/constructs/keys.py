"""Keys: one customer key for the data, one for what AWS services publish and log."""

from aws_cdk import ArnFormat, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct


class Keys(Construct):
    """Two rotating KMS keys; the second grants the publishing services that alarms, rules and logs need."""

    def __init__(self, scope: Construct, id_: str, *, removal_policy: RemovalPolicy) -> None:
        super().__init__(scope, id_)
        self.data = kms.Key(
            self,
            "Data",
            description="Messages, models, predictions and the volumes of the jobs that handle them",
            enable_key_rotation=True,
            removal_policy=removal_policy,
        )
        self.services = kms.Key(
            self,
            "Services",
            description="Topics, queues, logs and state machines",
            enable_key_rotation=True,
            removal_policy=removal_policy,
        )
        self._let_services_publish()
        self._let_logs_encrypt()

    def _let_services_publish(self) -> None:
        """Alarms and rules publish to encrypted topics and queues only if the key says so (SNS developer guide)."""
        for service in ("cloudwatch", "events", "scheduler", "sns"):
            self.services.add_to_resource_policy(
                iam.PolicyStatement(
                    sid=f"Publish{service.capitalize()}",
                    principals=[iam.ServicePrincipal(f"{service}.amazonaws.com")],
                    actions=["kms:Decrypt", "kms:GenerateDataKey*"],
                    resources=["*"],  # in a key policy, this key
                    conditions={"StringEquals": {"aws:SourceAccount": Stack.of(self).account}},
                )
            )

    def _let_logs_encrypt(self) -> None:
        """CloudWatch Logs names the log group in the encryption context, not the source account."""
        stack = Stack.of(self)
        self.services.add_to_resource_policy(
            iam.PolicyStatement(
                sid="EncryptLogs",
                principals=[iam.ServicePrincipal(f"logs.{stack.region}.amazonaws.com")],
                actions=["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"],
                resources=["*"],  # in a key policy, this key
                conditions={
                    "ArnLike": {
                        "kms:EncryptionContext:aws:logs:arn": stack.format_arn(
                            service="logs", resource="log-group", resource_name="*", arn_format=ArnFormat.COLON_RESOURCE_NAME
                        )
                    }
                },
            )
        )
