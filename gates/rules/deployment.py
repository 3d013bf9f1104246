"""Deploying: what must be kept is kept, ids and names that may not change do not, and nothing is too large."""

import json
import re
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from gates.assembly import Stack
from gates.findings import Finding
from gates.resolving import NAMES
from gates.rules import on

FROZEN = Path(__file__).parent.parent / "frozen.toml"
STATEFUL = (
    *("AWS::KMS::Key", "AWS::S3::Bucket", "AWS::ECR::Repository", "AWS::SageMaker::ModelPackageGroup"),
    *("AWS::CloudTrail::Trail", "AWS::SageMaker::FeatureGroup", "AWS::CodeCommit::Repository", "AWS::EFS::FileSystem"),
)
KEPT = ("Retain", "RetainExceptOnCreate")
DISPOSABLE = "local"
MOST_RESOURCES, MOST_BYTES = 450, 900_000
UNTAGGED = ("AWS::IAM::Policy", "AWS::S3::BucketPolicy", "AWS::SNS::TopicPolicy", "AWS::SQS::QueuePolicy")


def find(stacks: Sequence[Stack]) -> Iterator[Finding]:
    """Everything that a deployment or a deletion would do wrong."""
    frozen = tomllib.loads(FROZEN.read_text(encoding="utf-8"))
    for stack in stacks:
        yield from _kept(stack)
        yield from _frozen(stack, frozen.get(stack.short, {}))
        yield from _sizes(stack)
        yield from _literals(stack)
        yield from _names(stack)
        yield from _tags(stack)
        yield from _order(stack)
        yield from _outputs(stack, stacks)


def _kept(stack: Stack) -> Iterator[Finding]:
    """Data outlive their stack, everywhere but where they are declared disposable."""
    if stack.environment == DISPOSABLE:
        return
    holds = [one for one in stack.resources.values() if one.type in STATEFUL]
    for resource in holds:
        for policy in ("DeletionPolicy", "UpdateReplacePolicy"):
            if resource.raw.get(policy) not in KEPT:
                yield on("S3-09", stack, resource, f"{policy}: Retain, or its data go with the stack", policy)
    if holds and not stack.termination_protection:
        yield Finding("DEP-09", stack.name, "", "holds data: protect it from termination")
    for resource in stack.resources.values():
        if resource.type == "Custom::S3AutoDeleteObjects":
            yield on("S3-09", stack, resource, "deletes data with the stack: remove auto_delete_objects")


def _frozen(stack: Stack, frozen: dict[str, Any]) -> Iterator[Finding]:
    """Logical ids of what holds data, and the create-only names of what cannot be replaced unseen."""
    if not frozen:
        return
    optional = set(frozen.get("optional", []))
    pinned = set(frozen.get("ids", []))
    present = {one.id for one in stack.resources.values() if one.type in STATEFUL}
    for id_ in sorted(pinned - present):
        yield Finding(
            "DEP-04",
            stack.name,
            id_,
            "held data and is gone: a changed id orphans them; migrate, then gates/frozen.toml",
        )
    for id_ in sorted(present - pinned - optional):
        yield Finding("DEP-04", stack.name, id_, "holds data: freeze its id in gates/frozen.toml")
    for id_, names in frozen.get("names", {}).items():
        for property_, wanted in names.items():
            resource = stack.resources.get(id_)
            expected = str(wanted).replace("ENV", stack.environment)
            found = resource.properties.get(property_) if resource else None
            if resource and str(found) != expected:
                yield on(
                    "DEP-03", stack, resource, f"{property_} was {expected}: a new one replaces the resource", property_
                )


def _sizes(stack: Stack) -> Iterator[Finding]:
    if len(stack.resources) > MOST_RESOURCES:
        yield Finding("DEP-06", stack.name, "", f"{len(stack.resources)} resources of 500: split the stack")
    size = len(json.dumps(stack.template, separators=(",", ":")))
    if size > MOST_BYTES:
        yield Finding("DEP-06", stack.name, "", f"a template of {size} bytes of 1,000,000: split the stack")
    for key in stack.missing:
        yield Finding(
            "DEP-08", stack.name, "", f"synthesis looks up {key} in the account: write it in the settings", key
        )


def _literals(stack: Stack) -> Iterator[Finding]:
    """An account, Region or partition that does not follow the stack's own."""
    for id_, raw in stack.template.get("Resources", {}).items():
        text = json.dumps(raw.get("Properties", {}))
        for match in sorted(set(re.findall(r"arn:aws[\w-]*:[a-z0-9-]+:([a-z]{2}-[a-z]+-\d)?:(\d{12})", text))):
            region, account = match
            if (region and region != stack.region) or account != stack.account:
                yield Finding(
                    "DEP-07", stack.name, id_, f"names {region or 'account'} {account}: use the stack's own", account
                )


