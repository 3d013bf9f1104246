"""The network: nothing comes in from anywhere, nothing leaves for the internet, endpoints say who may use them."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from gates.assembly import Resource, Stack
from gates.findings import Finding
from gates.policies import Statement, statements
from gates.rules import on

ANYWHERE = ("0.0.0.0/0", "::/0")
INTERNET = (
    *("AWS::EC2::InternetGateway", "AWS::EC2::NatGateway", "AWS::EC2::EIP", "AWS::EC2::EgressOnlyInternetGateway"),
    "AWS::EC2::VPCGatewayAttachment",
)
SEPARATE = ("AWS::EC2::SecurityGroupIngress", "AWS::EC2::SecurityGroupEgress")
ENDPOINTS = ("s3", "sagemaker.api", "ecr.api", "ecr.dkr", "logs", "sts", "kms", "glue", "monitoring")


def find(stacks: Sequence[Stack]) -> Iterator[Finding]:
    """Everything open in a network; nothing to say of an assembly without one."""
    for stack in stacks:
        for resource in stack.of(*INTERNET):
            yield on("SM-01", stack, resource, "opens the network to the internet: remove it")
        for resource in stack.of("AWS::EC2::Route"):
            if resource.properties.get("GatewayId") or resource.properties.get("NatGatewayId"):
                yield on("SM-01", stack, resource, "leads to the internet: remove the route")
        yield from _groups(stack)
        yield from _endpoints(stack)
        yield from _flow_logs(stack)


def _groups(stack: Stack) -> Iterator[Finding]:
    closed = not any(True for _ in stack.of(*INTERNET)) and any(True for _ in stack.of("AWS::EC2::VPC"))
    for resource in stack.of("AWS::EC2::SecurityGroup", *SEPARATE):
        for name, one in _listed(resource):
            open_ = {one.get("CidrIp"), one.get("CidrIpv6")} & set(ANYWHERE)
            # S3's gateway endpoint has public addresses, and a network without another way out leads to it alone.
            to_gateway = closed and "Egress" in name and (one.get("FromPort"), one.get("ToPort")) == (443, 443)
            if open_ and not to_gateway:
                yield on("SM-01", stack, resource, f"{name} {open_.pop()}: name a security group", name)


def _listed(resource: Resource) -> list[tuple[str, dict[str, Any]]]:
    """(kind, rule) of the group's own rules, or of the one that stands alone."""
    if resource.type in SEPARATE:
        return [(resource.type, resource.properties)]
    kinds = ("SecurityGroupIngress", "SecurityGroupEgress")
    return [(kind, one) for kind in kinds for one in resource.properties.get(kind, [])]


def _endpoints(stack: Stack) -> Iterator[Finding]:
    endpoints = list(stack.of("AWS::EC2::VPCEndpoint"))
    for endpoint in endpoints:
        if (
            endpoint.properties.get("VpcEndpointType") == "Interface"
            and endpoint.properties.get("PrivateDnsEnabled") is not True
        ):
            yield on("SM-11", stack, endpoint, "is not found by the service's name: PrivateDnsEnabled: true")
        for one in statements(endpoint.properties.get("PolicyDocument") or {}):
            if one.allows and "*" in one.principals and not one.conditions and not _layers(one):
                yield on("SM-11", stack, endpoint, "lets anybody through: add aws:PrincipalAccount", one.sid)
    services = {str(one.properties.get("ServiceName", "")).split(f".{stack.region}.")[-1] for one in endpoints}
    for vpc in stack.of("AWS::EC2::VPC"):
        for service in ENDPOINTS:
            if service not in services:
                yield on("SM-11", stack, vpc, f"jobs do not reach {service}: add its endpoint", service)


def _layers(one: Statement) -> bool:
    """Whether the statement reads image layers from ECR's own buckets, which are asked by signed addresses."""
    buckets = all(
        re.fullmatch(r"arn:aws[\w-]*:s3:::prod-[a-z0-9-]+-starport-layer-bucket/\*", it) for it in one.resources
    )
    return one.actions == ("s3:GetObject",) and buckets


def _flow_logs(stack: Stack) -> Iterator[Finding]:
    logged = {str(one.properties.get("ResourceId")) for one in stack.of("AWS::EC2::FlowLog")}
    for vpc in stack.of("AWS::EC2::VPC"):
        if stack.resolver.name(vpc.id) not in logged:
            yield on("SM-01", stack, vpc, "nobody sees its traffic: add a flow log")
