"""What a single property of a resource has to be, as one table: type, property, test, rule, what to write."""

# A row a line, so that the table can be read as one.
# fmt: off
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from gates.assembly import Stack
from gates.findings import Finding
from gates.rules import on

ABSENT = object()
Test = Callable[[Any], bool]
KEY_ARN = re.compile(r"arn:aws[\w-]*:kms:[a-z0-9-]+:\d{12}:key/[\w-]+")


def our_key(value: Any) -> bool:
    """Whether the value is the full ARN of a customer's key; an alias or an AWS-managed key is not."""
    return isinstance(value, str) and KEY_ARN.fullmatch(value) is not None


def is_(*wanted: Any) -> Test:
    return lambda value: any(value is one or (value == one and type(value) is type(one)) for one in wanted)


def unset_or(*wanted: Any) -> Test:
    return lambda value: value is ABSENT or value in wanted


def given(value: Any) -> bool:
    return value is not ABSENT and value not in ("", [], {}, None)


def like(pattern: str) -> Test:
    return lambda value: isinstance(value, str) and re.fullmatch(pattern, value) is not None


def between(low: float, high: float) -> Test:
    return lambda value: (isinstance(value, int | float) or str(value).isdigit()) and low <= float(value) <= high


def unset_or_like(pattern: str) -> Test:
    return lambda value: value is ABSENT or (isinstance(value, str) and re.fullmatch(pattern, value) is not None)


