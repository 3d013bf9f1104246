"""What AWS services do under a role of ours by themselves, as their developer guides say: no call of ours shows it.

Derived for every resource of a type that a template holds, so a new job, schedule or rule is covered without new code.
"""

from collections.abc import Iterator

from tests.policies import workflows
from tests.policies.actions import TLS, Asking
from tests.policies.deployed import Environment, Resource
from tests.policies.simulator import Check
from tests.policies.workflows import DELIVERY, TRACING

STUDIO = ("Access/DataScientist/Role", "Access/MlEngineer/Role")
"""Personas who also work in Studio."""

Found = Iterator[tuple[str, str, Check]]
"""(place of the role, what does it, the check)"""


def checks(environment: Environment) -> Found:
    """Everything of all services."""
    roles = {role.arn: role.place for role in environment.roles.values()}
    for resource in environment.resources.values():
        if rule := RULES.get(resource.type):
            for arn, check in rule(environment, resource):
                yield roles[arn], f"{resource.type.rpartition(':')[2]} {resource.place}", check


def users(environment: Environment) -> dict[str, dict[str, str]]:
    """The services that take each role, by its place, each with the ARN of what they take it for ("" if they say none).

    Something in the templates runs as the role, or a workflow passes it.
    """
    found: dict[str, dict[str, str]] = {place: {} for place in environment.roles}
    roles = {role.arn: role.place for role in environment.roles.values()}
    for resource in environment.resources.values():
        for service, arn in _used_by(resource):
            found[roles[arn]][service] = resource.arn
    for place in (*passed(environment), *STUDIO):
        found[place]["sagemaker.amazonaws.com"] = ""
    return found


def passed(environment: Environment) -> set[str]:
    """Places of the roles that workflows pass to SageMaker, whose jobs and models run as them."""
    roles = {role.arn: role.place for role in environment.roles.values()}
    found = {
        call.parameters.get(key)
        for _, _, call in workflows.calls(environment)
        for key in ("RoleArn", "ExecutionRoleArn")
    }
    return {roles[arn] for arn in found if arn}


def _used_by(resource: Resource) -> Iterator[tuple[str, str]]:
    given = resource.properties
    match resource.type:
        case "AWS::Glue::Job":
            yield "glue.amazonaws.com", given["Role"]
        case "AWS::StepFunctions::StateMachine":
            yield "states.amazonaws.com", given["RoleArn"]
        case "AWS::Events::Rule":
            yield from (("events.amazonaws.com", one["RoleArn"]) for one in given["Targets"] if "RoleArn" in one)
        case "AWS::Scheduler::Schedule":
            yield "scheduler.amazonaws.com", given["Target"]["RoleArn"]
        case "AWS::CodeBuild::Project":
            yield "codebuild.amazonaws.com", given["ServiceRole"]
        case "AWS::Lambda::Function":
            yield "lambda.amazonaws.com", given["Role"]
        case "AWS::Glue::DataCatalogEncryptionSettings":
            yield "glue.amazonaws.com", _at_rest(resource)["CatalogEncryptionServiceRole"]
        case "AWS::CloudTrail::Trail":
            yield "cloudtrail.amazonaws.com", given["CloudWatchLogsRoleArn"]
        case "AWS::KinesisFirehose::DeliveryStream":
            yield "firehose.amazonaws.com", given["ExtendedS3DestinationConfiguration"]["RoleARN"]
        case "AWS::Logs::SubscriptionFilter":
            yield "logs.amazonaws.com", given["RoleArn"]


def _glue_job(environment: Environment, job: Resource) -> Iterator[tuple[str, Check]]:
    """Glue reads the script and the library, and writes logs and metrics."""
    given, ask = job.properties, Asking(environment)
    arguments = given["DefaultArguments"]
    for uri in (given["Command"]["ScriptLocation"], arguments["--extra-py-files"]):
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        yield given["Role"], ask.s3("GetObject", bucket, key)
    group = environment.arn_of("logs", f"log-group:{arguments['--custom-logGroup-prefix']}-{job.name}")
    for action in ("CreateLogGroup", "AssociateKmsKey"):
        yield given["Role"], Check(f"logs:{action}", group)
    for action in ("CreateLogStream", "PutLogEvents"):
        yield given["Role"], Check(f"logs:{action}", f"{group}:log-stream:x")
    yield given["Role"], Check("cloudwatch:PutMetricData", "*", {"cloudwatch:namespace": "Glue"})


