"""What CloudFormation's intrinsic functions come to, with names that AWS would give the resources."""

import base64
import re
import uuid
from collections.abc import Mapping
from typing import Any, ClassVar

ARNS = {
    "AWS::Athena::WorkGroup": "athena:{region}:{account}:workgroup/{name}",
    "AWS::CloudTrail::Trail": "cloudtrail:{region}:{account}:trail/{name}",
    "AWS::CloudWatch::Alarm": "cloudwatch:{region}:{account}:alarm:{name}",
    "AWS::CodeBuild::Project": "codebuild:{region}:{account}:project/{name}",
    "AWS::CodeCommit::Repository": "codecommit:{region}:{account}:{name}",
    "AWS::CodePipeline::Pipeline": "codepipeline:{region}:{account}:{name}",
    "AWS::ECR::Repository": "ecr:{region}:{account}:repository/{name}",
    "AWS::Events::EventBus": "events:{region}:{account}:event-bus/{name}",
    "AWS::Events::Rule": "events:{region}:{account}:rule/{name}",
    "AWS::IAM::ManagedPolicy": "iam::{account}:policy/{name}",
    "AWS::IAM::Role": "iam::{account}:role/{name}",
    "AWS::KMS::Key": "kms:{region}:{account}:key/{name}",
    "AWS::KinesisFirehose::DeliveryStream": "firehose:{region}:{account}:deliverystream/{name}",
    "AWS::Lambda::Function": "lambda:{region}:{account}:function:{name}",
    "AWS::Logs::LogGroup": "logs:{region}:{account}:log-group:{name}:*",
    "AWS::S3::Bucket": "s3:::{name}",
    "AWS::SNS::Topic": "sns:{region}:{account}:{name}",
    "AWS::SQS::Queue": "sqs:{region}:{account}:{name}",
    "AWS::SageMaker::Model": "sagemaker:{region}:{account}:model/{name}",
    "AWS::SageMaker::ModelPackageGroup": "sagemaker:{region}:{account}:model-package-group/{name}",
    "AWS::StepFunctions::StateMachine": "states:{region}:{account}:stateMachine:{name}",
}
NAMES = (
    *("Name", "BucketName", "TopicName", "QueueName", "RoleName", "StateMachineName", "LogGroupName", "AlarmName"),
    *("FunctionName", "RepositoryName", "TrailName", "ManagedPolicyName", "ModelPackageGroupName", "DomainName"),
    "DeliveryStreamName",
)
NUMBERED = {
    "AWS::EC2::SecurityGroup": "sg",
    "AWS::EC2::Subnet": "subnet",
    "AWS::EC2::VPC": "vpc",
    "AWS::EC2::VPCEndpoint": "vpce",
}
REF_IS_ARN = (
    *("AWS::SNS::Topic", "AWS::StepFunctions::StateMachine", "AWS::IAM::ManagedPolicy"),
    *("AWS::SageMaker::Model", "AWS::SageMaker::ModelPackageGroup"),
)


