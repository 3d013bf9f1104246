"""What roles may do and who may take them: no wildcard, no dead statement, no right to widen rights."""

import json
import re
from collections.abc import Iterable, Iterator

from gates import actions
from gates.assembly import Resource, Stack
from gates.findings import Finding
from gates.policies import Statement, identity_policies, statements, wrong_shape
from gates.rules import on

NO_RESOURCE = {"cloudwatch:PutMetricData": "cloudwatch:namespace"}
"""Actions on `*` that a condition narrows, because their resource type does not."""
PLATFORM_KEYS = ("aws:", "kms:encryptioncontext:", "kms:viaservice", "kms:grantisforawsresource")
NOBODY = {
    "IAM-13": (
        "cloudtrail:StopLogging",
        "cloudtrail:DeleteTrail",
        "cloudtrail:UpdateTrail",
        "cloudtrail:PutEventSelectors",
    ),
    "KMS-11": (
        "kms:ScheduleKeyDeletion",
        "kms:DisableKey",
        "kms:PutKeyPolicy",
        "kms:DisableKeyRotation",
        "kms:DeleteImportedKeyMaterial",
    ),
    "IAM-12": (
        "s3:DeleteBucket",
        "s3:DeleteBucketPolicy",
        "s3:PutBucketPolicy",
        "s3:PutEncryptionConfiguration",
        "s3:PutLifecycleConfiguration",
        "s3:PutBucketPublicAccessBlock",
        "s3:PutBucketVersioning",
        "s3:BypassGovernanceRetention",
    ),
    "IAM-11": ("sagemaker:UpdateModelPackage",),
    "IAM-05": (
        "iam:CreatePolicyVersion",
        "iam:AttachRolePolicy",
        "iam:PutRolePolicy",
        "iam:UpdateAssumeRolePolicy",
        "iam:CreateRole",
        "iam:CreateUser",
        "iam:CreateAccessKey",
        "iam:DeleteRolePermissionsBoundary",
        "iam:PutRolePermissionsBoundary",
        "iam:CreateLoginProfile",
        "iam:AddUserToGroup",
        "lambda:UpdateFunctionCode",
        "glue:UpdateJob",
        "states:UpdateStateMachine",
        "logs:DeleteLogGroup",
        "organizations:LeaveOrganization",
    ),
}
"""Rights that no role of a job, workflow or trigger has; a person's role is registered by name."""
ADVICE = {
    "IAM-13": "nobody stops a trail: take it away",
    "KMS-11": "only an Admin touches a key: take it away",
    "IAM-12": "only an Admin changes or removes a bucket: take it away",
    "IAM-11": "one persona alone approves: take it away",
    "IAM-05": "a role must not widen rights or replace code: take it away",
}
PERSON = re.compile(r"Admin|Engineer|Scientist|Breakglass", re.IGNORECASE)


def find(stacks: Iterable[Stack]) -> Iterator[Finding]:
    """Everything wrong with identity and trust policies."""
    for stack in stacks:
        for resource, document in identity_policies(stack):
            for statement in statements(document):
                yield from _statement(stack, resource, statement)
            for problem in wrong_shape(document, needs_principal=False):
                yield on("IAM-06", stack, resource, problem, problem)
            yield from _size(stack, resource, document)
        for role in stack.of("AWS::IAM::Role"):
            yield from _trust(stack, role)
            yield from _managed(stack, role)
        for resource in stack.of("AWS::IAM::User", "AWS::IAM::AccessKey", "AWS::IAM::Group", "AWS::IAM::UserPolicy"):
            yield on("IAM-09", stack, resource, "people take roles: remove users, groups and access keys")


def _statement(stack: Stack, resource: Resource, one: Statement) -> Iterator[Finding]:
    if one.effect not in ("Allow", "Deny"):
        yield on("IAM-06", stack, resource, f"Effect {one.effect!r}: write Allow or Deny", one.sid)
    if one.principals:
        yield on("IAM-06", stack, resource, "an identity policy names no principal: remove it", one.sid)
    for action in one.actions:
        if action != "*" and not actions.known(action):
            yield on("IAM-06", stack, resource, f"no such action: {action}", action)
    if not one.allows:
        return
    if one.not_actions or one.not_resources:
        yield on("IAM-01", stack, resource, "an Allow lists what it allows: no NotAction, no NotResource", one.sid)
    for action in one.actions:
        if action == "*" or action.endswith(":*"):
            yield on("IAM-01", stack, resource, f"{action} allows everything: list the actions", action)
    yield from _resources(stack, resource, one)
    yield from _conditions(stack, resource, one)
    yield from _rights(stack, resource, one)


def _resources(stack: Stack, resource: Resource, one: Statement) -> Iterator[Finding]:
    """`*` only where AWS knows no resource, and each action on a resource that it acts on."""
    single = [action for pattern in one.actions for action in actions.expand(pattern) if pattern != "*"]
    for action in single:
        patterns = actions.resource_patterns(action)
        if "*" in one.resources and patterns and NO_RESOURCE.get(action, "?") not in one.condition_keys:
            yield on("IAM-02", stack, resource, f"{action} on *: name the resource", action)
    for action in (one for pattern in one.actions if "*" not in pattern for one in actions.expand(pattern)):
        patterns = actions.resource_patterns(action)
        if patterns and not any(actions.fits(given, known) for given in one.resources for known in patterns):
            yield on("IAM-06", stack, resource, f"{action} acts on none of the statement's resources", action)
    for given in one.resources:
        known = [pattern for action in single for pattern in actions.resource_patterns(action)]
        if given != "*" and known and not any(actions.fits(given, pattern) for pattern in known):
            yield on("IAM-06", stack, resource, f"no action of the statement acts on {given}", given)


