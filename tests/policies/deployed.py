"""An environment as IAM sees it: the synthesized templates with every reference resolved, and the roles in them.

What CloudFormation would name by itself is named here after its path in the app: the role of CleanMessages is
`Pipeline.CleanMessages.Role`, and its place `Pipeline/CleanMessages/Role`.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import aws_cdk as cdk

from stacks.config import load
from stacks.environment import build

ROOT = Path(__file__).resolve().parents[2]
Json = Any
Statement = dict[str, Any]
Policy = dict[str, Any]

NAMED = {
    "AWS::Athena::WorkGroup": "Name",
    "AWS::Glue::Job": "Name",
    "AWS::Glue::SecurityConfiguration": "Name",
    "AWS::IAM::Role": "RoleName",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::S3::Bucket": "BucketName",
    "AWS::SageMaker::ModelPackageGroup": "ModelPackageGroupName",
    "AWS::StepFunctions::StateMachine": "StateMachineName",
}
"""The property by which an app names a resource of its own; the others are named by their path."""

ARNS = {
    "AWS::CloudTrail::Trail": "cloudtrail:{where}:trail/{name}",
    "AWS::CodeBuild::Project": "codebuild:{where}:project/{name}",
    "AWS::ECR::Repository": "ecr:{where}:repository/{name}",
    "AWS::Events::EventBus": "events:{where}:event-bus/{name}",
    "AWS::Events::Rule": "events:{where}:rule/{name}",
    "AWS::Glue::Database": "glue:{where}:database/{name}",
    "AWS::Glue::Job": "glue:{where}:job/{name}",
    "AWS::IAM::ManagedPolicy": "iam::{account}:policy/{name}",
    "AWS::IAM::Role": "iam::{account}:role/{name}",
    "AWS::KinesisFirehose::DeliveryStream": "firehose:{where}:deliverystream/{name}",
    "AWS::KMS::Key": "kms:{where}:key/{name}",
    "AWS::Lambda::Function": "lambda:{where}:function:{name}",
    "AWS::Logs::LogGroup": "logs:{where}:log-group:{name}:*",
    "AWS::S3::Bucket": "s3:::{name}",
    "AWS::SNS::Topic": "sns:{where}:{name}",
    "AWS::SQS::Queue": "sqs:{where}:{name}",
    "AWS::StepFunctions::StateMachine": "states:{where}:stateMachine:{name}",
}
MODULES = {"model_monitor_schedules": True}
"""Optional modules that add rights, which are proved with all of them."""

REF_IS_ARN = ("AWS::SNS::Topic", "AWS::StepFunctions::StateMachine", "AWS::IAM::ManagedPolicy")


@dataclass(frozen=True)
class Resource:
    """A resource by its place in the app; `properties` hold no intrinsic function any more."""

    place: str
    type: str
    name: str
    arn: str
    properties: dict[str, Json]


@dataclass(frozen=True)
class Role:
    """A role with everything that decides what it may do."""

    place: str
    arn: str
    trust: Policy
    policies: dict[str, Policy]
    boundary: Policy | None

    @property
    def name(self) -> str:
        return self.arn.rpartition("/")[2]

    def statements(self) -> Iterator[Statement]:
        """All statements of its own policies."""
        for policy in self.policies.values():
            yield from policy["Statement"]


@dataclass
class Environment:
    """All stacks of one environment; `templates` are by the stack's name without the environment."""

    name: str
    account: str
    region: str
    templates: dict[str, Json]
    _named: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for stack, template in self.templates.items():
            for id_, resource in template["Resources"].items():
                self._named[stack, id_] = self._name(stack, id_, resource)

    @cached_property
    def resources(self) -> dict[str, Resource]:
        """Every resource by its place."""
        found = [
            self._resource(stack, id_) for stack, template in self.templates.items() for id_ in template["Resources"]
        ]
        return {one.place: one for one in found}

    def of(self, *types: str) -> list[Resource]:
        return [one for one in self.resources.values() if one.type in types]

    @cached_property
    def roles(self) -> dict[str, Role]:
        """Every role by its place; a persona's is `Access/DataScientist/Role`."""
        managed = {one.arn: one for one in self.of("AWS::IAM::ManagedPolicy")}
        attached = self.of("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy")
        return {
            one.place: Role(
                one.place,
                one.arn,
                one.properties["AssumeRolePolicyDocument"],
                {
                    **{
                        p.place: p.properties["PolicyDocument"]
                        for p in attached
                        if one.name in p.properties.get("Roles", [])
                    },
                    **self._attached(one, managed),
                },
                self._boundary(one, managed),
            )
            for one in self.of("AWS::IAM::Role")
        }

    @cached_property
    def by_arn(self) -> dict[str, Resource]:
        return {one.arn: one for one in self.resources.values() if one.arn}

    def resource_policy(self, arn: str) -> Policy | None:
        """The policy of a bucket, key, queue or topic that an ARN is, or is in."""
        if arn.startswith("arn:aws:s3:::"):
            bucket = arn.removeprefix("arn:aws:s3:::").partition("/")[0]
            return self._policy_of("AWS::S3::BucketPolicy", "Bucket", bucket)
        if ":kms:" in arn and arn in self.by_arn:
            return dict(self.by_arn[arn].properties["KeyPolicy"])
        if ":sns:" in arn:
            return self._policy_of("AWS::SNS::TopicPolicy", "Topics", arn)
        if ":sqs:" in arn and arn in self.by_arn:
            return self._policy_of("AWS::SQS::QueuePolicy", "Queues", self._queue_url(self.by_arn[arn].name))
        return None

    def key_of(self, bucket: str) -> str | None:
        """ARN of the key that encrypts a bucket of ours; None for a bucket that is not."""
        for one in self.of("AWS::S3::Bucket"):
            if one.name == bucket:
                (rule,) = one.properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
                return str(rule["ServerSideEncryptionByDefault"].get("KMSMasterKeyID") or "") or None
        return None

    def place(self, stack: str, id_: str) -> str | None:
        """Where a resource stands in the app, by its logical id."""
        raw = self.templates[stack]["Resources"].get(id_)
        return _place(stack, id_, raw) if raw else None

    def arn_of(self, service: str, resource: str) -> str:
        return f"arn:aws:{service}:{self.region}:{self.account}:{resource}"

    def _attached(self, role: Resource, managed: dict[str, Resource]) -> dict[str, Policy]:
        arns = role.properties.get("ManagedPolicyArns", [])
        return {managed[arn].place: managed[arn].properties["PolicyDocument"] for arn in arns if arn in managed}

    def _boundary(self, role: Resource, managed: dict[str, Resource]) -> Policy | None:
        arn = role.properties.get("PermissionsBoundary")
        return dict(managed[arn].properties["PolicyDocument"]) if arn else None

    def _policy_of(self, type_: str, key: str, wanted: str) -> Policy | None:
        statements: list[Statement] = []
        for one in self.of(type_):
            named = one.properties[key]
            if wanted in (named if isinstance(named, list) else [named]):
                statements += one.properties["PolicyDocument"]["Statement"]
        return {"Version": "2012-10-17", "Statement": statements} if statements else None

    def _resource(self, stack: str, id_: str) -> Resource:
        raw = self.templates[stack]["Resources"][id_]
        name, arn = self._named[stack, id_]
        return Resource(
            _place(stack, id_, raw), raw["Type"], name, arn, self._resolved(stack, raw.get("Properties", {}))
        )

    def _name(self, stack: str, id_: str, raw: Json) -> tuple[str, str]:
        """Name and ARN."""
        own = raw.get("Properties", {}).get(NAMED.get(raw["Type"], ""))
        name = own if isinstance(own, str) else _place(stack, id_, raw).replace("/", ".")
        if raw["Type"] == "AWS::S3::Bucket":
            name = name.lower()
        if (
            raw["Type"] == "AWS::CloudTrail::Trail"
        ):  # its role knows it by the stack's name, as CloudFormation begins it
            name = f"Criba-{self.name}-{name.replace('.', '-')}"
        if raw["Type"] == "AWS::Glue::Database":
            name = raw["Properties"]["DatabaseInput"]["Name"]
        # An ARN that is not like AWS's matches no call, which the proof shows: then the type is missing in ARNS.
        pattern = ARNS.get(raw["Type"], f"{raw['Type'].split('::')[1].lower()}:{{where}}:{{name}}")
        where = f"{self.region}:{self.account}"
        return name, f"arn:aws:{pattern.format(where=where, account=self.account, name=name)}"

    def _resolved(self, stack: str, value: Json) -> Json:
        if isinstance(value, list):
            return [self._resolved(stack, one) for one in value]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            ((function, given),) = value.items()
            if function == "Ref" or function.startswith("Fn::"):
                return self._called(stack, function, given)
        return {key: self._resolved(stack, one) for key, one in value.items()}

    def _called(self, stack: str, function: str, given: Json) -> Json:
        match function, given:
            case "Ref", str(id_):
                return self._ref(stack, id_)
            case "Fn::GetAtt", [str(id_), str(attribute)]:
                return self._attribute(stack, id_, attribute)
            case "Fn::Join", [str(separator), parts]:
                return separator.join(str(part) for part in self._resolved(stack, parts))
            case "Fn::Select", [index, parts]:
                return self._resolved(stack, parts)[int(index)]
            case "Fn::Split", [str(separator), text]:
                return str(self._resolved(stack, text)).split(separator)
            case "Fn::Sub", str(text):
                return re.sub(r"\$\{([\w:.]+)\}", lambda name: str(self._ref(stack, name[1])), text)
            case "Fn::GetStackOutput", {"StackName": str(name), "OutputName": str(output)}:
                other = name.rpartition("-")[2]
                return self._resolved(other, self.templates[other]["Outputs"][output]["Value"])
        raise ValueError(f"{stack}: {function} is not resolved here: {json.dumps(given)}")

    def _ref(self, stack: str, id_: str) -> str:
        pseudo = {"AccountId": self.account, "Region": self.region, "Partition": "aws", "URLSuffix": "amazonaws.com"}
        if id_.startswith("AWS::"):
            return pseudo[id_.removeprefix("AWS::")]
        type_ = self.templates[stack]["Resources"][id_]["Type"]
        name, arn = self._named[stack, id_]
        if type_ == "AWS::SQS::Queue":
            return self._queue_url(name)
        return arn if type_ in REF_IS_ARN else name

    def _queue_url(self, name: str) -> str:
        return f"https://sqs.{self.region}.amazonaws.com/{self.account}/{name}"

    def _attribute(self, stack: str, id_: str, attribute: str) -> str:
        name, arn = self._named[stack, id_]
        known = {"Arn": arn, "QueueName": name, "Name": name, "TopicArn": arn}
        return known.get(attribute, f"{name}.{attribute}")


@cache
def synthesized(name: str) -> Environment:
    """The environment `name` of this checkout, synthesized once."""
    flags = json.loads((ROOT / "cdk.json").read_text(encoding="utf-8"))["context"]
    app = cdk.App(context={**flags, "aws:cdk:enable-path-metadata": True})
    settings = load(name, **MODULES)
    build(app, settings)
    templates = {stack.stack_name.rpartition("-")[2]: stack.template for stack in app.synth().stacks}
    return Environment(name, settings.account, settings.region, templates)


def _place(stack: str, id_: str, resource: Json) -> str:
    """`Stack/Path/To/It`, without what CDK adds at the end."""
    path = resource.get("Metadata", {}).get("aws:cdk:path", f"x/{id_}").partition("/")[2]
    return f"{stack}/{re.sub(r'/(Resource|Default)$', '', path)}"