def _names(stack: Stack) -> Iterator[Finding]:
    """Two environments in one account: every physical name says which of them it is of."""
    if not stack.environment:
        return
    mine = re.compile(rf"(?i)criba[-_/]?{re.escape(stack.environment)}(?![a-z0-9])|criba{re.escape(stack.environment)}")
    for resource in stack.resources.values():
        raw = resource.raw.get("Properties", {})
        names = {key: resource.properties[key] for key in NAMES if key in raw and not _refers(raw[key])}
        for key, name in names.items():
            if resource.type not in ("AWS::Glue::Job",) and not mine.search(str(name)):
                yield on(
                    "DEP-05",
                    stack,
                    resource,
                    f"{key} {name!r} may be another environment's: put {stack.environment} into it",
                    key,
                )


def _refers(value: Any) -> bool:
    """Whether a name is another resource's, whose own is looked at."""
    return isinstance(value, dict) and bool({"Ref", "Fn::GetAtt"} & set(value))


def _tags(stack: Stack) -> Iterator[Finding]:
    """What can be tagged says whose cost it is."""
    if not stack.environment:
        return
    for resource in stack.of(
        *STATEFUL,
        "AWS::StepFunctions::StateMachine",
        "AWS::Glue::Job",
        "AWS::SNS::Topic",
        "AWS::SQS::Queue",
        "AWS::Logs::LogGroup",
        "AWS::IAM::Role",
    ):
        tags = resource.properties.get("Tags", {})
        pairs = tags.items() if isinstance(tags, dict) else [(one.get("Key"), one.get("Value")) for one in tags]
        if ("criba:environment", stack.environment) not in list(pairs):
            yield on("DEP-10", stack, resource, f"tag it criba:environment = {stack.environment}")


def _order(stack: Stack) -> Iterator[Finding]:
    """What uses a role waits for the role's policies."""
    policies: dict[str, list[str]] = {}
    for policy in stack.of("AWS::IAM::Policy"):
        for role in policy.raw.get("Properties", {}).get("Roles", []):
            if isinstance(role, dict) and "Ref" in role:
                policies.setdefault(role["Ref"], []).append(policy.id)
    for resource in stack.of(
        "AWS::StepFunctions::StateMachine",
        "AWS::CloudTrail::Trail",
        "AWS::Glue::Job",
        "AWS::Glue::DataCatalogEncryptionSettings",
        "AWS::SageMaker::Domain",
        "AWS::KinesisFirehose::DeliveryStream",
    ):
        waits = resource.raw.get("DependsOn", [])
        waits = [waits] if isinstance(waits, str) else waits
        for role in _roles(resource.raw.get("Properties", {})):
            for id_ in policies.get(role, []):
                if id_ not in waits:
                    yield on("DEP-12", stack, resource, f"may start before {id_} is there: DependsOn it", id_)


def _roles(properties: dict[str, Any]) -> set[str]:
    found: set[str] = set()
    for key, value in properties.items():
        if key.endswith(("RoleArn", "Role", "RoleARN")) and isinstance(value, dict) and "Fn::GetAtt" in value:
            found.add(value["Fn::GetAtt"][0])
        elif isinstance(value, dict):
            found |= _roles(value)
    return found


def _outputs(stack: Stack, stacks: Sequence[Stack]) -> Iterator[Finding]:
    """Every value that a stack takes from another is one of that stack's outputs."""
    by_name = {one.name: one.template.get("Outputs", {}) for one in stacks}
    for other, taken in sorted(_taken(stack.resolver.template)):
        if other in by_name and taken not in by_name[other]:
            yield Finding("DEP-02", stack.name, "", f"takes {taken} of {other}, which has no such output", taken)
    for id_, content in stack.template.get("Outputs", {}).items():
        if "Export" in content:
            yield Finding("DEP-02", stack.name, id_, "an export freezes its stack: use a weak reference", id_)


def _taken(value: Any) -> set[tuple[str, str]]:
    if isinstance(value, list):
        return {pair for one in value for pair in _taken(one)}
    if not isinstance(value, dict):
        return set()
    found = {pair for one in value.values() for pair in _taken(one)}
    if isinstance(value.get("Fn::GetStackOutput"), dict):
        found.add((value["Fn::GetStackOutput"]["StackName"], value["Fn::GetStackOutput"]["OutputName"]))
    return found