def _state_machine(environment: Environment, machine: Resource) -> Iterator[tuple[str, Check]]:
    """Step Functions delivers logs, traces, and encrypts as the machine's role."""
    given = machine.properties
    yield from ((given["RoleArn"], Check(f"logs:{name}", "*")) for name in DELIVERY)
    yield from ((given["RoleArn"], Check(f"xray:{name}", "*")) for name in TRACING)
    key = given["EncryptionConfiguration"]["KmsKeyId"]
    context = {"kms:EncryptionContext:aws:states:stateMachineArn": machine.arn}
    for check in Asking(environment).kms(key, "states", ("Decrypt", "GenerateDataKey"), context):
        yield given["RoleArn"], check
    logs = {"kms:EncryptionContext:SourceArn": environment.arn_of("logs", "*")}
    yield given["RoleArn"], Check("kms:GenerateDataKey", key, logs)


def _rule(_: Environment, rule: Resource) -> Iterator[tuple[str, Check]]:
    """EventBridge starts a target as its role; what it cannot deliver it sends as itself."""
    for target in rule.properties["Targets"]:
        if ":stateMachine:" in target["Arn"]:
            yield target["RoleArn"], Check("states:StartExecution", target["Arn"])
        elif "RoleArn" in target:
            raise LookupError(f"{rule.place} has a target that is not mapped: {target['Arn']}")


def _schedule(environment: Environment, schedule: Resource) -> Iterator[tuple[str, Check]]:
    """Scheduler starts the target, decrypts its own input and buries what it could not deliver, all as one role."""
    target = schedule.properties["Target"]
    role, queue = target["RoleArn"], target["DeadLetterConfig"]["Arn"]
    yield role, Check("states:StartExecution", target["Arn"])
    yield role, Check("sqs:SendMessage", queue)
    yield role, Check("kms:Decrypt", schedule.properties["KmsKeyArn"])
    key = environment.by_arn[queue].properties["KmsMasterKeyId"]
    for check in Asking(environment).kms(key, "sqs", ("GenerateDataKey", "Decrypt")):
        yield role, check


def _build(environment: Environment, project: Resource) -> Iterator[tuple[str, Check]]:
    """CodeBuild fetches the source, writes its log, and the build pushes an image layer by layer."""
    given, ask = project.properties, Asking(environment)
    role = given["ServiceRole"]
    bucket, _, key = given["Source"]["Location"].partition("/")
    yield role, ask.s3("GetObject", bucket, key)
    group = environment.arn_of("logs", f"log-group:{given['LogsConfig']['CloudWatchLogs']['GroupName']}")
    for action in ("CreateLogStream", "PutLogEvents"):
        yield role, Check(f"logs:{action}", f"{group}:log-stream:x")
    yield role, Check("ecr:GetAuthorizationToken", "*")
    pushed = ("BatchCheckLayerAvailability", "BatchGetImage", "CompleteLayerUpload", "DescribeImages")
    pushed += ("InitiateLayerUpload", "PutImage", "UploadLayerPart")
    for repository in environment.of("AWS::ECR::Repository"):
        yield from ((role, Check(f"ecr:{name}", repository.arn)) for name in pushed)


def _function(environment: Environment, function: Resource) -> Iterator[tuple[str, Check]]:
    """Lambda writes the log; the one function there is starts the build."""
    role, group = function.properties["Role"], function.properties["LoggingConfig"]["LogGroup"]
    for action in ("CreateLogStream", "PutLogEvents"):
        yield role, Check(f"logs:{action}", environment.arn_of("logs", f"log-group:{group}:log-stream:x"))
    for project in environment.of("AWS::CodeBuild::Project"):
        yield role, Check("codebuild:StartBuild", project.arn)


def _at_rest(settings: Resource) -> dict[str, str]:
    """How the Data Catalog is encrypted."""
    return dict(settings.properties["DataCatalogEncryptionSettings"]["EncryptionAtRest"])


