"""Network: a private network of the jobs, for environments that ask for one: no way to the internet."""

from collections.abc import Sequence
from typing import Any

import aws_cdk as cdk
from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from constructs import Construct

SERVICES = ("sagemaker.api", "ecr.api", "ecr.dkr", "logs", "sts", "kms", "glue", "monitoring")
"""Services that jobs call, beside S3: each has an endpoint inside."""


class NetworkStack(cdk.Stack):
    """Two isolated subnets, endpoints that serve this account alone, and the security group of all jobs."""

    def __init__(
        self, scope: Construct, id_: str, *, key: kms.IKey, log_retention: logs.RetentionDays, **kwargs: Any
    ) -> None:
        super().__init__(scope, id_, **kwargs)
        self.vpc = ec2.Vpc(
            self,
            "Vpc",
            max_azs=2,
            nat_gateways=0,
            restrict_default_security_group=False,  # it would take a function that asks AWS; the template closes it
            subnet_configuration=[
                ec2.SubnetConfiguration(name="Jobs", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED, cidr_mask=20)
            ],
        )
        self.jobs = ec2.SecurityGroup(self, "Jobs", vpc=self.vpc, description="Jobs", allow_all_outbound=False)
        self.endpoints = ec2.SecurityGroup(
            self, "Endpoints", vpc=self.vpc, description="Endpoints of AWS services", allow_all_outbound=False
        )
        self._open()
        self._endpoints()
        self._flow_log(key, log_retention)

    @property
    def availability_zones(self) -> list[str]:
        """The Region's first two zones, by name: nothing is looked up in the account."""
        return [f"{self.region}a", f"{self.region}b"]

    @property
    def subnets(self) -> list[str]:
        return [subnet.subnet_id for subnet in self.vpc.isolated_subnets]

    @property
    def job_config(self) -> dict[str, Any]:
        """What SageMaker calls a job's `VpcConfig`."""
        return {"SecurityGroupIds": [self.jobs.security_group_id], "Subnets": self.subnets}

    @property
    def arn(self) -> str:
        return self.format_arn(service="ec2", resource="vpc", resource_name=self.vpc.vpc_id)

    def grant_join(self, role: iam.Role, *looks: str, also: Sequence[str] = ()) -> None:
        """Let a job's role put network interfaces into the subnets; `looks` are what its service describes before."""
        interfaces = self.format_arn(service="ec2", resource="network-interface", resource_name="*")
        places = [
            *(self.format_arn(service="ec2", resource="subnet", resource_name=one) for one in self.subnets),
            self.format_arn(service="ec2", resource="security-group", resource_name=self.jobs.security_group_id),
        ]
        for sid, actions, on in (
            ("JoinNetwork", ["ec2:CreateNetworkInterface"], [interfaces, *places]),
            ("LeaveNetwork", ["ec2:DeleteNetworkInterface", *also], [interfaces]),
            # AWS gives descriptions no resource type.
            ("LookAtNetwork", [f"ec2:Describe{look}" for look in looks], ["*"]),
        ):
            role.add_to_policy(iam.PolicyStatement(sid=sid, actions=actions, resources=on))

    def _open(self) -> None:
        """Workers of a job talk to one another, and all of them to the endpoints; nothing else comes in or leaves."""
        self.jobs.add_ingress_rule(self.jobs, ec2.Port.all_tcp(), "Workers of a job")
        self.jobs.add_egress_rule(self.jobs, ec2.Port.all_tcp(), "Workers of a job")
        self.jobs.add_egress_rule(self.endpoints, ec2.Port.tcp(443), "Endpoints of AWS services")
        self.endpoints.add_ingress_rule(self.jobs, ec2.Port.tcp(443), "Jobs")
        # S3's gateway has public addresses, of which no template knows the list; the subnets have no other way out.
        self.jobs.add_egress_rule(ec2.Peer.any_ipv4(), ec2.Port.tcp(443), "S3, through its gateway endpoint")

    def _endpoints(self) -> None:
        """S3 by gateway, the others by interface; each lets principals of this account through, and nobody else."""
        gateway = self.vpc.add_gateway_endpoint("S3", service=ec2.GatewayVpcEndpointAwsService.S3)
        gateway.add_to_policy(self._ours("s3:*"))
        gateway.add_to_policy(self._layers())
        for service in SERVICES:
            endpoint = self.vpc.add_interface_endpoint(
                service.title().replace(".", ""),
                service=ec2.InterfaceVpcEndpointAwsService(service),
                security_groups=[self.endpoints],
                open=False,
            )
            endpoint.add_to_policy(self._ours(f"{service.split('.')[0].replace('monitoring', 'cloudwatch')}:*"))

    def _ours(self, actions: str) -> iam.PolicyStatement:
        return iam.PolicyStatement(
            sid="OurPrincipals",
            principals=[iam.AnyPrincipal()],
            actions=[actions],
            resources=["*"],  # what a principal may touch, its own policies say
            conditions={"StringEquals": {"aws:PrincipalAccount": self.account}},
        )

    def _layers(self) -> iam.PolicyStatement:
        """ECR hands out layers from a bucket of AWS's own, by signed addresses of AWS's own."""
        return iam.PolicyStatement(
            sid="ImageLayers",
            principals=[iam.AnyPrincipal()],
            actions=["s3:GetObject"],
            resources=[f"arn:{self.partition}:s3:::prod-{self.region}-starport-layer-bucket/*"],
        )

    def _flow_log(self, key: kms.IKey, retention: logs.RetentionDays) -> None:
        group = logs.LogGroup(
            self, "Flows", encryption_key=key, retention=retention, removal_policy=RemovalPolicy.DESTROY
        )
        conditions = {"StringEquals": {"aws:SourceAccount": self.account}}
        role = iam.Role(
            self,
            "FlowRole",
            assumed_by=iam.ServicePrincipal("vpc-flow-logs.amazonaws.com", conditions=conditions),
            max_session_duration=Duration.hours(1),
        )
        self.vpc.add_flow_log("Flow", destination=ec2.FlowLogDestination.to_cloud_watch_logs(group, role))
