"""Rights that a role must have: what its service needs of every such role, and the keys of the buckets it touches."""

from collections.abc import Iterator, Sequence
from typing import Any

from gates.assembly import Resource, Stack
from gates.findings import Finding
from gates.policies import Statement, statements, statements_of_role
from gates.rules import on
from gates.rules.identity import PERSON
from gates.rules.properties import at

SERVICES = {
    "glue.amazonaws.com": (
        *("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents", "logs:AssociateKmsKey"),
        *("cloudwatch:PutMetricData", "s3:GetObject"),
    ),
    "sagemaker.amazonaws.com": (
        *("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents", "cloudwatch:PutMetricData"),
        *("ecr:GetAuthorizationToken", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "kms:CreateGrant"),
    ),
    "lambda.amazonaws.com": ("logs:CreateLogStream", "logs:PutLogEvents"),
    "codebuild.amazonaws.com": ("logs:CreateLogStream", "logs:PutLogEvents"),
}
RULES = {"glue.amazonaws.com": "GL-02", "sagemaker.amazonaws.com": "SM-12"}
IN_NETWORK = ("ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface", "ec2:DescribeNetworkInterfaces")
TRUSTED = (
    *("sts:AssumeRole", "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity"),
    *("sts:TagSession", "sts:SetSourceIdentity"),
)


def find(stacks: Sequence[Stack]) -> Iterator[Finding]:
    """Every right that is missing, and every one that lacks its condition."""
    buckets = _keys_of_buckets(stacks)
    network = any(True for stack in stacks for _ in stack.of("AWS::EC2::VPC"))
    for stack in stacks:
        running = {_target(job.raw["Properties"].get("Role")) for job in stack.of("AWS::Glue::Job")}
        for role in stack.of("AWS::IAM::Role"):
            granted = statements_of_role(stack, role.id)
            service = _service(role)
            yield from _trust(stack, role)
            if not granted and not role.properties.get("ManagedPolicyArns"):
                yield on("IAM-14", stack, role, "may do nothing: write its policy, or remove it")
            if (service != "glue.amazonaws.com" or role.id in running) and not PERSON.search(role.id):
                yield from _service_rights(stack, role, service, granted, in_network=network)
            yield from _keys(stack, role, granted, buckets)
            yield from _listing(stack, role, granted)
        yield from _schedules(stack, stacks)


def _target(reference: Any) -> str:
    return str(reference["Fn::GetAtt"][0]) if isinstance(reference, dict) and "Fn::GetAtt" in reference else ""


def _service(role: Resource) -> str:
    for one in statements(role.properties.get("AssumeRolePolicyDocument", {})):
        for principal in one.principals:
            if principal.startswith("Service:"):
                return principal.removeprefix("Service:")
    return ""


def _trust(stack: Stack, role: Resource) -> Iterator[Finding]:
    for one in statements(role.properties.get("AssumeRolePolicyDocument", {})):
        for action in one.actions:
            if action not in TRUSTED:
                yield on("IAM-15", stack, role, f"{action}: a trust policy lets the role be taken, no more", action)


def _service_rights(
    stack: Stack, role: Resource, service: str, granted: Sequence[Statement], *, in_network: bool
) -> Iterator[Finding]:
    needed = SERVICES.get(service, ())
    if in_network and service in RULES:
        needed = (*needed, *IN_NETWORK)
    for action in needed:
        if not any(one.allows and one.covers(action) for one in granted):
            rule = RULES.get(service, "LOG-01")
            yield on(rule, stack, role, f"{service} fails at its first job: grant {action}", action)


def _keys_of_buckets(stacks: Sequence[Stack]) -> dict[str, str]:
    """The key's ARN of every bucket of the assembly, by the bucket's ARN."""
    path = "BucketEncryption.ServerSideEncryptionConfiguration.0.ServerSideEncryptionByDefault.KMSMasterKeyID"
    return {
        stack.resolver.arn(bucket.id): str(at(bucket.properties, path))
        for stack in stacks
        for bucket in stack.of("AWS::S3::Bucket")
    }


def _keys(stack: Stack, role: Resource, granted: Sequence[Statement], buckets: dict[str, str]) -> Iterator[Finding]:
    """Who reads an encrypted bucket decrypts with its key; who writes to it makes data keys."""
    for arn, key in buckets.items():
        for action, needed in (("s3:GetObject", "kms:Decrypt"), ("s3:PutObject", "kms:GenerateDataKey")):
            touches = any(
                one.allows and one.covers(action) and any(given.startswith(f"{arn}/") for given in one.resources)
                for one in granted
            )
            if (
                touches
                and key.startswith("arn:")
                and not any(one.allows and one.covers(needed, key) for one in granted)
            ):
                yield on(
                    "IAM-14", stack, role, f"{action} on {arn} fails: grant {needed} on its key", f"{needed} {arn}"
                )


def _listing(stack: Stack, role: Resource, granted: Sequence[Statement]) -> Iterator[Finding]:
    for one in granted:
        lists = [action for action in one.actions if action in ("s3:ListBucket", "s3:ListBucketVersions")]
        if one.allows and lists and "s3:prefix" not in one.condition_keys:
            yield on("IAM-02", stack, role, f"{lists[0]} of the whole bucket: add s3:prefix", " ".join(one.resources))


def _schedules(stack: Stack, stacks: Sequence[Stack]) -> Iterator[Finding]:
    """A schedule's role writes to an encrypted dead-letter queue."""
    queues = {
        one.resolver.arn(queue.id): str(queue.properties.get("KmsMasterKeyId"))
        for one in stacks
        for queue in one.of("AWS::SQS::Queue")
    }
    for schedule in stack.of("AWS::Scheduler::Schedule"):
        key = queues.get(str(at(schedule.properties, "Target.DeadLetterConfig.Arn")))
        target = schedule.raw.get("Properties", {}).get("Target", {})
        granted = statements_of_role(stack, _target(target.get("RoleArn")))
        for action in ("kms:Decrypt", "kms:GenerateDataKey"):
            if key and not any(one.allows and one.covers(action, key) for one in granted):
                yield on(
                    "EV-01", stack, schedule, f"its dead letters are lost: grant {action} on the queue's key", action
                )
