"""What people and sources call that no run shows: large uploads, queries, a registration, a deployment.

As their guides say: boto3 uploads in pieces above 8 MB and aborts what breaks off; Athena asks for tables, data and its
results' place as who queries; the CDK CLI takes three roles of its bootstrap.
"""

from collections.abc import Iterable, Iterator

from pipeline_code.contracts import WORKFLOWS
from tests.policies import matrix
from tests.policies.actions import TLS, Call
from tests.policies.deployed import Environment
from tests.policies.simulator import Check

PIECES = ("CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload", "AbortMultipartUpload")
SOURCE = "Access/Source-"
QUERY = (*(f"{verb}QueryExecution" for verb in ("Get", "Start", "Stop")), "GetQueryResults", "GetWorkGroup")
ADMIN = "Access/Admin/Role"
ALERTING = (
    "cloudtrail:LookupEvents",
    *(f"sns:{name}" for name in ("CheckIfPhoneNumberIsOptedOut", "GetSMSAttributes", "GetSMSSandboxAccountStatus")),
    *(f"sns:{name}" for name in ("ListOriginationNumbers", "ListSMSSandboxPhoneNumbers")),
)
"""What `criba alerts check` and `criba audit` ask an account, and a laptop has not."""
BOOTSTRAP = ("deploy", "file-publishing", "lookup")


def calls(environment: Environment, recorded: Iterable[tuple[str, Call]]) -> Iterator[tuple[str, Call]]:
    """(place of the role, call) of uploads and of a registration."""
    raw = environment.resources["Storage/Raw/Bucket"]
    landed = {
        (role, call.parameters["Key"])
        for role, call in recorded
        if call.operation == "PutObject" and call.parameters["Bucket"] == raw.name and role.startswith("Access/")
    }
    for role, checks in matrix.opened(environment).items():
        on_raw = (one for one in checks if one.action == "s3:PutObject" and one.resource.startswith(f"{raw.arn}/"))
        landed |= {(role, one.resource.removeprefix(f"{raw.arn}/")) for one in on_raw}
    for place in environment.roles:
        if place.startswith(SOURCE):
            source = place.removeprefix(SOURCE).removesuffix("/Role")
            landed.add((place, f"messages/source={source}/date=2026-03-02/a.jsonl"))
    for role, key in sorted(landed):
        if "/redriven-" in key or key.endswith("/_SUCCESS"):
            continue  # small, and written in one piece
        for operation in ("PutObject", *PIECES):
            yield role, Call("s3", operation, {"Bucket": raw.name, "Key": key})
    yield "Access/DataScientist/Role", _registration(environment)
    for persona in (place for name, place in matrix.COLUMNS.items() if not name.startswith("source-")):
        yield from ((persona, call) for call in _watching(environment))


def checks(environment: Environment) -> Iterator[tuple[str, Check]]:
    """(place of the role, check) of queries and of a deployment."""
    database = f"criba_{environment.name}"
    tables = ("catalog", f"database/{database}", f"table/{database}/messages")
    predictions = environment.resources["Storage/Predictions/Bucket"].arn
    for persona in (place for name, place in matrix.COLUMNS.items() if not name.startswith("source-")):
        workgroup = environment.arn_of("athena", f"workgroup/criba-{environment.name}")
        yield from ((persona, Check(f"athena:{name}", workgroup)) for name in QUERY)
        for name, on in (("GetDatabase", tables[:2]), ("GetTable", tables), ("GetTables", tables)):
            yield from ((persona, Check(f"glue:{name}", environment.arn_of("glue", one))) for one in on)
        yield persona, Check("s3:GetBucketLocation", predictions, TLS)
        for action in ("PutObject", "AbortMultipartUpload", "GetObject"):
            yield persona, Check(f"s3:{action}", f"{predictions}/query-results/q.csv", TLS)
        yield from ((persona, one) for one in _keys(environment))
    for topic in environment.of("AWS::SNS::Topic"):
        yield ADMIN, Check("sns:ListSubscriptionsByTopic", topic.arn)
    for action in ALERTING:
        yield ADMIN, Check(action, "*")
    for name in BOOTSTRAP:
        role = f"cdk-hnb659fds-{name}-role-{environment.account}-{environment.region}"
        for action in ("AssumeRole", "SetSourceIdentity"):
            yield ADMIN, Check(f"sts:{action}", f"arn:aws:iam::{environment.account}:role/{role}")


def _keys(environment: Environment) -> Iterator[Check]:
    key = environment.resources["Storage/Keys/Data"].arn
    via = {"kms:ViaService": f"s3.{environment.region}.amazonaws.com"}
    yield from (Check(f"kms:{action}", key, via) for action in ("GenerateDataKey", "Decrypt"))


def _watching(environment: Environment) -> Iterator[Call]:
    """What `criba runs` calls for any workflow: the journey watches runs of some."""
    for workflow in WORKFLOWS:
        machine = environment.arn_of(
            "states", f"stateMachine:Criba-{environment.name}-Pipeline-{workflow.capitalize()}"
        )
        execution = f"{machine.replace(':stateMachine:', ':execution:')}:r-1"
        yield Call("states", "ListExecutions", {"StateMachineArn": machine})
        for operation in ("DescribeExecution", "GetExecutionHistory"):
            yield Call("states", operation, {"ExecutionArn": execution})


def _registration(environment: Environment) -> Call:
    (group,) = environment.of("AWS::SageMaker::ModelPackageGroup")
    (repository,) = environment.of("AWS::ECR::Repository")
    models = environment.resources["Storage/Models/Bucket"].name
    image = f"{environment.account}.dkr.ecr.{environment.region}.amazonaws.com/{repository.name}@sha256:0"
    container = {"Image": image, "ModelDataUrl": f"s3://{models}/trained/job/output/model.tar.gz"}
    parameters = {"ModelPackageGroupName": group.name, "ModelApprovalStatus": "PendingManualApproval"}
    return Call(
        "sagemaker", "CreateModelPackage", {**parameters, "InferenceSpecification": {"Containers": [container]}}
    )
