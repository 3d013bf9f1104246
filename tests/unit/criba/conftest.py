"""A deployed environment `dev` as AWS would answer for it (moto), and the command line to ask it with."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

import boto3
import botocore.session
import pytest
from moto import mock_aws

from criba.cli import main

ACCOUNT = "111111111111"
REGION = "eu-west-1"
GLUE_CAUSE = json.dumps(
    {
        "JobName": "criba-dev-CleanMessages",
        "JobRunState": "FAILED",
        "ErrorMessage": "1,000 records landed, 990 accounted for",
    }
)
MACHINES = {
    "Launch": {"Type": "Succeed"},
    "Train": {"Type": "Pass", "Next": "Train"},
    "Promote": {"Type": "Succeed"},
    "Measure": {"Type": "Succeed"},
    "Backfill": {"Type": "Succeed"},
    "Score": {"Type": "Fail", "Error": "Criba.Failed", "Cause": GLUE_CAUSE},
}


JOBS = {"EraseJob": "EraseMessages", "ReconcileJob": "ReconcileRuns"}


@dataclass(frozen=True)
class Answer:
    """What a command printed and left with."""

    code: int
    out: str
    err: str

    @property
    def document(self):
        return json.loads(self.out)


@pytest.fixture(scope="package", autouse=True)
def _services_described_once() -> Iterator[None]:
    """Let all sessions share what botocore reads of each service: most of a short command's time goes into it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(botocore.session, "create_loader", cache(botocore.session.create_loader))
        yield


@pytest.fixture
def criba(capsys: pytest.CaptureFixture[str]) -> Callable[..., Answer]:
    """Run `criba` with these arguments in this process."""

    def run(*arguments: str) -> Answer:
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            main(arguments)
        printed = capsys.readouterr()
        return Answer(int(left.value.code or 0), printed.out, printed.err)

    return run


@pytest.fixture
def dev(monkeypatch: pytest.MonkeyPatch) -> Iterator[boto3.Session]:
    """Buckets, machines, a package group and the stacks' outputs of `dev`, reached as the person `ines`."""
    for name, value in {"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s", "AWS_REGION": REGION}.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_SESSION_TOKEN", "CRIBA_ENV"):
        monkeypatch.delenv(name, raising=False)
    with mock_aws(config={"stepfunctions": {"execute_state_machine": True}}):
        role = f"arn:aws:iam::{ACCOUNT}:role/MLEngineer"
        taken = boto3.client("sts").assume_role(RoleArn=role, RoleSessionName="ines")["Credentials"]
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", taken["AccessKeyId"])
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", taken["SecretAccessKey"])
        monkeypatch.setenv("AWS_SESSION_TOKEN", taken["SessionToken"])
        session = boto3.Session(region_name=REGION)
        _deploy(session)
        yield session


def _deploy(session: boto3.Session) -> None:
    names = ("Raw", "Curated", "Models", "Predictions", "Monitoring")
    buckets = {f"{name}Bucket": f"{name.lower()}-bucket" for name in names}
    s3, states = session.client("s3"), session.client("stepfunctions")
    for bucket in buckets.values():
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    machines = {}
    for name, first in MACHINES.items():
        definition = {"StartAt": "Clean messages", "States": {"Clean messages": first, "Train": {"Type": "Succeed"}}}
        made = states.create_state_machine(
            name=name, definition=json.dumps(definition), roleArn=f"arn:aws:iam::{ACCOUNT}:role/{name}"
        )
        machines[f"{name}StateMachine"] = made["stateMachineArn"]
    stacks = {
        "Criba-dev-Storage": {**buckets, "ModelPackageGroup": "criba-dev", "RepositoryUri": "repository"},
        "Criba-dev-Pipeline": {
            **machines,
            "BusinessEventBus": "bus",
            "ChampionParameter": "/criba/dev/champion",
            **JOBS,
        },
    }
    cloudformation = session.client("cloudformation")
    for name, outputs in stacks.items():
        cloudformation.create_stack(StackName=name, TemplateBody=json.dumps(template(outputs)))


def template(outputs: dict[str, str]) -> dict[str, object]:
    """A stack of one topic with these outputs."""
    return {
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
        "Outputs": {key: {"Value": value} for key, value in outputs.items()},
    }
