"""What a call asks of IAM: one explicit table from an operation to actions, resources and context.

A call that is not in the table raises UnmappedCall: nothing is allowed in silence. Calls that an AWS service makes on
the caller's behalf (KMS below S3, a passed role) stand in the table too. Sources: the Service Authorization Reference,
and the developer guides of S3 (SSE-KMS), Step Functions and SageMaker.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.policies.deployed import Environment
from tests.policies.simulator import Check

Parameters = Mapping[str, Any]


class UnmappedCall(LookupError):  # noqa: N818 - says what the call is
    """A call of which this table does not know what it asks of IAM."""


@dataclass(frozen=True)
class Call:
    """One call of an API; `operation` and the parameters' names begin with a capital letter.

    `extra` is what AWS knows besides, such as the tags of what is acted on.
    """

    service: str
    operation: str
    parameters: Parameters
    extra: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"{self.service}:{self.operation}"


Asked = Callable[["Asking", Parameters], Iterator[Check]]
TLS = {"aws:SecureTransport": "true", "s3:TlsVersion": "1.3"}
FREE = ("sts:GetCallerIdentity",)
"""Needs no permission, and no policy can forbid it."""


def checks(environment: Environment, call: Call) -> list[Check]:
    """Everything that must be allowed for this call to succeed. Raises UnmappedCall."""
    if call.name in FREE:
        return []
    if call.name not in TABLE:
        raise UnmappedCall(
            f"{call.name} {dict(call.parameters)} is not mapped: say in tests/policies/actions.py what it needs"
        )
    given = {name[:1].upper() + name[1:]: value for name, value in call.parameters.items()}
    return list(TABLE[call.name](Asking(environment), given))


@dataclass(frozen=True)
class Asking:
    """Makes the checks of one environment."""

    environment: Environment

    def arn(self, service: str, resource: str) -> str:
        return self.environment.arn_of(service, resource)

    def s3(self, action: str, bucket: str, key: str = "", **context: str) -> Check:
        resource = f"arn:aws:s3:::{bucket}" + (f"/{key}" if key else "")
        return Check(f"s3:{action}", resource, {**TLS, **{f"s3:{name}": value for name, value in context.items()}})

    def key_of(self, bucket: str, *actions: str) -> Iterator[Check]:
        """What S3 asks of the bucket's key as the caller; bucket keys make the bucket the encryption context."""
        key = self.environment.key_of(bucket)
        if key:
            yield from self.kms(key, "s3", actions, {"kms:EncryptionContext:aws:s3:arn": f"arn:aws:s3:::{bucket}"})

    def kms(
        self, key: str, service: str, actions: tuple[str, ...], context: Mapping[str, str] | None = None
    ) -> Iterator[Check]:
        via = {"kms:ViaService": f"{service}.{self.environment.region}.amazonaws.com"}
        yield from (Check(f"kms:{action}", key, {**via, **(context or {})}) for action in actions)

    def history(self, execution: str) -> Iterator[Check]:
        """What an encrypted machine's executions hold is decrypted as the caller."""
        machine = ":".join(execution.replace(":execution:", ":stateMachine:").split(":")[:7])
        found = self.environment.by_arn.get(machine)
        if found and (key := found.properties.get("EncryptionConfiguration", {}).get("KmsKeyId")):
            context = {"kms:EncryptionContext:aws:states:stateMachineArn": machine}
            yield from self.kms(key, "states", ("Decrypt",), context)


def _get_object(ask: Asking, given: Parameters) -> Iterator[Check]:
    yield ask.s3("GetObjectVersion" if given.get("VersionId") else "GetObject", given["Bucket"], given["Key"])
    yield from ask.key_of(given["Bucket"], "Decrypt")
    if given.get("Missing"):  # S3 says so only to those who may list; the look names no prefix
        yield ask.s3("ListBucket", given["Bucket"])