class Resolver:
    """Resolves one template; values of other stacks come from `others`, by the stack's name."""

    def __init__(
        self, stack: str, template: Mapping[str, Any], *, account: str, region: str, others: Mapping[str, "Resolver"]
    ) -> None:
        self.stack, self.template, self.account, self.region, self.others = stack, template, account, region, others

    def resolve(self, value: Any) -> Any:
        """Return `value` without intrinsic functions; what is unknown becomes its own name."""
        if isinstance(value, list):
            return [self.resolve(one) for one in value if one != {"Ref": "AWS::NoValue"}]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            ((function, argument),) = value.items()
            if function in self._functions:
                return self._functions[function](self, argument)
        return {key: self.resolve(one) for key, one in value.items() if one != {"Ref": "AWS::NoValue"}}

    def ref(self, id_: str) -> Any:
        """What `Ref` gives of a resource, parameter or pseudo parameter."""
        known = {
            "AWS::AccountId": self.account,
            "AWS::Partition": "aws",
            "AWS::Region": self.region,
            "AWS::StackId": f"arn:aws:cloudformation:{self.region}:{self.account}:stack/{self.stack}/id",
            "AWS::StackName": self.stack,
            "AWS::URLSuffix": "amazonaws.com",
        }
        if id_ in known:
            return known[id_]
        if id_ in self.template.get("Parameters", {}):
            return self.template["Parameters"][id_].get("Default", id_)
        if self._type(id_) == "AWS::SQS::Queue":
            return f"https://sqs.{self.region}.amazonaws.com/{self.account}/{self.name(id_)}"
        return self.arn(id_) if self._type(id_) in REF_IS_ARN else self.name(id_)

    def name(self, id_: str) -> str:
        """The resource's physical name: the one it is given, else one as CloudFormation makes it."""
        properties = self.template.get("Resources", {}).get(id_, {}).get("Properties", {})
        for key in NAMES:
            if key in properties:
                return str(self.resolve(properties[key]))
        made = uuid.uuid5(uuid.NAMESPACE_OID, re.sub(r"^Criba-[a-z0-9]+-", "", f"{self.stack}/{id_}"))
        if self._type(id_) == "AWS::KMS::Key":
            return str(made)
        if self._type(id_) in NUMBERED:
            return f"{NUMBERED[self._type(id_)]}-{made.hex[:17]}"
        return f"{self.stack}-{id_}".lower() if self._type(id_) in ("AWS::S3::Bucket", "AWS::ECR::Repository") else id_

    def arn(self, id_: str) -> str:
        """The ARN that the resource's type gives it."""
        pattern = ARNS.get(self._type(id_), "cloudformation:{region}:{account}:resource/{name}")
        return "arn:aws:" + pattern.format(region=self.region, account=self.account, name=self.name(id_))

    def attribute(self, id_: str, attribute: str) -> Any:
        """What `Fn::GetAtt` gives: an ARN, a name, or the attribute's own name."""
        if attribute.endswith("Arn"):
            return self.arn(id_)
        if attribute == "RepositoryUri":
            return f"{self.account}.dkr.ecr.{self.region}.amazonaws.com/{self.name(id_)}"
        if attribute == "Digest":
            return "sha256:" + "0" * 64
        return self.name(id_) if attribute.endswith(("Name", "Id", "Ref")) else f"{id_}.{attribute}"

    def _type(self, id_: str) -> str:
        return str(self.template.get("Resources", {}).get(id_, {}).get("Type", ""))

    def _get_att(self, argument: Any) -> Any:
        id_, attribute = argument.split(".", 1) if isinstance(argument, str) else argument
        return self.attribute(id_, attribute)

    def _join(self, argument: Any) -> str:
        separator, parts = argument
        resolved = self.resolve(parts)
        return str(separator).join(str(one) for one in resolved) if isinstance(resolved, list) else str(resolved)

    def _sub(self, argument: Any) -> str:
        text, variables = argument if isinstance(argument, list) else (argument, {})

        def value(match: re.Match[str]) -> str:
            key = match[1]
            if key in variables:
                return str(self.resolve(variables[key]))
            return str(self._get_att(key) if "." in key else self.ref(key))

        return re.sub(r"\$\{([^!}][^}]*)\}", value, str(text))

    def _select(self, argument: Any) -> Any:
        index, among = argument
        options = self.resolve(among)
        return options[int(index)] if isinstance(options, list) and int(index) < len(options) else str(options)

    def _split(self, argument: Any) -> list[str]:
        separator, text = argument
        return str(self.resolve(text)).split(str(separator))

    def _stack_output(self, argument: Any) -> Any:
        stack, output = argument["StackName"], argument["OutputName"]
        other = self.others.get(stack)
        outputs = other.template.get("Outputs", {}) if other else {}
        if other is None or output not in outputs:
            return f"{stack}.{output}"
        return other.resolve(outputs[output]["Value"])

    def _import(self, argument: Any) -> Any:
        export = self.resolve(argument)
        for other in self.others.values():
            for output in other.template.get("Outputs", {}).values():
                if other.resolve(output.get("Export", {}).get("Name")) == export:
                    return other.resolve(output["Value"])
        return export

    def _if(self, argument: Any) -> Any:
        return self.resolve(argument[1])

    def _base64(self, argument: Any) -> str:
        return base64.b64encode(str(self.resolve(argument)).encode()).decode()

    def _zones(self, argument: Any) -> list[str]:
        return [f"{self.resolve(argument) or self.region}{zone}" for zone in "abc"]

    def _json(self, argument: Any) -> Any:
        return self.resolve(argument)

    _functions: ClassVar = {
        "Ref": lambda self, argument: self.ref(argument),
        "Fn::GetAtt": _get_att,
        "Fn::Join": _join,
        "Fn::Sub": _sub,
        "Fn::Select": _select,
        "Fn::Split": _split,
        "Fn::GetStackOutput": _stack_output,
        "Fn::ImportValue": _import,
        "Fn::If": _if,
        "Fn::Base64": _base64,
        "Fn::GetAZs": _zones,
        "Fn::ToJsonString": _json,
    }
