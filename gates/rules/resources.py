"""Policies that stand on buckets, topics, queues, buses and repositories: TLS, our key, nobody from elsewhere."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from gates import actions
from gates.assembly import Resource, Stack
from gates.findings import Finding
from gates.policies import Statement, resource_policies, statements, wrong_shape
from gates.rules import on
from gates.rules.properties import ABSENT, at, our_key

HEADER = "s3:x-amz-server-side-encryption"
KEY_HEADER = "s3:x-amz-server-side-encryption-aws-kms-key-id"
NARROWING = (
    "aws:sourceaccount",
    "aws:sourcearn",
    "aws:principalorgid",
    "aws:principalaccount",
    "aws:principalarn",
    "aws:sourcevpce",
)


def find(stacks: Sequence[Stack]) -> Iterator[Finding]:
    """Everything wrong with resource policies, and buckets, topics and queues that have none."""
    for stack in stacks:
        for resource, document in resource_policies(stack):
            for problem in wrong_shape(document, needs_principal=resource.type != "AWS::EC2::VPCEndpoint"):
                yield on("IAM-06", stack, resource, problem, problem)
            for one in statements(document):
                yield from _open(stack, resource, one)
                yield from _actions(stack, resource, one)
                yield from _elsewhere(stack, resource, one)
        yield from _buckets(stack, stacks)
        yield from _messaging(stack)
        yield from _images(stack)


def _open(stack: Stack, resource: Resource, one: Statement) -> Iterator[Finding]:
    """Nothing is allowed to everybody, to another account, or to a service on behalf of anybody."""
    if resource.type in ("AWS::KMS::Key", "AWS::EC2::VPCEndpoint") or not one.allows:
        return
    narrowed = any(key.startswith(NARROWING) for key in one.condition_keys)
    for principal in one.principals:
        if principal in ("*", "AWS:*") and not narrowed:
            yield on("S3-12", stack, resource, "allowed to everybody: name the principal", one.sid)
        elif principal.startswith("AWS:arn") and f":{stack.account}:" not in principal:
            yield on("S3-11", stack, resource, f"allowed to {principal}: remove the other account", principal)
        elif principal.startswith("Service:") and not narrowed and not _names_no_source(resource, principal):
            yield on("SNS-01", stack, resource, f"{principal} for any account: add aws:SourceArn", principal)
    if not one.principals:
        yield on("S3-12", stack, resource, "names no principal: write one", one.sid)
    if any(action == "*" or action.endswith(":*") for action in one.actions):
        yield on("S3-12", stack, resource, "allows every action: list them", one.sid)


def _names_no_source(resource: Resource, principal: str) -> bool:
    """EventBridge publishes to a topic without naming its rule."""
    return principal == "Service:events.amazonaws.com" and resource.type == "AWS::SNS::TopicPolicy"


OWN = {"AWS::S3::BucketPolicy": "Bucket", "AWS::SQS::QueuePolicy": "Queues", "AWS::SNS::TopicPolicy": "Topics"}
"""The property that says what such a policy stands on."""


def _elsewhere(stack: Stack, resource: Resource, one: Statement) -> Iterator[Finding]:
    """The service refuses a policy that speaks of another bucket, queue or topic than its own."""
    if resource.type not in OWN:
        return
    targets = resource.properties.get(OWN[resource.type], [])
    named = [str(target) for target in (targets if isinstance(targets, list) else [targets])]
    names = {name.rpartition("/")[2].rpartition(":")[2] for name in named}
    for given in one.resources:
        if given.rpartition(":")[2].partition("/")[0] not in names:
            yield on("IAM-06", stack, resource, f"speaks of {given}, which is not its own", given)


def _actions(stack: Stack, resource: Resource, one: Statement) -> Iterator[Finding]:
    for action in one.actions:
        if action != "*" and not actions.known(action):
            yield on("IAM-06", stack, resource, f"no such action: {action}", action)


def _denied(document: list[Statement], operator: str, key: str, value: str) -> Statement | None:
    """The statement that denies everybody what this condition describes."""
    for one in document:
        conditions = {name.lower(): str(it).lower() for name, it in one.conditions.get(operator, {}).items()}
        if one.effect == "Deny" and one.principals == ("*",) and conditions.get(key.lower()) == value.lower():
            return one
    return None


def _buckets(stack: Stack, stacks: Sequence[Stack]) -> Iterator[Finding]:
    policies = _by_target(stack, "AWS::S3::BucketPolicy", "Bucket")
    targets = _log_targets(stacks)
    for bucket in stack.of("AWS::S3::Bucket"):
        name, arn = stack.resolver.name(bucket.id), stack.resolver.arn(bucket.id)
        document = policies.get(name)
        if document is None:
            yield on("S3-02", stack, bucket, "has no policy: refuse plain transport and other keys")
            continue
        yield from _transport(stack, bucket, document, arn)
        default = at(bucket.properties, "BucketEncryption.ServerSideEncryptionConfiguration.0")
        if name in targets and at(default, "ServerSideEncryptionByDefault.SSEAlgorithm") == "AES256":
            continue  # S3 writes access logs into a bucket with its own encryption only
        yield from _encryption(stack, bucket, default)
        yield from _uploads(stack, bucket, document, at(default, "ServerSideEncryptionByDefault.KMSMasterKeyID"), arn)
        if at(bucket.properties, "LoggingConfiguration.DestinationBucketName") is ABSENT and name not in targets:
            yield on("S3-07", stack, bucket, "nobody sees who reads it: log to the access-log bucket")
        yield from _lifecycle(stack, bucket)


def _by_target(stack: Stack, type_: str, property_: str) -> dict[str, list[Statement]]:
    """Statements by the name or address of what a policy stands on."""
    found: dict[str, list[Statement]] = {}
    for policy in stack.of(type_):
        targets = policy.properties.get(property_, [])
        for target in targets if isinstance(targets, list) else [targets]:
            found.setdefault(str(target), []).extend(statements(policy.properties.get("PolicyDocument", {})))
    return found


def _log_targets(stacks: Sequence[Stack]) -> set[str]:
    return {
        str(at(bucket.properties, "LoggingConfiguration.DestinationBucketName"))
        for stack in stacks
        for bucket in stack.of("AWS::S3::Bucket")
    }


def _transport(stack: Stack, bucket: Resource, document: list[Statement], arn: str) -> Iterator[Finding]:
    checks = (
        ("Bool", "aws:SecureTransport", "false", "deny aws:SecureTransport = false"),
        ("NumericLessThan", "s3:TlsVersion", "1.2", "deny s3:TlsVersion below 1.2"),
    )
    for operator, key, value, advice in checks:
        one = _denied(document, operator, key, value)
        if one is None or "s3:*" not in one.actions or not {arn, f"{arn}/*"} <= set(one.resources):
            yield on("S3-02", stack, bucket, f"{advice}, of all actions, on the bucket and its objects", key)


def _encryption(stack: Stack, bucket: Resource, default: Any) -> Iterator[Finding]:
    if at(default, "ServerSideEncryptionByDefault.SSEAlgorithm") != "aws:kms":
        yield on("S3-03", stack, bucket, "encrypt by default with aws:kms", "SSEAlgorithm")
    if not our_key(at(default, "ServerSideEncryptionByDefault.KMSMasterKeyID")):
        yield on("S3-03", stack, bucket, "name our key by its full ARN", "KMSMasterKeyID")
    if at(default, "BucketKeyEnabled") is not True:
        yield on("S3-05", stack, bucket, "write BucketKeyEnabled: true, or each object calls KMS")


def _uploads(stack: Stack, bucket: Resource, document: list[Statement], key: Any, arn: str) -> Iterator[Finding]:
    """Uploads that name another encryption, or another key, are refused; those that name none take the default."""
    for header, value in ((HEADER, "aws:kms"), (KEY_HEADER, str(key))):
        one = _denied(document, "StringNotEquals", header, value)
        if one is None or not one.covers("s3:PutObject", f"{arn}/any"):
            yield on("S3-04", stack, bucket, f"deny s3:PutObject whose {header} is not {value}", header)
        elif {name.lower(): str(it) for name, it in one.conditions.get("Null", {}).items()}.get(header) != "false":
            yield on("S3-04", stack, bucket, f"Null {header}: false, or uploads without the header are denied", header)


def _lifecycle(stack: Stack, bucket: Resource) -> Iterator[Finding]:
    rules = (
        [one for one in at(bucket.properties, "LifecycleConfiguration.Rules") or [] if isinstance(one, dict)]
        if at(bucket.properties, "LifecycleConfiguration.Rules") is not ABSENT
        else []
    )
    whole = [one for one in rules if one.get("Status") == "Enabled" and not one.get("Prefix")]
    if not any("AbortIncompleteMultipartUpload" in one for one in whole):
        yield on("S3-10", stack, bucket, "end failed uploads: AbortIncompleteMultipartUpload", "multipart")
    if not any("NoncurrentVersionExpiration" in one for one in whole):
        yield on("S3-10", stack, bucket, "let replaced versions expire: NoncurrentVersionExpiration", "noncurrent")
    if any({"ExpirationInDays", "ExpirationDate"} & set(one) for one in whole):
        yield on("S3-10", stack, bucket, "a rule without prefix deletes everything: name the prefix", "expiration")


def _messaging(stack: Stack) -> Iterator[Finding]:
    for type_, policy, property_, service in (
        ("AWS::SNS::Topic", "AWS::SNS::TopicPolicy", "Topics", "sns"),
        ("AWS::SQS::Queue", "AWS::SQS::QueuePolicy", "Queues", "sqs"),
    ):
        documents = _by_target(stack, policy, property_)
        for resource in stack.of(type_):
            document = documents.get(str(stack.resolver.ref(resource.id)), [])
            one = _denied(document, "Bool", "aws:SecureTransport", "false")
            verb = "sns:Publish" if service == "sns" else "sqs:SendMessage"
            if one is None or not one.covers(verb):
                yield on(
                    "SNS-01", stack, resource, f"deny {verb} with aws:SecureTransport = false", "aws:SecureTransport"
                )


def _images(stack: Stack) -> Iterator[Finding]:
    """A tagged image never expires: an approved package may name it."""
    for repository in stack.of("AWS::ECR::Repository"):
        text = str(at(repository.properties, "LifecyclePolicy.LifecyclePolicyText"))
        if re.search(r'"tagStatus"\s*:\s*"(any|tagged)"', text):
            yield on("CI-01", stack, repository, "expires tagged images: only untagged ones may go")