def _put_object(ask: Asking, given: Parameters) -> Iterator[Check]:
    named = {"x-amz-server-side-encryption-aws-kms-key-id": given.get("SSEKMSKeyId")}
    encryption = {"x-amz-server-side-encryption": "aws:kms"} if given.get("SSEKMSKeyId") else {}
    context = {name: value for name, value in {**named, **encryption}.items() if value}
    yield ask.s3("PutObject", given["Bucket"], given["Key"], **context)
    yield from ask.key_of(given["Bucket"], "GenerateDataKey")


def _put_part(ask: Asking, given: Parameters) -> Iterator[Check]:
    """A piece of a large upload; S3 decrypts the pieces to put them together."""
    yield ask.s3("PutObject", given["Bucket"], given["Key"])
    yield from ask.key_of(given["Bucket"], "GenerateDataKey", "Decrypt")


def _copy_object(ask: Asking, given: Parameters) -> Iterator[Check]:
    bucket, _, key = str(given["CopySource"]).lstrip("/").partition("/")
    yield from _get_object(ask, {"Bucket": bucket, "Key": key.partition("?")[0]})
    yield from _put_object(ask, given)


def _delete_object(ask: Asking, given: Parameters) -> Iterator[Check]:
    yield ask.s3("DeleteObjectVersion" if given.get("VersionId") else "DeleteObject", given["Bucket"], given["Key"])


def _delete_objects(ask: Asking, given: Parameters) -> Iterator[Check]:
    yield from (ask.s3("DeleteObject", given["Bucket"], key) for key in given["Keys"])


def _list(action: str) -> Asked:
    def asked(ask: Asking, given: Parameters) -> Iterator[Check]:
        prefix = given.get("Prefix")
        yield ask.s3(action, given["Bucket"], **({"prefix": prefix} if prefix else {}))

    return asked


def _on(action: str, service: str, resource: str, parameter: str) -> Asked:
    """An action on one resource that a parameter names; `{}` stands for it in the ARN's end."""

    def asked(ask: Asking, given: Parameters) -> Iterator[Check]:
        yield Check(action, ask.arn(service, resource.format(given[parameter])))

    return asked


def _itself(action: str, parameter: str) -> Asked:
    """An action on the resource whose ARN is a parameter."""

    def asked(_: Asking, given: Parameters) -> Iterator[Check]:
        yield Check(action, given[parameter])

    return asked


def _execution(action: str, *, reads: bool = True) -> Asked:
    """An action on an execution; what it was given and did is encrypted by its machine's key."""

    def asked(ask: Asking, given: Parameters) -> Iterator[Check]:
        yield Check(action, given["ExecutionArn"])
        if reads and given.get("IncludeExecutionData") is not False:
            yield from ask.history(given["ExecutionArn"])

    return asked


def _describe_stacks(ask: Asking, given: Parameters) -> Iterator[Check]:
    yield Check("cloudformation:DescribeStacks", ask.arn("cloudformation", f"stack/{given['StackName']}/0"))


def _create_package(ask: Asking, given: Parameters) -> Iterator[Check]:
    """SageMaker resolves the artefact and the image's digest as the caller."""
    group, status = given["ModelPackageGroupName"], {"sagemaker:ModelApprovalStatus": given["ModelApprovalStatus"]}
    yield Check("sagemaker:CreateModelPackage", ask.arn("sagemaker", f"model-package/{group}/1"), status)
    for container in given.get("InferenceSpecification", {}).get("Containers", []):
        bucket, _, key = str(container["ModelDataUrl"]).removeprefix("s3://").partition("/")
        yield from _get_object(ask, {"Bucket": bucket, "Key": key})
        repository = str(container["Image"]).partition("@")[0].partition("/")[2]
        yield Check("ecr:BatchGetImage", ask.arn("ecr", f"repository/{repository}"))


def _describe_package(ask: Asking, given: Parameters) -> Iterator[Check]:
    """A package is encrypted with the data key, which its readers need."""
    yield Check("sagemaker:DescribeModelPackage", given["ModelPackageName"])
    yield from ask.kms(ask.environment.resources["Storage/Keys/Data"].arn, "sagemaker", ("Decrypt",))