def _catalog(_: Environment, settings: Resource) -> Iterator[tuple[str, Check]]:
    """The Data Catalog encrypts what it keeps."""
    given = _at_rest(settings)
    for action in ("Decrypt", "Encrypt", "GenerateDataKey"):
        yield given["CatalogEncryptionServiceRole"], Check(f"kms:{action}", given["SseAwsKmsKeyId"])


def _trail(_: Environment, trail: Resource) -> Iterator[tuple[str, Check]]:
    """CloudTrail copies what it tells to a log group."""
    group = str(trail.properties["CloudWatchLogsLogGroupArn"]).removesuffix(":*")
    for action in ("CreateLogStream", "PutLogEvents"):
        yield trail.properties["CloudWatchLogsRoleArn"], Check(f"logs:{action}", f"{group}:log-stream:x")


def _delivery_stream(environment: Environment, stream: Resource) -> Iterator[tuple[str, Check]]:
    """Firehose writes encrypted files in pieces, and tells of what it could not write."""
    given = stream.properties["ExtendedS3DestinationConfiguration"]
    role, bucket = given["RoleARN"], given["BucketARN"]
    for action in ("AbortMultipartUpload", "PutObject"):
        yield role, Check(f"s3:{action}", f"{bucket}/logs/x.gz", TLS)
    for action in ("GetBucketLocation", "ListBucket", "ListBucketMultipartUploads"):
        yield role, Check(f"s3:{action}", bucket, TLS)
    key = given["EncryptionConfiguration"]["KMSEncryptionConfig"]["AWSKMSKeyARN"]
    yield from ((role, one) for one in Asking(environment).kms(key, "s3", ("Decrypt", "GenerateDataKey")))
    group = given["CloudWatchLoggingOptions"]["LogGroupName"]
    for action in ("CreateLogStream", "PutLogEvents"):
        yield role, Check(f"logs:{action}", environment.arn_of("logs", f"log-group:{group}:log-stream:x"))


def _subscription(_: Environment, subscription: Resource) -> Iterator[tuple[str, Check]]:
    """CloudWatch Logs hands on what a group gets."""
    for action in ("PutRecord", "PutRecordBatch"):
        yield subscription.properties["RoleArn"], Check(f"firehose:{action}", subscription.properties["DestinationArn"])


RULES = {
    "AWS::CloudTrail::Trail": _trail,
    "AWS::Glue::DataCatalogEncryptionSettings": _catalog,
    "AWS::KinesisFirehose::DeliveryStream": _delivery_stream,
    "AWS::Logs::SubscriptionFilter": _subscription,
    "AWS::CodeBuild::Project": _build,
    "AWS::Events::Rule": _rule,
    "AWS::Glue::Job": _glue_job,
    "AWS::Lambda::Function": _function,
    "AWS::Scheduler::Schedule": _schedule,
    "AWS::StepFunctions::StateMachine": _state_machine,
}


def of_containers(environment: Environment) -> Iterator[Check]:
    """SageMaker, for a job or a model: pull the image, write the log and metrics, use the volumes' key."""
    yield Check("ecr:GetAuthorizationToken", "*")
    for repository in environment.of("AWS::ECR::Repository"):
        for name in ("BatchCheckLayerAvailability", "BatchGetImage", "GetDownloadUrlForLayer"):
            yield Check(f"ecr:{name}", repository.arn)
    group = environment.arn_of("logs", "log-group:/aws/sagemaker/TrainingJobs")
    yield Check("logs:CreateLogGroup", group)
    yield Check("logs:DescribeLogStreams", group)
    for name in ("CreateLogStream", "PutLogEvents"):
        yield Check(f"logs:{name}", f"{group}:log-stream:x")
    metrics = {"cloudwatch:namespace": "/aws/sagemaker/TrainingJobs"}
    yield Check("cloudwatch:PutMetricData", "*", metrics)
    key = environment.resources["Storage/Keys/Data"].arn
    yield Check("kms:DescribeKey", key)
    yield Check("kms:CreateGrant", key, {"kms:GrantIsForAWSResource": "true"})