TLS = "an alias or AWS's own key hides who may decrypt: name our key by its full ARN"
LIFETIMES = (30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)
SUPPORTED_RUNTIMES = r"python3\.(1[1-9]|[2-9]\d)|nodejs2[2-9]\.x|java(21|25)|dotnet(8|10)|ruby3\.[3-9]|provided\.al2023"
TABLE: list[tuple[str, str, Test, str, str]] = [
    ("AWS::KMS::Key", "EnableKeyRotation", is_(True), "KMS-01", "write EnableKeyRotation: true"),
    ("AWS::KMS::Key", "Enabled", unset_or(True), "KMS-01", "a disabled key opens nothing: remove Enabled: false"),
    ("AWS::KMS::Key", "KeySpec", unset_or("SYMMETRIC_DEFAULT"), "KMS-01", "only symmetric keys rotate: remove KeySpec"),
    ("AWS::KMS::Key", "Origin", unset_or("AWS_KMS"), "KMS-01", "imported key material never rotates: remove Origin"),
    ("AWS::KMS::Key", "RotationPeriodInDays", lambda v: v is ABSENT or 90 <= int(v) <= 365, "KMS-01", "rotate yearly"),
    ("AWS::KMS::Key", "PendingWindowInDays", unset_or(30), "KMS-10", "keep 30 days in which deletion is taken back"),
    *(("AWS::S3::Bucket", f"PublicAccessBlockConfiguration.{name}", is_(True), "S3-01", f"write {name}: true") for name in ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")),
    ("AWS::S3::Bucket", "VersioningConfiguration.Status", is_("Enabled"), "S3-06", "write Status: Enabled"),
    ("AWS::S3::Bucket", "OwnershipControls.Rules.0.ObjectOwnership", is_("BucketOwnerEnforced"), "S3-08", "write BucketOwnerEnforced: no object has an ACL"),
    ("AWS::S3::Bucket", "AccessControl", unset_or(), "S3-08", "ACLs are off: remove AccessControl"),
    ("AWS::S3::Bucket", "WebsiteConfiguration", unset_or(), "S3-01", "no bucket is a website: remove it"),
    ("AWS::S3::Bucket", "CorsConfiguration", unset_or(), "S3-01", "no browser reads a bucket: remove it"),
    ("AWS::Logs::LogGroup", "KmsKeyId", our_key, "LOG-01", f"encrypt the log group; {TLS}"),
    ("AWS::Logs::LogGroup", "RetentionInDays", is_(*LIFETIMES), "LOG-01", "keep logs for 30 days or longer, not for ever"),
    ("AWS::SNS::Topic", "KmsMasterKeyId", our_key, "KMS-08", f"encrypt the topic; {TLS}"),
    ("AWS::SNS::Subscription", "Protocol", is_("email", "sms", "sqs", "lambda", "https", "firehose"), "SNS-01", "no plain text: write https or email"),
    ("AWS::SQS::Queue", "KmsMasterKeyId", our_key, "KMS-08", f"encrypt the queue; {TLS}"),
    ("AWS::SQS::Queue", "SqsManagedSseEnabled", unset_or(False), "KMS-08", "our key encrypts: remove it"),
    ("AWS::SQS::Queue", "MessageRetentionPeriod", is_(1209600), "EV-01", "keep dead letters for 14 days: 1209600"),
    ("AWS::Events::EventBus", "KmsKeyIdentifier", our_key, "EV-04", f"encrypt the bus; {TLS}"),
    ("AWS::Events::Rule", "State", unset_or("ENABLED"), "EV-02", "a disabled rule hears nothing: remove State"),
    ("AWS::Scheduler::Schedule", "State", unset_or("ENABLED"), "EV-03", "a disabled schedule starts nothing: remove State"),
    ("AWS::Scheduler::Schedule", "KmsKeyArn", our_key, "EV-03", f"encrypt the schedule's input; {TLS}"),
    ("AWS::Scheduler::Schedule", "ScheduleExpressionTimezone", given, "EV-03", "say the time zone"),
    ("AWS::Scheduler::Schedule", "FlexibleTimeWindow.Mode", is_("OFF", "FLEXIBLE"), "EV-03", "write OFF or FLEXIBLE"),
    ("AWS::Scheduler::Schedule", "Target.RoleArn", given, "EV-01", "give the target a role of its own"),
    ("AWS::Scheduler::Schedule", "Target.DeadLetterConfig.Arn", given, "EV-01", "name a dead-letter queue"),
    ("AWS::Scheduler::Schedule", "Target.RetryPolicy.MaximumRetryAttempts", between(1, 185), "EV-01", "retry the target"),
    ("AWS::Scheduler::Schedule", "Target.RetryPolicy.MaximumEventAgeInSeconds", between(60, 86400), "EV-01", "say how old an event may get"),
    ("AWS::StepFunctions::StateMachine", "StateMachineType", unset_or("STANDARD"), "SF-01", "runs need a history: remove StateMachineType"),
    ("AWS::StepFunctions::StateMachine", "LoggingConfiguration.Level", is_("ALL"), "SF-01", "log at level ALL"),
    ("AWS::StepFunctions::StateMachine", "LoggingConfiguration.IncludeExecutionData", is_(False), "SF-01", "inputs name people: write false"),
    ("AWS::StepFunctions::StateMachine", "LoggingConfiguration.Destinations.0.CloudWatchLogsLogGroup.LogGroupArn", like(r"arn:aws:logs:.*:log-group:/aws/vendedlogs/.*"), "SF-01", "log to a group below /aws/vendedlogs/, which the account's one resource policy has room for"),
    ("AWS::StepFunctions::StateMachine", "TracingConfiguration.Enabled", is_(True), "SF-01", "trace with X-Ray"),
    ("AWS::StepFunctions::StateMachine", "EncryptionConfiguration.Type", is_("CUSTOMER_MANAGED_KMS_KEY"), "SF-04", "encrypt executions with our key"),
    ("AWS::StepFunctions::StateMachine", "EncryptionConfiguration.KmsKeyId", our_key, "SF-04", TLS),
    ("AWS::StepFunctions::StateMachine", "EncryptionConfiguration.KmsDataKeyReusePeriodSeconds", lambda v: v is ABSENT or 60 <= int(v) <= 900, "SF-04", "60 to 900 seconds"),
    ("AWS::Glue::Job", "SecurityConfiguration", given, "GL-01", "name the security configuration"),
    ("AWS::Glue::Crawler", "CrawlerSecurityConfiguration", given, "GL-01", "name the security configuration"),
    ("AWS::Glue::Job", "GlueVersion", is_("5.0", "5.1", "6.0"), "GL-04", "write a version that Glue supports"),
    ("AWS::Glue::Job", "Timeout", between(1, 2880), "GL-04", "stop a job that hangs: Timeout in minutes"),
    ("AWS::Glue::Job", "MaxRetries", is_(0), "GL-04", "Step Functions alone retries: write 0"),
    ("AWS::Glue::Job", "NumberOfWorkers", between(2, 299), "GL-04", "write the most workers"),
    ("AWS::Glue::Job", "WorkerType", like(r"[GR]\.[1248]X"), "GL-04", "write the worker type"),
    ("AWS::Glue::Job", "MaxCapacity", unset_or(), "GL-04", "workers are counted by type: remove MaxCapacity"),
    ("AWS::Glue::Job", "ExecutionProperty.MaxConcurrentRuns", between(1, 1000), "GL-04", "say how many may run at once"),
    ("AWS::Glue::Job", "Command.PythonVersion", is_("3"), "GL-04", 'write "3"'),
    ("AWS::Glue::Job", "Command.Name", is_("glueetl", "pythonshell"), "GL-04", "write glueetl"),
    ("AWS::Glue::Job", "Command.ScriptLocation", like(r"s3://.+"), "GL-03", "name the script in a bucket of ours"),
    ("AWS::Glue::Job", "DefaultArguments.--custom-logGroup-prefix", given, "LOG-01", "or the logs go to groups that all jobs of the account share"),
    ("AWS::Glue::Job", "DefaultArguments.--additional-python-modules", unset_or(), "GL-03", "a job installs nothing: pack it"),
    ("AWS::Glue::Job", "DefaultArguments.--TempDir", unset_or_like(r"s3://.+"), "GL-03", "use a bucket of ours"),
    ("AWS::Glue::Job", "DefaultArguments.--enable-metrics", given, "GL-04", "publish the job's metrics"),
    ("AWS::Glue::Job", "DefaultArguments.--conf", like(r".*spark\.sql\.ansi\.enabled=true.*"), "GL-04", "ANSI mode, as Glue 6 has it: a bad cast fails"),
    ("AWS::Glue::Job", "DefaultArguments.--extra-py-files", like(r"s3://.+"), "GL-03", "name the packed library"),
    ("AWS::Glue::Job", "DefaultArguments.--job-bookmark-option", is_("job-bookmark-disable"), "GL-04", "claims, not bookmarks, say what was read"),
    ("AWS::Glue::Job", "DefaultArguments.--enable-auto-scaling", is_("true"), "GL-04", "scale below NumberOfWorkers"),
    ("AWS::Glue::Database", "DatabaseInput.Name", given, "GL-05", "name the database"),
    ("AWS::Glue::Table", "TableInput.Name", given, "GL-05", "name the table"),
    ("AWS::Glue::Table", "TableInput.TableType", is_("EXTERNAL_TABLE", "VIRTUAL_VIEW"), "GL-05", "write EXTERNAL_TABLE"),
    ("AWS::Glue::Table", "TableInput.StorageDescriptor.Columns.0.Type", given, "GL-05", "give each column a type"),
    ("AWS::Glue::Table", "TableInput.StorageDescriptor.SerdeInfo", lambda v: v is not ABSENT, "GL-05", "say how its files are read"),
    ("AWS::Glue::DataQualityRuleset", "Ruleset", like(r"(?s)\s*Rules\s*=\s*\[.+\].*"), "GL-05", "write the rules in DQDL"),
    ("AWS::Glue::DataQualityRuleset", "TargetTable.TableName", given, "GL-05", "name the table that it is for"),
    ("AWS::Scheduler::Schedule", "GroupName", given, "EV-03", "name the schedule's group"),
    ("AWS::Scheduler::Schedule", "Target.Input", given, "EV-03", "say what it starts"),
    ("AWS::Scheduler::Schedule", "Target.Arn", given, "EV-01", "name the target"),
    ("AWS::SNS::Subscription", "Endpoint", given, "SNS-01", "say who is told"),
    ("AWS::IAM::Policy", "Roles", given, "IAM-14", "attach it to a role, or remove it"),
    ("AWS::Glue::Job", "Connections", lambda v: v is ABSENT or given(v.get("Connections")), "GL-06", "name the connection"),
    ("AWS::Glue::SecurityConfiguration", "EncryptionConfiguration.S3Encryptions.0.S3EncryptionMode", is_("SSE-KMS"), "GL-01", "write SSE-KMS"),
    ("AWS::Glue::SecurityConfiguration", "EncryptionConfiguration.S3Encryptions.0.KmsKeyArn", our_key, "GL-01", TLS),
    ("AWS::Glue::SecurityConfiguration", "EncryptionConfiguration.CloudWatchEncryption.CloudWatchEncryptionMode", is_("SSE-KMS"), "GL-01", "write SSE-KMS"),
    ("AWS::Glue::SecurityConfiguration", "EncryptionConfiguration.CloudWatchEncryption.KmsKeyArn", our_key, "GL-01", TLS),
    ("AWS::Glue::SecurityConfiguration", "EncryptionConfiguration.JobBookmarksEncryption.JobBookmarksEncryptionMode", is_("CSE-KMS"), "GL-01", "write CSE-KMS"),
    ("AWS::Glue::SecurityConfiguration", "EncryptionConfiguration.JobBookmarksEncryption.KmsKeyArn", our_key, "GL-01", TLS),
    ("AWS::Glue::DataCatalogEncryptionSettings", "DataCatalogEncryptionSettings.EncryptionAtRest.CatalogEncryptionMode", is_("SSE-KMS", "SSE-KMS-WITH-SERVICE-ROLE"), "GL-05", "encrypt the catalog"),
    ("AWS::Glue::DataCatalogEncryptionSettings", "DataCatalogEncryptionSettings.EncryptionAtRest.SseAwsKmsKeyId", our_key, "GL-05", TLS),
    ("AWS::Glue::DataCatalogEncryptionSettings", "DataCatalogEncryptionSettings.ConnectionPasswordEncryption.ReturnConnectionPasswordEncrypted", is_(True), "GL-05", "encrypt connections' passwords"),
    ("AWS::Glue::DataCatalogEncryptionSettings", "DataCatalogEncryptionSettings.ConnectionPasswordEncryption.KmsKeyId", our_key, "GL-05", TLS),
    ("AWS::Athena::WorkGroup", "WorkGroupConfiguration.EnforceWorkGroupConfiguration", is_(True), "GL-05", "or a query's author chooses where its results go"),
    ("AWS::Athena::WorkGroup", "WorkGroupConfiguration.ResultConfiguration.EncryptionConfiguration.EncryptionOption", is_("SSE_KMS"), "GL-05", "encrypt query results with our key"),
    ("AWS::Athena::WorkGroup", "WorkGroupConfiguration.ResultConfiguration.EncryptionConfiguration.KmsKey", our_key, "GL-05", TLS),
    ("AWS::Athena::WorkGroup", "WorkGroupConfiguration.ResultConfiguration.OutputLocation", like(r"s3://.+/.+"), "GL-05", "name a folder of ours"),
    ("AWS::Athena::WorkGroup", "WorkGroupConfiguration.PublishCloudWatchMetricsEnabled", is_(True), "GL-05", "publish metrics"),
    ("AWS::ECR::Repository", "ImageTagMutability", is_("IMMUTABLE"), "CI-01", "write IMMUTABLE"),
    ("AWS::ECR::Repository", "ImageScanningConfiguration.ScanOnPush", is_(True), "CI-01", "scan on push"),
    ("AWS::ECR::Repository", "EncryptionConfiguration.EncryptionType", is_("KMS", "KMS_DSSE"), "CI-01", "encrypt with our key"),
    ("AWS::ECR::Repository", "EncryptionConfiguration.KmsKey", our_key, "CI-01", TLS),
    ("AWS::ECR::Repository", "LifecyclePolicy.LifecyclePolicyText", given, "CI-01", "let untagged images expire"),
    ("AWS::CodeBuild::Project", "EncryptionKey", our_key, "CI-02", TLS),
    ("AWS::CodeBuild::Project", "TimeoutInMinutes", between(5, 480), "CI-02", "stop a build that hangs"),
    ("AWS::CodeBuild::Project", "LogsConfig.CloudWatchLogs.Status", unset_or("ENABLED"), "CI-02", "log the build"),
    ("AWS::CodeBuild::Project", "LogsConfig.CloudWatchLogs.GroupName", given, "LOG-01", "name a log group of ours, with key and retention"),
    ("AWS::Lambda::Function", "Runtime", like(SUPPORTED_RUNTIMES), "CI-04", "write a runtime that Lambda supports"),
    ("AWS::Lambda::Function", "Timeout", between(1, 900), "CI-04", "say after how many seconds it stops"),
    ("AWS::Lambda::Function", "LoggingConfig.LogGroup", given, "LOG-01", "name a log group of ours, with key and retention"),
    ("AWS::Lambda::Function", "KmsKeyArn", lambda v: v is ABSENT or our_key(v), "CI-02", TLS),
    ("AWS::CloudTrail::Trail", "IsLogging", is_(True), "CT-01", "a trail that does not log is none"),
    ("AWS::CloudTrail::Trail", "EnableLogFileValidation", is_(True), "CT-02", "validate log files"),
    ("AWS::CloudTrail::Trail", "KMSKeyId", our_key, "CT-02", TLS),
    ("AWS::CloudTrail::Trail", "IsMultiRegionTrail", is_(True), "CT-01", "hear every Region"),
    ("AWS::CloudTrail::Trail", "IncludeGlobalServiceEvents", is_(True), "CT-01", "hear IAM and STS"),
    ("AWS::CloudTrail::Trail", "CloudWatchLogsLogGroupArn", given, "CT-02", "send events to CloudWatch Logs"),
    ("AWS::CloudTrail::Trail", "CloudWatchLogsRoleArn", given, "CT-02", "give the trail a role to write there"),
    ("AWS::CloudWatch::CompositeAlarm", "AlarmActions", given, "AL-01", "an alarm that tells nobody: name a topic"),
    ("AWS::CloudWatch::Alarm", "ActionsEnabled", unset_or(True), "AL-01", "remove ActionsEnabled: false"),
    ("AWS::CloudWatch::Alarm", "TreatMissingData", is_("breaching", "notBreaching", "ignore"), "AL-01", "decide what missing data mean"),
    ("AWS::CloudWatch::Alarm", "AlarmDescription", given, "AL-01", "say what to do, with the runbook"),
    ("AWS::CloudWatch::Alarm", "EvaluationPeriods", between(1, 1440), "AL-01", "say how many periods"),
    ("AWS::CloudWatch::CompositeAlarm", "ActionsEnabled", unset_or(True), "AL-01", "remove ActionsEnabled: false"),
    ("AWS::KinesisFirehose::DeliveryStream", "ExtendedS3DestinationConfiguration.EncryptionConfiguration.KMSEncryptionConfig.AWSKMSKeyARN", our_key, "LOG-01", TLS),
    ("AWS::KinesisFirehose::DeliveryStream", "DeliveryStreamEncryptionConfigurationInput.KeyType", is_("CUSTOMER_MANAGED_CMK"), "LOG-01", "encrypt the stream with our key"),
    ("AWS::SageMaker::Domain", "AppNetworkAccessType", is_("VpcOnly"), "SM-02", "write VpcOnly"),
    ("AWS::SageMaker::Domain", "KmsKeyId", our_key, "SM-02", TLS),
    ("AWS::SageMaker::Domain", "AuthMode", is_("IAM", "SSO"), "SM-02", "write IAM or SSO"),
    ("AWS::SageMaker::Model", "EnableNetworkIsolation", is_(True), "SM-03", "isolate the model"),
    ("AWS::SageMaker::NotebookInstance", "DirectInternetAccess", is_("Disabled"), "SM-09", "write Disabled"),
    ("AWS::SageMaker::NotebookInstance", "RootAccess", is_("Disabled"), "SM-09", "write Disabled"),
    ("AWS::SageMaker::NotebookInstance", "KmsKeyId", our_key, "SM-09", TLS),
    ("AWS::SageMaker::NotebookInstance", "SubnetId", given, "SM-09", "put it into a private subnet"),
    ("AWS::SageMaker::FeatureGroup", "OfflineStoreConfig.S3StorageConfig.KmsKeyId", our_key, "SM-07", TLS),
    ("AWS::SageMaker::FeatureGroup", "OnlineStoreConfig.SecurityConfig.KmsKeyId", lambda v: v is ABSENT or our_key(v), "SM-07", TLS),
    ("AWS::EC2::Subnet", "MapPublicIpOnLaunch", unset_or(False), "SM-01", "no public address"),
    ("AWS::EC2::VPCEndpoint", "PolicyDocument", given, "SM-11", "write a policy: the default one allows everything"),
]
MONITORS = ("DataQuality", "ModelQuality", "ModelBias", "ModelExplainability")
for _kind in MONITORS:
    _type = f"AWS::SageMaker::{_kind}JobDefinition"
    TABLE += [
        (_type, "NetworkConfig.EnableNetworkIsolation", is_(True), "SM-03", "isolate the job"),
        (_type, "NetworkConfig.EnableInterContainerTrafficEncryption", is_(True), "SM-04", "encrypt between containers"),
        (_type, "JobResources.ClusterConfig.VolumeKmsKeyId", our_key, "SM-05", TLS),
        (_type, f"{_kind}JobOutputConfig.KmsKeyId", our_key, "SM-05", TLS),
    ]


def find(stacks: Iterable[Stack]) -> Iterator[Finding]:
    """One finding for each property that fails its test."""
    for stack in stacks:
        for type_, path, test, rule, advice in TABLE:
            for resource in stack.of(type_):
                value = at(resource.properties, path)
                if not test(value):
                    said = "is missing" if value is ABSENT else f"is {str(value)[:60]!r}"
                    yield on(rule, stack, resource, f"{path} {said}: {advice}", path)


def at(properties: Any, path: str) -> Any:
    """The value at a path such as `Rules.0.Status`, or ABSENT."""
    value = properties
    for step in path.split("."):
        if isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        elif isinstance(value, dict) and step in value:
            value = value[step]
        else:
            return ABSENT
    return value
