"""The network: nothing comes in from anywhere, nothing leaves for the internet, endpoints say who may use them."""

from collections.abc import Iterator, Sequence

from gates.assembly import Stack
from gates.findings import Finding
from gates.policies import statements
from gates.rules import on

ANYWHERE = ("0.0.0.0/0", "::/0")
INTERNET = (
    *("AWS::EC2::InternetGateway", "AWS::EC2::NatGateway", "AWS::EC2::EIP", "AWS::EC2::EgressOnlyInternetGateway"),
    "AWS::EC2::VPCGatewayAttachment",
)
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
    for resource in stack.of(
        "AWS::EC2::SecurityGroup", "AWS::EC2::SecurityGroupIngress", "AWS::EC2::SecurityGroupEgress"
    ):
        listed = [
            (name, one)
            for name in ("SecurityGroupIngress", "SecurityGroupEgress")
            for one in resource.properties.get(name, [])
        ]
        for name, one in listed or [(resource.type, resource.properties)]:
            open_ = {one.get("CidrIp"), one.get("CidrIpv6")} & set(ANYWHERE)
            if open_ and one.get("CidrIp") != "255.255.255.255/32":
                yield on(
                    "SM-01", stack, resource, f"{name} {open_.pop()}: name a security group or a prefix list", name
                )


def _endpoints(stack: Stack) -> Iterator[Finding]:
    endpoints = list(stack.of("AWS::EC2::VPCEndpoint"))
    for endpoint in endpoints:
        if (
            endpoint.properties.get("VpcEndpointType") == "Interface"
            and endpoint.properties.get("PrivateDnsEnabled") is not True
        ):
            yield on("SM-11", stack, endpoint, "is not found by the service's name: PrivateDnsEnabled: true")
        for one in statements(endpoint.properties.get("PolicyDocument") or {}):
            if one.allows and "*" in one.principals and not one.conditions:
                yield on("SM-11", stack, endpoint, "lets anybody through: add aws:PrincipalAccount", one.sid)
    services = {str(one.properties.get("ServiceName", "")).split(f".{stack.region}.")[-1] for one in endpoints}
    for vpc in stack.of("AWS::EC2::VPC"):
        for service in ENDPOINTS:
            if service not in services:
                yield on("SM-11", stack, vpc, f"jobs do not reach {service}: add its endpoint", service)


def _flow_logs(stack: Stack) -> Iterator[Finding]:
    logged = {str(one.properties.get("ResourceId")) for one in stack.of("AWS::EC2::FlowLog")}
    for vpc in stack.of("AWS::EC2::VPC"):
        if stack.resolver.name(vpc.id) not in logged:
            yield on("SM-01", stack, vpc, "nobody sees its traffic: add a flow log")