def _update_package(_: Asking, given: Parameters) -> Iterator[Check]:
    """In a session that bears a person's name, as a persona's trust demands."""
    context = {
        "sagemaker:ModelApprovalStatus": given["ModelApprovalStatus"],
        "aws:SourceIdentity": "berta",
        "sagemaker:CurrentCustomerMetadataProperties/started_by": "arn:aws:sts::111111111111:assumed-role/x/ana",
    }
    yield Check("sagemaker:UpdateModelPackage", given["ModelPackageArn"], context)


def _create_model(ask: Asking, given: Parameters) -> Iterator[Check]:
    model = ask.arn("sagemaker", f"model/{given['ModelName']}")
    isolated = {"sagemaker:NetworkIsolation": str(given["EnableNetworkIsolation"]).lower()}
    yield Check("sagemaker:CreateModel", model, isolated)
    yield _pass(given["ExecutionRoleArn"], "sagemaker")


def _create_job(kind: str) -> Asked:
    def asked(ask: Asking, given: Parameters) -> Iterator[Check]:
        name = given[f"{kind}JobName"]
        yield Check(f"sagemaker:Create{kind}Job", ask.arn("sagemaker", f"{kind.lower()}-job/{name}"))
        if "RoleArn" in given:
            yield _pass(given["RoleArn"], "sagemaker")
        if volume := _volume_key(given):
            # The volumes' key is granted to the service as the caller.
            yield Check("kms:DescribeKey", volume)
            yield Check("kms:CreateGrant", volume, {"kms:GrantIsForAWSResource": "true"})

    return asked


def _define_monitoring(kind: str) -> Asked:
    def asked(ask: Asking, given: Parameters) -> Iterator[Check]:
        definition = f"{kind.lower()}-quality-job-definition/{given['JobDefinitionName']}"
        yield Check(f"sagemaker:Create{kind}QualityJobDefinition", ask.arn("sagemaker", definition))
        yield _pass(given["RoleArn"], "sagemaker")

    return asked


def _volume_key(given: Parameters) -> str | None:
    places = (
        given.get("ResourceConfig", {}),
        given.get("TransformResources", {}),
        given.get("ProcessingResources", {}).get("ClusterConfig", {}),
    )
    return next((one["VolumeKmsKeyId"] for one in places if "VolumeKmsKeyId" in one), None)


def _of_job(action: str, kind: str) -> Asked:
    return _on(f"sagemaker:{action}{kind}Job", "sagemaker", f"{kind.lower()}-job/{{}}", f"{kind}JobName")


def _pass(role: str, service: str) -> Check:
    return Check("iam:PassRole", role, {"iam:PassedToService": f"{service}.amazonaws.com"})


def _describe_alarms(ask: Asking, given: Parameters) -> Iterator[Check]:
    yield Check("cloudwatch:DescribeAlarms", ask.arn("cloudwatch", f"alarm:{given['AlarmNamePrefix']}x"))


def _put_events(ask: Asking, given: Parameters) -> Iterator[Check]:
    for entry in given["Entries"]:
        context = {"events:source": entry["Source"], "events:detail-type": entry["DetailType"]}
        yield Check("events:PutEvents", ask.arn("events", f"event-bus/{entry['EventBusName']}"), context)


def _put_metrics(_: Asking, given: Parameters) -> Iterator[Check]:
    yield Check("cloudwatch:PutMetricData", "*", {"cloudwatch:namespace": given["Namespace"]})


def _publish(ask: Asking, given: Parameters) -> Iterator[Check]:
    topic = given["TopicArn"]
    yield Check("sns:Publish", topic)
    found = ask.environment.by_arn.get(topic)
    if found and (key := found.properties.get("KmsMasterKeyId")):
        yield from ask.kms(key, "sns", ("GenerateDataKey", "Decrypt"))


