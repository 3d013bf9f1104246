"""Audit: what must outlive everything, so that it can be told who did what: trail, access logs, sensitive actions."""

from typing import Any

import aws_cdk as cdk
from aws_cdk import RemovalPolicy
from constructs import Construct

from pipeline_code.contracts import stack_name
from stacks.config import Settings
from stacks.constructs.access_logs import AccessLogs
from stacks.constructs.audit_trail import AuditTrail
from stacks.constructs.log_delivery import LogDelivery
from stacks.constructs.sensitive_actions import SensitiveActions

DAYS = 365
"""How long the trail's files, access logs and delivered logs are kept."""


class AuditStack(cdk.Stack):
    """A trail with its own key and bucket, the bucket of access logs, and filters that count sensitive actions.

    It knows no other stack: buckets are named by the beginning of their names, which CloudFormation takes from the
    stack's.
    """

    def __init__(self, scope: Construct, id_: str, *, settings: Settings, **kwargs: Any) -> None:
        keep = not settings.retention.destroy_data
        super().__init__(scope, id_, termination_protection=keep, **kwargs)
        lasting = RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE if keep else RemovalPolicy.DESTROY
        data = f"{stack_name(settings.name, 'Storage').lower()}-"
        self.access_logs = AccessLogs(
            self, "AccessLogs", prefixes=[data, f"{id_.lower()}-"], days=DAYS, removal_policy=lasting
        ).bucket
        self.trail = AuditTrail(
            self,
            "Trail",
            buckets=data,
            access_logs=self.access_logs,
            days=DAYS,
            locked=settings.name == "prod",
            removal_policy=lasting,
        )
        self.delivery = LogDelivery(
            self,
            "LogDelivery",
            key=self.trail.key,
            access_logs=self.access_logs,
            days=DAYS,
            removal_policy=lasting,
        )
        SensitiveActions(self, "SensitiveActions", log=self.trail.log, environment=settings.name)
        cdk.CfnOutput(self, "AccessLogBucket", value=self.access_logs.bucket_name)
        cdk.CfnOutput(self, "TrailArn", value=self.trail.trail.attr_arn)
