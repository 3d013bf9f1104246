"""Which properties MiniStack's own types keep, and how those that it drops and we need are set afterwards."""

import re
from typing import Any

from criba.local import emulator
from criba.local.clients import client
from criba.local.cloudformation.providers import Late


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


KEPT = {
    "AWS::S3::Bucket": _names(
        "BucketName VersioningConfiguration NotificationConfiguration CorsConfiguration "
        "PublicAccessBlockConfiguration WebsiteConfiguration"
    ),
    "AWS::SNS::Topic": _names("TopicName DisplayName Subscription FifoTopic Tags"),
    "AWS::Logs::LogGroup": _names("LogGroupName RetentionInDays KmsKeyId LogGroupClass ResourcePolicyDocument Tags"),
    "AWS::StepFunctions::StateMachine": _names(
        "StateMachineName StateMachineType RoleArn Definition DefinitionString DefinitionS3Location "
        "DefinitionSubstitutions EncryptionConfiguration Tags"
    ),
    "AWS::Glue::Job": _names(
        "Name Role Command Description DefaultArguments NonOverridableArguments Connections MaxRetries "
        "Timeout GlueVersion NumberOfWorkers WorkerType MaxCapacity SecurityConfiguration Tags"
    ),
    "AWS::Events::EventBus": _names("Name Description Tags"),
    "AWS::Scheduler::Schedule": _names("Name GroupName ScheduleExpression FlexibleTimeWindow Target State Description"),
    "AWS::CloudWatch::Alarm": _names(
        "AlarmName AlarmDescription MetricName Namespace Statistic ExtendedStatistic Period EvaluationPeriods "
        "DatapointsToAlarm Threshold ComparisonOperator TreatMissingData ActionsEnabled AlarmActions "
        "OKActions InsufficientDataActions Dimensions Unit Tags"
    ),
}
"""Type -> the properties that MiniStack's own provider applies. Others are set late (below) or noted."""


def lower_camel(value: Any) -> Any:
    """A property as Step Functions' API spells it: every key with a small first letter."""
    if isinstance(value, dict):
        return {key[0].lower() + key[1:]: lower_camel(item) for key, item in value.items()}
    return [lower_camel(item) for item in value] if isinstance(value, list) else value


def encrypt_bucket(bucket: str, encryption: dict[str, Any]) -> None:
    rules = []
    for rule in encryption["ServerSideEncryptionConfiguration"]:
        default = rule["ServerSideEncryptionByDefault"]
        rules.append(
            {
                "ApplyServerSideEncryptionByDefault": default,
                "BucketKeyEnabled": _true(rule.get("BucketKeyEnabled", False)),
            }
        )
    client("s3").put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": rules})


def lifecycle_rule(rule: dict[str, Any]) -> dict[str, Any]:
    """A rule of a template as PutBucketLifecycleConfiguration takes it."""
    answer: dict[str, Any] = {"Status": rule["Status"], "Filter": {"Prefix": rule.get("Prefix", "")}}
    if "Id" in rule:
        answer["ID"] = rule["Id"]
    expiration: dict[str, Any] = {}
    if "ExpirationInDays" in rule:
        expiration["Days"] = int(rule["ExpirationInDays"])
    if "ExpiredObjectDeleteMarker" in rule:
        expiration["ExpiredObjectDeleteMarker"] = _true(rule["ExpiredObjectDeleteMarker"])
    if expiration:
        answer["Expiration"] = expiration
    if noncurrent := rule.get("NoncurrentVersionExpiration"):
        answer["NoncurrentVersionExpiration"] = {key: int(value) for key, value in noncurrent.items()}
    if days := rule.get("NoncurrentVersionExpirationInDays"):
        answer["NoncurrentVersionExpiration"] = {"NoncurrentDays": int(days)}
    if abort := rule.get("AbortIncompleteMultipartUpload"):
        answer["AbortIncompleteMultipartUpload"] = {"DaysAfterInitiation": int(abort["DaysAfterInitiation"])}
    if transitions := rule.get("Transitions"):
        answer["Transitions"] = [
            {"StorageClass": each["StorageClass"], "Days": int(each["TransitionInDays"])} for each in transitions
        ]
    return answer


def set_lifecycle(bucket: str, lifecycle: dict[str, Any]) -> None:
    rules = [lifecycle_rule(rule) for rule in lifecycle["Rules"]]
    client("s3").put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": rules})


def set_acl(bucket: str, name: str) -> None:
    """Set a canned ACL, such as `LogDeliveryWrite`; a new bucket is private already."""
    if name != "Private":
        canned = re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()
        client("s3").put_bucket_acl(Bucket=bucket, ACL=canned)


def in_record(
    service: str, store: str, field: str, *, by_name: bool = False, convert: Any = None, but: str = ""
) -> Late:
    """Keep a property in the service's own record, from where its describe call answers it."""

    def apply(physical_id: str, value: Any) -> None:
        records = getattr(emulator.service(service), store)
        found = [r for key, r in records.items() if (r["Name"] if by_name else key) == physical_id]
        if not found:
            raise ValueError(f"the emulator made no {physical_id} in {service}, and said nothing")
        found[0][field] = convert(value) if convert else value

    return Late(apply, but=but)


def _true(value: Any) -> bool:
    return str(value).lower() == "true"


LATE: dict[str, dict[str, Late]] = {
    "AWS::S3::Bucket": {
        "BucketEncryption": Late(encrypt_bucket, lambda bucket: client("s3").delete_bucket_encryption(Bucket=bucket)),
        "LifecycleConfiguration": Late(
            set_lifecycle, lambda bucket: client("s3").delete_bucket_lifecycle(Bucket=bucket)
        ),
        "OwnershipControls": Late(
            lambda bucket, controls: client("s3").put_bucket_ownership_controls(
                Bucket=bucket, OwnershipControls=controls
            ),
            lambda bucket: client("s3").delete_bucket_ownership_controls(Bucket=bucket),
        ),
        "AccessControl": Late(set_acl),
        "Tags": Late(
            lambda bucket, tags: client("s3").put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": tags}),
            lambda bucket: client("s3").delete_bucket_tagging(Bucket=bucket),
        ),
    },
    "AWS::SNS::Topic": {
        "KmsMasterKeyId": Late(
            lambda topic, key: client("sns").set_topic_attributes(
                TopicArn=topic, AttributeName="KmsMasterKeyId", AttributeValue=key
            ),
            lambda topic: client("sns").set_topic_attributes(
                TopicArn=topic, AttributeName="KmsMasterKeyId", AttributeValue=""
            ),
        ),
    },
    "AWS::StepFunctions::StateMachine": {
        "LoggingConfiguration": in_record(
            "stepfunctions",
            "_state_machines",
            "loggingConfiguration",
            convert=lower_camel,
            but="executions write no log events; their history has all of it",
        ),
        "TracingConfiguration": in_record(
            "stepfunctions", "_state_machines", "tracingConfiguration", convert=lower_camel, but="there is no X-Ray"
        ),
    },
    "AWS::Glue::Job": {
        name: in_record("glue", "_jobs", name)
        for name in ("ExecutionProperty", "ExecutionClass", "JobRunQueuingEnabled", "LogUri", "NotificationProperty")
    },
    "AWS::Events::EventBus": {
        name: in_record("eventbridge", "_event_buses", name) for name in ("KmsKeyIdentifier", "DeadLetterConfig")
    },
    "AWS::Scheduler::Schedule": {
        name: in_record("scheduler", "_schedules", name, by_name=True)
        for name in ("ScheduleExpressionTimezone", "StartDate", "EndDate", "KmsKeyArn")
    },
}