def _list_packages(ask: Asking, given: Parameters) -> Iterator[Check]:
    group = str(given["ModelPackageGroupName"]).rpartition("/")[2]
    yield Check("sagemaker:ListModelPackages", ask.arn("sagemaker", f"model-package/{group}/1"))


def _tags(action: str) -> Asked:
    return _itself(f"sagemaker:{action}", "ResourceArn")


TABLE: dict[str, Asked] = {
    "cloudformation:DescribeStacks": _describe_stacks,
    "cloudwatch:DescribeAlarms": _describe_alarms,
    "cloudwatch:PutMetricData": _put_metrics,
    "events:PutEvents": _put_events,
    **{f"events:{name}": _on(f"events:{name}", "events", "rule/{}", "Name") for name in ("DescribeRule", "PutRule")},
    "events:PutTargets": _on("events:PutTargets", "events", "rule/{}", "Rule"),
    **{
        f"glue:{name}": _on(f"glue:{name}", "glue", "job/{}", "JobName")
        for name in ("BatchStopJobRun", "GetJobRun", "GetJobRuns", "StartJobRun")
    },
    "s3:AbortMultipartUpload": lambda ask, given: iter([ask.s3("AbortMultipartUpload", given["Bucket"], given["Key"])]),
    "s3:CompleteMultipartUpload": _put_part,
    "s3:CopyObject": _copy_object,
    "s3:CreateMultipartUpload": _put_part,
    "s3:DeleteObject": _delete_object,
    "s3:DeleteObjects": _delete_objects,
    "s3:GetObject": _get_object,
    "s3:HeadObject": _get_object,
    "s3:ListObjectsV2": _list("ListBucket"),
    "s3:ListObjectVersions": _list("ListBucketVersions"),
    "s3:PutObject": _put_object,
    "s3:UploadPart": _put_part,
    "sagemaker:AddTags": _tags("AddTags"),
    "sagemaker:CreateModel": _create_model,
    "sagemaker:CreateModelPackage": _create_package,
    **{f"sagemaker:Create{kind}Job": _create_job(kind) for kind in ("Processing", "Training", "Transform")},
    **{
        f"sagemaker:{verb}{kind}Job": _of_job(verb, kind)
        for kind in ("Processing", "Training", "Transform")
        for verb in ("Describe", "Stop")
    },
    **{f"sagemaker:Create{kind}QualityJobDefinition": _define_monitoring(kind) for kind in ("Data", "Model")},
    **{
        f"sagemaker:{verb}MonitoringSchedule": _on(
            f"sagemaker:{verb}MonitoringSchedule", "sagemaker", "monitoring-schedule/{}", "MonitoringScheduleName"
        )
        for verb in ("Create", "Describe", "Update")
    },
    "sagemaker:DescribeModel": _on("sagemaker:DescribeModel", "sagemaker", "model/{}", "ModelName"),
    "sagemaker:DescribeModelPackage": _describe_package,
    "sagemaker:ListModelPackages": _list_packages,
    "sagemaker:ListTags": _tags("ListTags"),
    "sagemaker:UpdateModelPackage": _update_package,
    "sns:ListSubscriptionsByTopic": _itself("sns:ListSubscriptionsByTopic", "TopicArn"),
    "sns:Publish": _publish,
    "ssm:GetParameter": _on("ssm:GetParameter", "ssm", "parameter{}", "Name"),
    "ssm:PutParameter": _on("ssm:PutParameter", "ssm", "parameter{}", "Name"),
    "states:DescribeExecution": _execution("states:DescribeExecution"),
    "states:GetExecutionHistory": _execution("states:GetExecutionHistory"),
    "states:ListExecutions": _itself("states:ListExecutions", "StateMachineArn"),
    "states:RedriveExecution": _execution("states:RedriveExecution", reads=False),
    "states:StartExecution": _itself("states:StartExecution", "StateMachineArn"),
    "states:StopExecution": _execution("states:StopExecution", reads=False),
}