def _conditions(stack: Stack, resource: Resource, one: Statement) -> Iterator[Finding]:
    """Every key means something for every action of the statement; else the statement never matches, or always."""
    for key in one.condition_keys:
        if key.startswith(PLATFORM_KEYS):
            continue
        for pattern in one.actions:
            for action in actions.expand(pattern):
                if "*" not in pattern and not any(
                    key == known or (known and key.startswith(known) and known[-1] in ":/")
                    for known in actions.condition_keys(action)
                ):
                    yield on(
                        "IAM-06", stack, resource, f"{action} does not know the condition key {key}", f"{action} {key}"
                    )


def _rights(stack: Stack, resource: Resource, one: Statement) -> Iterator[Finding]:
    if one.covers("iam:PassRole"):
        services = [
            value
            for operator, keys in one.conditions.items()
            for key, value in keys.items()
            if key.lower() == "iam:passedtoservice" and operator == "StringEquals"
        ]
        if any("*" in given for given in one.resources):
            yield on("IAM-04", stack, resource, "PassRole on a pattern: name the role", "iam:PassRole")
        if len(services) != 1 or (isinstance(services[0], list) and len(services[0]) != 1):
            yield on(
                "IAM-04",
                stack,
                resource,
                "PassRole to any service: StringEquals iam:PassedToService, one service",
                "iam:PassRole",
            )
    if one.covers("kms:CreateGrant") and "kms:grantisforawsresource" not in one.condition_keys:
        yield on("KMS-12", stack, resource, "CreateGrant without kms:GrantIsForAWSResource = true", "kms:CreateGrant")
    for action in ("kms:Decrypt", "kms:ReEncryptFrom"):
        if one.covers(action) and any(given == "*" or given.endswith(":key/*") for given in one.resources):
            yield on("KMS-03", stack, resource, f"{action} with any key: name the key", action)
    if PERSON.search(resource.id):
        return  # personas are proved cell by cell
    for rule, rights in NOBODY.items():
        for action in rights:
            if one.covers(action):
                yield on(rule, stack, resource, f"{action}: {ADVICE[rule]}", action)


def _size(stack: Stack, resource: Resource, document: object) -> Iterator[Finding]:
    limit = 6144 if resource.type == "AWS::IAM::ManagedPolicy" else 10240
    size = len(re.sub(r"\s", "", json.dumps(document)))
    if size > limit:
        yield on("IAM-17", stack, resource, f"the policy has {size} characters of {limit}: split or shorten it")


def _trust(stack: Stack, role: Resource) -> Iterator[Finding]:
    """A service takes a role for this account only; a person with MFA or through a federation."""
    document = role.properties.get("AssumeRolePolicyDocument", {})
    for problem in wrong_shape(document, needs_principal=True, needs_resource=False):
        yield on("IAM-15", stack, role, problem, problem)
    trusted = statements(document)
    if not trusted:
        yield on("IAM-15", stack, role, "nobody can take the role: write its trust policy")
    for one in trusted:
        for principal in one.principals if one.allows else ():
            keys = one.condition_keys
            if principal == "*" or principal.endswith(":*"):
                yield on("IAM-08", stack, role, "anybody may take the role: name the principal", principal)
            elif principal.startswith("Service:") and not keys & {"aws:sourceaccount", "aws:sourcearn"}:
                yield on("IAM-03", stack, role, f"{principal} from any account: add aws:SourceAccount", principal)
            elif principal.startswith("AWS:") and not re.search(rf":{stack.account}:", principal):
                yield on("S3-11", stack, role, f"{principal} is of another account: remove it", principal)
            elif principal.startswith("AWS:") and "sts:AssumeRole" in one.actions and not _somebody(keys):
                yield on(
                    "IAM-08", stack, role, "a person takes a role with MFA: add aws:MultiFactorAuthPresent", principal
                )
            yield from _source(stack, role, one, principal)
    duration = role.properties.get("MaxSessionDuration", 3600)
    if int(duration) > 14400:
        yield on("IAM-08", stack, role, f"a session of {duration} s: 4 hours at most")


def _somebody(keys: set[str]) -> bool:
    """Whether a statement is for a person with MFA, or for a machine that bears a tag."""
    with_mfa = keys & {"aws:multifactorauthpresent", "aws:multifactorauthage"}
    return bool(with_mfa) or any(key.startswith("aws:principaltag/") for key in keys)


def _source(stack: Stack, role: Resource, one: Statement, principal: str) -> Iterator[Finding]:
    for operator, keys in one.conditions.items():
        for key, value in keys.items():
            if key.lower() == "aws:sourceaccount" and (
                str(value) != stack.account or "IfExists" in operator or "Not" in operator
            ):
                yield on(
                    "IAM-03",
                    stack,
                    role,
                    f"aws:SourceAccount is {value} by {operator}: StringEquals this account",
                    principal,
                )


def _managed(stack: Stack, role: Resource) -> Iterator[Finding]:
    """AWS's own policies give more than one job needs."""
    for arn in role.properties.get("ManagedPolicyArns", []):
        if re.match(r"arn:aws[\w-]*:iam::aws:policy/", str(arn)):
            yield on(
                "IAM-01",
                stack,
                role,
                f"{str(arn).rpartition('/')[2]} is AWS's: write the role's own statements",
                str(arn),
            )
