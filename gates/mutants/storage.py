"""Defects of what holds data: keys, buckets, images, query results; and how rows of defects are written."""

# A row a line, so that the table can be read as one.
# fmt: off
from typing import Any

from gates.mutants.planting import DROP, added, put, removed, rename, statement

Rows = list[tuple[str, str, Any]]

BUCKET, KEY, POLICY = "AWS::S3::Bucket", "AWS::KMS::Key", "AWS::S3::BucketPolicy"
ROLE, RULE, SCHEDULE = "AWS::IAM::Role", "AWS::Events::Rule", "AWS::Scheduler::Schedule"
MACHINE, JOB, ALARM = "AWS::StepFunctions::StateMachine", "AWS::Glue::Job", "AWS::CloudWatch::Alarm"
LOGS, QUEUE, TOPIC, ECR = "AWS::Logs::LogGroup", "AWS::SQS::Queue", "AWS::SNS::Topic", "AWS::ECR::Repository"
SECURITY, GROUP = "AWS::Glue::SecurityConfiguration", "AWS::SageMaker::ModelPackageGroup"
DEFAULT = "Properties.BucketEncryption.ServerSideEncryptionConfiguration.0"
AWS_KEY = "alias/aws/s3"
ANYBODY = {"AWS": "*"}


def altered(one: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {key: value for key, value in {**one, **changes}.items() if value is not DROP}


def with_(**changes: Any) -> Any:
    return lambda one: altered(one, **changes)


def drop(one: Any) -> Any:
    return DROP


STORAGE: Rows = [
    ("a key that does not rotate", "security", put(KEY, "Properties.EnableKeyRotation", False)),
    ("a key without a word on rotation", "security", put(KEY, "Properties.EnableKeyRotation", DROP)),
    ("a key that is disabled", "security", put(KEY, "Properties.Enabled", False)),
    ("a key that goes after 7 days", "security", put(KEY, "Properties.PendingWindowInDays", 7)),
    ("a key of foreign material", "security", put(KEY, "Properties.Origin", "EXTERNAL")),
    ("a key for everybody", "security", statement(KEY, "KeyPolicy", "sns.amazonaws.com", with_(Principal=ANYBODY, Condition=DROP))),
    ("a key for another account", "security", statement(KEY, "KeyPolicy", "sns.amazonaws.com", with_(Principal={"AWS": "arn:aws:iam::999999999999:root"}))),
    ("a key that nobody administers", "security", statement(KEY, "KeyPolicy", ":root", drop)),
    ("a service may use the key for anybody", "security", statement(KEY, "KeyPolicy", "cloudwatch.amazonaws.com", with_(Condition=DROP))),
    ("logs of anybody may use the key", "security", statement(KEY, "KeyPolicy", "logs:arn", with_(Condition=DROP), id_="KeysServices")),
    ("alarms cannot use the topic's key", "deployment", statement(KEY, "KeyPolicy", "cloudwatch.amazonaws.com", drop)),
    ("rules cannot use the queue's key", "deployment", statement(KEY, "KeyPolicy", "events.amazonaws.com", drop)),
    ("logs cannot use their key", "deployment", statement(KEY, "KeyPolicy", "logs:arn", drop, id_="KeysServices")),
    ("log delivery cannot use the key", "deployment", statement(KEY, "KeyPolicy", "delivery.logs", drop)),
    ("log delivery may only describe the key", "deployment", statement(KEY, "KeyPolicy", "delivery.logs", with_(Action="kms:DescribeKey"))),
    ("rules may only describe the key", "deployment", statement(KEY, "KeyPolicy", "events.amazonaws.com", with_(Action="kms:DescribeKey"))),
    ("public ACLs not blocked", "security", put(BUCKET, "Properties.PublicAccessBlockConfiguration.BlockPublicAcls", False)),
    ("public policy not blocked", "security", put(BUCKET, "Properties.PublicAccessBlockConfiguration.BlockPublicPolicy", False)),
    ("public ACLs not ignored", "security", put(BUCKET, "Properties.PublicAccessBlockConfiguration.IgnorePublicAcls", DROP)),
    ("a public bucket not restricted", "security", put(BUCKET, "Properties.PublicAccessBlockConfiguration.RestrictPublicBuckets", DROP)),
    ("no block of public access", "security", put(BUCKET, "Properties.PublicAccessBlockConfiguration", DROP)),
    ("a bucket with S3's own encryption", "security", put(BUCKET, f"{DEFAULT}.ServerSideEncryptionByDefault", {"SSEAlgorithm": "AES256"})),
    ("a bucket with AWS's key", "security", put(BUCKET, f"{DEFAULT}.ServerSideEncryptionByDefault.KMSMasterKeyID", AWS_KEY)),
    ("a bucket without encryption", "security", put(BUCKET, "Properties.BucketEncryption", DROP)),
    ("no bucket key", "security", put(BUCKET, f"{DEFAULT}.BucketKeyEnabled", False)),
    ("no versions", "security", put(BUCKET, "Properties.VersioningConfiguration", DROP)),
    ("versions suspended", "security", put(BUCKET, "Properties.VersioningConfiguration.Status", "Suspended")),
    ("objects with ACLs", "security", put(BUCKET, "Properties.OwnershipControls.Rules.0.ObjectOwnership", "ObjectWriter")),
    ("a public canned ACL", "security", put(BUCKET, "Properties.AccessControl", "PublicRead")),
    ("a bucket as a website", "security", put(BUCKET, "Properties.WebsiteConfiguration", {"IndexDocument": "index.html"})),
    ("failed uploads stay for ever", "operations", put(BUCKET, "Properties.LifecycleConfiguration.Rules.0.AbortIncompleteMultipartUpload", DROP)),
    ("old versions stay for ever", "operations", put(BUCKET, "Properties.LifecycleConfiguration.Rules.0.NoncurrentVersionExpiration", DROP)),
    ("a lifecycle rule that is off", "operations", put(BUCKET, "Properties.LifecycleConfiguration.Rules.0.Status", "Disabled")),
    ("no lifecycle", "operations", put(BUCKET, "Properties.LifecycleConfiguration", DROP)),
    ("everything expires", "operations", put(BUCKET, "Properties.LifecycleConfiguration.Rules.0.ExpirationInDays", 30)),
    ("a bucket without a policy", "security", removed(POLICY)),
    ("plain transport allowed", "security", statement(POLICY, "PolicyDocument", "SecureTransport", drop)),
    ("old TLS allowed", "security", statement(POLICY, "PolicyDocument", "TlsVersion", drop)),
    ("TLS 1.0 allowed", "security", statement(POLICY, "PolicyDocument", "TlsVersion", with_(Condition={"NumericLessThan": {"s3:TlsVersion": 1.0}}))),
    ("plain transport refused to one role only", "security", statement(POLICY, "PolicyDocument", "SecureTransport", with_(Principal={"AWS": "arn:aws:iam::111111111111:role/x"}))),
    ("plain transport refused for reading only", "security", statement(POLICY, "PolicyDocument", "SecureTransport", with_(Action="s3:GetObject"))),
    ("uploads with another key", "security", statement(POLICY, "PolicyDocument", "OnlyOurKey", drop)),
    ("uploads with S3's own encryption", "security", statement(POLICY, "PolicyDocument", "OnlyKms", drop)),
    ("uploads without a header are denied", "deployment", statement(POLICY, "PolicyDocument", "OnlyKms", lambda one: altered(one, Condition={"StringNotEquals": one["Condition"]["StringNotEquals"]}))),
    ("uploads with another bucket's key", "security", statement(POLICY, "PolicyDocument", "OnlyOurKey", with_(Condition={"StringNotEquals": {"s3:x-amz-server-side-encryption-aws-kms-key-id": "arn:aws:kms:eu-west-1:111111111111:key/x"}, "Null": {"s3:x-amz-server-side-encryption-aws-kms-key-id": "false"}}))),
    ("a bucket for everybody", "security", statement(POLICY, "PolicyDocument", "SecureTransport", with_(Effect="Allow"))),
    ("images that change", "security", put(ECR, "Properties.ImageTagMutability", "MUTABLE")),
    ("images that nobody scans", "security", put(ECR, "Properties.ImageScanningConfiguration", DROP)),
    ("images with AWS's encryption", "security", put(ECR, "Properties.EncryptionConfiguration", {"EncryptionType": "AES256"})),
    ("images without our key", "security", put(ECR, "Properties.EncryptionConfiguration.KmsKey", DROP)),
    ("images that never go", "operations", put(ECR, "Properties.LifecyclePolicy", DROP)),
    ("approved images that expire", "operations", put(ECR, "Properties.LifecyclePolicy.LifecyclePolicyText", '{"rules":[{"rulePriority":1,"selection":{"tagStatus":"any","countType":"imageCountMoreThan","countNumber":5},"action":{"type":"expire"}}]}')),
    ("query results wherever the author likes", "security", put("AWS::Athena::WorkGroup", "Properties.WorkGroupConfiguration.EnforceWorkGroupConfiguration", False)),
    ("query results in the clear", "security", put("AWS::Athena::WorkGroup", "Properties.WorkGroupConfiguration.ResultConfiguration.EncryptionConfiguration", DROP)),
    ("query results with S3's encryption", "security", put("AWS::Athena::WorkGroup", "Properties.WorkGroupConfiguration.ResultConfiguration.EncryptionConfiguration", {"EncryptionOption": "SSE_S3"})),
    ("data that go with the stack", "deployment", put(BUCKET, "DeletionPolicy", "Delete")),
    ("data that go with a replacement", "deployment", put(BUCKET, "UpdateReplacePolicy", "Delete")),
    ("a key that goes with the stack", "deployment", put(KEY, "DeletionPolicy", "Delete")),
    ("images that go with the stack", "deployment", put(ECR, "DeletionPolicy", "Delete")),
    ("a bucket without a deletion policy", "deployment", put(BUCKET, "DeletionPolicy", DROP)),
    ("a bucket with another logical id", "deployment", lambda template: template["Resources"].update({"Raw2": template["Resources"].pop(next(id_ for id_, one in template["Resources"].items() if one["Type"] == BUCKET))})),
    ("another name for the model packages", "deployment", put(GROUP, "Properties.ModelPackageGroupName", "criba-models")),
    ("a new bucket without protection", "security", added("Forgotten", {"Type": BUCKET})),
    ("a bucket named for all environments", "deployment", put(BUCKET, "Properties.BucketName", "criba-raw")),
    ("a bucket without its cost tag", "operations", put(BUCKET, "Properties.Tags", DROP)),
    ("an output that another stack takes is gone", "deployment", lambda template: template["Outputs"].pop(next(one for one in template["Outputs"] if one.startswith("PublishOutput")))),
    ("an export", "deployment", lambda template: template["Outputs"]["RawBucket"].update(Export={"Name": "raw"})),
    ("an unknown property", "schema", rename(BUCKET, "VersioningConfiguration", "Versioning")),
    ("a property of the wrong type", "schema", put(KEY, "Properties.EnableKeyRotation", "sometimes")),
    ("an unknown resource type", "schema", added("Strange", {"Type": "AWS::S3::Bukket"})),
    ("a reference to nothing", "schema", put(POLICY, "Properties.Bucket", {"Ref": "Nobody"})),
    ("a required property missing", "schema", put(POLICY, "Properties.PolicyDocument", DROP)),
    ("an unknown encryption", "schema", put(BUCKET, f"{DEFAULT}.ServerSideEncryptionByDefault.SSEAlgorithm", "aws:kmz")),
    ("an attribute that is not there", "schema", put("AWS::Athena::WorkGroup", "Properties.Description", {"Fn::GetAtt": ["KeysDataA2F7C5E6", "Arm"]})),
    ("a resource that waits for nothing known", "schema", put(GROUP, "DependsOn", ["Nobody"])),
    ("two resources that wait for each other", "schema", lambda template: [one.update(DependsOn=[other]) for (_, one), (other, _) in [(a, b) for a in list(template["Resources"].items())[:2] for b in list(template["Resources"].items())[:2] if a[0] != b[0]]]),
]
