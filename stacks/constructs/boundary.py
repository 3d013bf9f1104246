"""Boundary: what no person and no source can go beyond, whatever is attached to their role."""

from aws_cdk import aws_iam as iam
from constructs import Construct

CEILING = (
    *(f"athena:{name}" for name in ("GetQueryExecution", "GetQueryResults", "GetWorkGroup", "StartQueryExecution")),
    "athena:StopQueryExecution",
    "cloudformation:DescribeStacks",
    "cloudtrail:LookupEvents",
    "cloudwatch:DescribeAlarms",
    "ecr:BatchGetImage",
    *(f"glue:{name}" for name in ("GetDatabase", "GetJobRun", "GetTable", "GetTables", "StartJobRun")),
    *(f"kms:{name}" for name in ("CancelKeyDeletion", "Decrypt", "GenerateDataKey", "ScheduleKeyDeletion")),
    *(f"s3:{name}" for name in ("AbortMultipartUpload", "DeleteBucket", "GetBucketLocation", "GetObject")),
    *(f"s3:{name}" for name in ("ListBucket", "PutObject")),
    *(f"sagemaker:{name}" for name in ("CreateModelPackage", "DescribeModelPackage", "ListModelPackages")),
    "sagemaker:UpdateModelPackage",
    *(f"sns:{name}" for name in ("CheckIfPhoneNumberIsOptedOut", "GetSMSAttributes", "GetSMSSandboxAccountStatus")),
    *(f"sns:{name}" for name in ("ListOriginationNumbers", "ListSMSSandboxPhoneNumbers")),
    "sns:ListSubscriptionsByTopic",
    "ssm:GetParameter",
    *(f"states:{name}" for name in ("DescribeExecution", "GetExecutionHistory", "ListExecutions")),
    *(f"states:{name}" for name in ("RedriveExecution", "StartExecution")),
    "sts:AssumeRole",
    "sts:SetSourceIdentity",
)
"""Every action that a persona or a source has, and no other: none of IAM's, so nobody can lift the boundary."""

TRAILS = ("DeleteTrail", "PutEventSelectors", "PutInsightSelectors", "StopLogging", "UpdateTrail")


def boundary(scope: Construct, id_: str) -> iam.ManagedPolicy:
    """A permissions boundary: it allows nothing by itself; a role may do what both it and its own policies allow."""
    return iam.ManagedPolicy(
        scope,
        id_,
        description="The most that people and sources may do",
        statements=[
            iam.PolicyStatement(
                sid="Ceiling",
                actions=list(CEILING),
                resources=["*"],  # a boundary grants nothing; the roles' own statements name resources
            ),
            iam.PolicyStatement(
                sid="NobodyStopsATrail",
                effect=iam.Effect.DENY,
                actions=[f"cloudtrail:{name}" for name in TRAILS],
                resources=["*"],
            ),
            iam.PolicyStatement(
                sid="NobodyLiftsTheBoundary", effect=iam.Effect.DENY, actions=["iam:*"], resources=["*"]
            ),
        ],
    )
