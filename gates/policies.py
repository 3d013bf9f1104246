"""IAM documents of a stack: identity, trust and resource policies, and their statements in one shape."""

import fnmatch
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from gates.assembly import Resource, Stack

Document = dict[str, Any]
RESOURCE_POLICIES = {
    "AWS::KMS::Key": "KeyPolicy",
    "AWS::S3::BucketPolicy": "PolicyDocument",
    "AWS::SNS::TopicPolicy": "PolicyDocument",
    "AWS::SQS::QueuePolicy": "PolicyDocument",
    "AWS::ECR::Repository": "RepositoryPolicyText",
    "AWS::Events::EventBusPolicy": "Statement",
    "AWS::Logs::ResourcePolicy": "PolicyDocument",
    "AWS::SageMaker::ModelPackageGroup": "ModelPackageGroupPolicy",
    "AWS::EC2::VPCEndpoint": "PolicyDocument",
    "AWS::Lambda::Permission": "",
}


@dataclass(frozen=True)
class Statement:
    """A statement whose lists are lists; `principals` are `Service:x`, `AWS:arn` or `*`."""

    sid: str
    effect: str
    actions: tuple[str, ...]
    not_actions: tuple[str, ...]
    resources: tuple[str, ...]
    not_resources: tuple[str, ...]
    principals: tuple[str, ...]
    conditions: dict[str, dict[str, Any]]

    @property
    def allows(self) -> bool:
        return self.effect == "Allow"

    @property
    def condition_keys(self) -> set[str]:
        """Every condition key, in lower case."""
        return {key.lower() for operator in self.conditions.values() for key in operator}

    def covers(self, action: str, resource: str | None = None) -> bool:
        """Whether an Allow of this action (on this resource) is in the statement, conditions apart."""
        by_action = any(fnmatch.fnmatchcase(action.lower(), pattern.lower()) for pattern in self.actions)
        return by_action and (resource is None or any(fnmatch.fnmatchcase(resource, one) for one in self.resources))


def statements(document: Document) -> list[Statement]:
    """The document's statements."""
    content = document.get("Statement", [])
    return [_statement(one) for one in (content if isinstance(content, list) else [content])]


def _statement(raw: dict[str, Any]) -> Statement:
    return Statement(
        sid=str(raw.get("Sid", "")),
        effect=str(raw.get("Effect", "")),
        actions=_list(raw.get("Action")),
        not_actions=_list(raw.get("NotAction")),
        resources=_list(raw.get("Resource")),
        not_resources=_list(raw.get("NotResource")),
        principals=_principals(raw.get("Principal")),
        conditions=raw.get("Condition") or {},
    )


def _list(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    return tuple(str(one) for one in value) if isinstance(value, list) else (str(value),)


def _principals(value: Any) -> tuple[str, ...]:
    if isinstance(value, dict):
        return tuple("*" if one == "*" else f"{kind}:{one}" for kind, names in value.items() for one in _list(names))
    return _list(value)


def boundaries(stack: Stack) -> set[str]:
    """Logical ids of the policies that only bound what roles may do, and give nothing."""
    found = {str(role.raw.get("Properties", {}).get("PermissionsBoundary")) for role in stack.of("AWS::IAM::Role")}
    return {policy.id for policy in stack.of("AWS::IAM::ManagedPolicy") if str({"Ref": policy.id}) in found}


def identity_policies(stack: Stack) -> Iterator[tuple[Resource, Document]]:
    """Every policy that gives a role, user or group something, with the resource that holds it."""
    only_bound = boundaries(stack)
    for resource in stack.of("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"):
        if resource.id not in only_bound:
            yield resource, resource.properties.get("PolicyDocument", {})
    for resource in stack.of("AWS::IAM::Role", "AWS::IAM::User", "AWS::IAM::Group"):
        for policy in resource.properties.get("Policies", []):
            yield resource, policy.get("PolicyDocument", {})


def resource_policies(stack: Stack) -> Iterator[tuple[Resource, Document]]:
    """Every policy that stands on a resource."""
    for resource in stack.of(*RESOURCE_POLICIES):
        document = resource.properties.get(RESOURCE_POLICIES[resource.type])
        if isinstance(document, dict):
            yield resource, document if "Statement" in document else {"Statement": [document]}


def wrong_shape(document: Document, *, needs_principal: bool, needs_resource: bool = True) -> Iterator[str]:
    """What a document lacks that IAM, or a service that reads it, needs."""
    if document.get("Version") != "2012-10-17":
        yield "write Version 2012-10-17: the older one knows no variables"
    for one in statements(document):
        name = one.sid or ", ".join(one.actions) or "a statement"
        if not one.actions and not one.not_actions:
            yield f"{name} names no action"
        if needs_resource and not one.resources and not one.not_resources:
            yield f"{name} names no resource"
        if needs_principal and not one.principals:
            yield f"{name} names no principal"


def statements_of_role(stack: Stack, role: str) -> list[Statement]:
    """What the identity policies of one role, by logical id, say together."""
    found = [one for policy in _inline(stack.resources.get(role)) for one in statements(policy)]
    for resource in stack.of("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"):
        if {"Ref": role} in _roles(resource):
            found += statements(resource.properties.get("PolicyDocument", {}))
    return found


def _inline(role: Resource | None) -> Sequence[Document]:
    return [policy.get("PolicyDocument", {}) for policy in role.properties.get("Policies", [])] if role else []


def _roles(policy: Resource) -> list[Any]:
    roles = policy.raw.get("Properties", {}).get("Roles", [])
    return roles if isinstance(roles, list) else []
