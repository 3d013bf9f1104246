"""GlueStep: one Glue script, the role it runs as, and the prefixes it may touch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from aws_cdk import Stack
from aws_cdk import aws_glue as glue
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3_assets as assets
from constructs import Construct

from stacks.constructs.reach import Reach
from stacks.network import NetworkStack

GLUE_VERSION = "5.1"
"""Spark 3.5.6, Python 3.11, Java 17. Glue's own default is 6.0; the jobs already run in ANSI mode as it does."""


@dataclass(frozen=True)
class GlueRuntime:
    """What all Glue jobs of an environment share."""

    library: assets.Asset
    security_configuration: glue.CfnSecurityConfiguration
    log_prefix: str
    data_key: kms.IKey
    worker_type: str
    max_workers: int
    timeout_minutes: int
    network: NetworkStack | None
    connections: Sequence[glue.CfnConnection]


class GlueStep(Construct):
    """A PySpark job pinned to one Glue version, encrypted, stopped in time, retried by Step Functions only."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        script: Path,
        reach: Sequence[Reach],
        runtime: GlueRuntime,
        runs_at_once: int = 10,
    ) -> None:
        super().__init__(scope, id_)
        self.role = iam.Role(self, "Role", assumed_by=_glue(self))
        for part in reach:
            part.grant(self.role)
        source = assets.Asset(self, "Script", path=str(script))
        self._grant_runtime(runtime, source)
        self.job = glue.CfnJob(
            self,
            "Job",
            role=self.role.role_arn,
            command=glue.CfnJob.JobCommandProperty(
                name="glueetl", python_version="3", script_location=source.s3_object_url
            ),
            glue_version=GLUE_VERSION,
            worker_type=runtime.worker_type,
            number_of_workers=runtime.max_workers,
            timeout=runtime.timeout_minutes,
            max_retries=0,
            execution_property=glue.CfnJob.ExecutionPropertyProperty(max_concurrent_runs=runs_at_once),
            connections=_names(runtime.connections),
            security_configuration=runtime.security_configuration.ref,
            default_arguments=self._default_arguments(runtime),
        )
        self.job.node.add_dependency(self.role.node.find_child("DefaultPolicy"))

    @property
    def name(self) -> str:
        """Name of the deployed job."""
        return self.job.ref

    def grant_run(self, grantee: iam.IGrantable) -> iam.Grant:
        """Start, watch and stop runs of this job: what Step Functions' `.sync` integration calls."""
        return iam.Grant.add_to_principal(
            grantee=grantee,
            actions=["glue:StartJobRun", "glue:GetJobRun", "glue:GetJobRuns", "glue:BatchStopJobRun"],
            resource_arns=[Stack.of(self).format_arn(service="glue", resource="job", resource_name=self.name)],
        )

    def _default_arguments(self, runtime: GlueRuntime) -> Mapping[str, str]:
        return {
            "--extra-py-files": runtime.library.s3_object_url,
            "--conf": "spark.sql.ansi.enabled=true --conf spark.sql.session.timeZone=UTC",
            "--enable-auto-scaling": "true",
            "--job-bookmark-option": "job-bookmark-disable",
            "--enable-metrics": "true",
            "--custom-logGroup-prefix": runtime.log_prefix,
        }

    def _grant_runtime(self, runtime: GlueRuntime, source: assets.Asset) -> None:
        """What any job needs: its code, the data key, its logs and Glue's own metrics."""
        stack = Stack.of(self)
        code = [asset.bucket.arn_for_objects(asset.s3_object_key) for asset in (source, runtime.library)]
        self.role.add_to_policy(iam.PolicyStatement(sid="ReadCode", actions=["s3:GetObject"], resources=code))
        self.role.add_to_policy(
            iam.PolicyStatement(
                sid="UseDataKey", actions=["kms:Decrypt", "kms:GenerateDataKey"], resources=[runtime.data_key.key_arn]
            )
        )
        self.role.add_to_policy(
            iam.PolicyStatement(
                sid="WriteLogs",
                actions=["logs:CreateLogStream", "logs:PutLogEvents", "logs:CreateLogGroup", "logs:AssociateKmsKey"],
                # Glue makes the groups itself and adds the security configuration and the role to their names.
                resources=[stack.format_arn(service="logs", resource=f"log-group:{runtime.log_prefix}*")],
            )
        )
        self.role.add_to_policy(
            iam.PolicyStatement(
                sid="PublishJobMetrics",
                actions=["cloudwatch:PutMetricData"],
                resources=["*"],  # AWS gives this action no resource type; the namespace narrows it
                conditions={"StringEquals": {"cloudwatch:namespace": "Glue"}},
            )
        )
        if runtime.network:
            self._join(runtime.network, runtime.connections)

    def _join(self, network: NetworkStack, connections: Sequence[glue.CfnConnection]) -> None:
        """Let the job read its connections and put tagged network interfaces into their subnets."""
        network.grant_join(
            self.role,
            *("NetworkInterfaces", "Subnets", "SecurityGroups", "VpcEndpoints", "RouteTables"),
        )
        stack = Stack.of(self)
        interfaces = stack.format_arn(service="ec2", resource="network-interface", resource_name="*")
        self.role.add_to_policy(
            iam.PolicyStatement(
                sid="TagInterfaces",
                actions=["ec2:CreateTags", "ec2:DeleteTags"],
                resources=[interfaces],
                conditions={"ForAllValues:StringEquals": {"aws:TagKeys": ["aws-glue-service-resource"]}},
            )
        )
        names = [
            stack.format_arn(service="glue", resource="connection", resource_name=connection.ref)
            for connection in connections
        ]
        catalog = stack.format_arn(service="glue", resource="catalog")
        look = iam.PolicyStatement(sid="LookAtVpc", actions=["ec2:DescribeVpcAttribute"], resources=[network.arn])
        self.role.add_to_policy(look)
        self.role.add_to_policy(
            iam.PolicyStatement(sid="ReadConnections", actions=["glue:GetConnection"], resources=[catalog, *names])
        )


def _names(connections: Sequence[glue.CfnConnection]) -> glue.CfnJob.ConnectionsListProperty | None:
    names = [connection.ref for connection in connections]
    return glue.CfnJob.ConnectionsListProperty(connections=names) if names else None


def _glue(scope: Construct) -> iam.ServicePrincipal:
    return iam.ServicePrincipal(
        "glue.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": Stack.of(scope).account}}
    )
