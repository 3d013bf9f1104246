"""`criba audit`: who trained, approved, deployed and scored, from the registry, the ledgers and CloudTrail."""

import json
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from criba import audit as records
from criba.aws import Aws, connect

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
PACKAGE = "arn:aws:sagemaker:eu-west-1:111111111111:model-package/criba-dev/1"
IMAGE = f"repository@sha256:{'0' * 64}"


def ledger(workflow: str, run_id: str, **more: Any) -> dict[str, Any]:
    return {
        "workflow": workflow,
        "run_id": run_id,
        "status": "SUCCEEDED",
        "started_by": "arn:aws:sts::111111111111:assumed-role/Engineer/ines",
        "started_at": "2026-11-24T10:00:00Z",
        "ended_at": "2026-11-24T11:00:00Z",
        "code_version": "abc",
        "image": IMAGE,
        "model": None,
        "inputs": {"list": f"s3://curated-bucket/runs/{workflow}/{run_id}/inputs.json"},
        "counts": {"published": 7},
        **more,
    }


@pytest.fixture
def keep(dev):
    def kept(workflow: str, run_id: str, **more: Any) -> None:
        body = json.dumps(ledger(workflow, run_id, **more))
        dev.client("s3").put_object(
            Bucket="curated-bucket", Key=f"runs/{workflow}/{run_id}/ledger.json", Body=body.encode()
        )

    return kept


def audited(criba, *arguments: str) -> Any:
    found = criba("--env", "dev", "audit", *arguments, "--json")
    assert found.code == 0, found.err
    return found.document


def event(arn: str, **more: Any) -> dict[str, Any]:
    told = {
        "eventTime": "2026-11-24T12:00:00Z",
        "sourceIPAddress": "192.0.2.1",
        "userIdentity": {"arn": "arn:aws:sts::1:assumed-role/MLEngineer/ada"},
        "requestParameters": {"modelPackageArn": arn, "modelApprovalStatus": "Approved"},
        **more,
    }
    return {"EventName": "UpdateModelPackage", "CloudTrailEvent": json.dumps(told)}


DESCRIBED = {
    "ModelPackageName": "criba-dev",
    "ModelPackageVersion": 1,
    "ModelPackageArn": PACKAGE,
    "ModelPackageStatus": "Completed",
    "ModelPackageStatusDetails": {"ValidationStatuses": []},
    "CreationTime": NOON,
    "LastModifiedTime": NOON,
    "LastModifiedBy": {"IamIdentity": {"Arn": "arn:aws:sts::1:assumed-role/MLEngineer/ada"}},
    "ModelApprovalStatus": "Approved",
    "ApprovalDescription": "better on Portuguese",
    "CustomerMetadataProperties": {
        "run_id": "spring",
        "started_by": "arn:aws:sts::1:assumed-role/Scientist/luis",
        "data_hash": "d1",
        "code_version": "abc",
        "image_digest": "sha256:1",
    },
}


def answering(service: str, *answers: tuple[str, dict[str, Any]]) -> Any:
    """A client whose calls are answered with these, checked against the service's own model."""
    client = boto3.client(service, region_name="eu-west-1", aws_access_key_id="k", aws_secret_access_key="s")
    stub = Stubber(client)
    for call, answer in answers:
        stub.add_response(call, answer)
    stub.activate()
    return client


@pytest.fixture
def registered(dev):
    """The environment as its registry and CloudTrail answer for one approved version."""
    here = connect("dev")
    listed = {"ModelPackageArn": PACKAGE, "CreationTime": NOON, "ModelPackageStatus": "Completed"}
    here.__dict__["sagemaker"] = answering(
        "sagemaker",
        ("list_model_packages", {"ModelPackageSummaryList": [{**listed, "ModelPackageGroupName": "criba-dev"}]}),
        ("describe_model_package", DESCRIBED),
        ("describe_model_package", DESCRIBED),
    )
    here.__dict__["cloudtrail"] = answering("cloudtrail", ("lookup_events", {"Events": [event(PACKAGE)]}))
    return here


def test_a_version_tells_who_trained_decided_deployed_and_scored(registered, keep):
    keep("train", "spring")
    keep("promote", "ship", model={"version": 1, "approved_by": "arn:aws:sts::1:assumed-role/MLEngineer/ada"})
    keep("promote", "another", model={"version": 2})
    keep("score", "night", model={"version": 1})
    keep("score", "failed", model={"version": 1}, status="FAILED")
    found = records.of_model(registered, 1)
    assert found["trained"] == {
        "run_id": "spring",
        "by": "arn:aws:sts::1:assumed-role/Scientist/luis",
        "at": "2026-11-24T12:00:00+00:00",
        "data_hash": "d1",
        "inputs": "s3://curated-bucket/runs/train/spring/inputs.json",
        "code_version": "abc",
        "image": "sha256:1",
    }
    assert found["decided"] == {
        "what": "Approved",
        "by": "arn:aws:sts::1:assumed-role/MLEngineer/ada",
        "at": "2026-11-24T12:00:00+00:00",
        "why": "better on Portuguese",
    }
    assert [one["by"] for one in found["on_record"]] == ["arn:aws:sts::1:assumed-role/MLEngineer/ada"]
    assert [(one["run_id"], one["approved_by"]) for one in found["deployed"]] == [
        ("ship", "arn:aws:sts::1:assumed-role/MLEngineer/ada")
    ]
    assert [(one["run_id"], one["published"]) for one in found["scored"]] == [("night", 7)]


def test_a_run_tells_who_started_it_with_which_data_code_and_model(criba, dev, keep):
    keep("score", "night", model={"version": 1, "package_arn": PACKAGE})
    found = audited(criba, "--run", "night")
    assert found["started"] == {
        "by": "arn:aws:sts::111111111111:assumed-role/Engineer/ines",
        "at": "2026-11-24T10:00:00Z",
    }
    assert (found["data"], found["code_version"], found["image"]) == (
        "s3://curated-bucket/runs/score/night/inputs.json",
        "abc",
        IMAGE,
    )
    assert found["model"] == {"version": 1, "package_arn": PACKAGE}
    told = criba("--env", "dev", "audit", "--run", "night").out
    assert "Engineer/ines" in told


def test_a_run_that_nobody_knows_is_refused_and_so_is_asking_for_two_things_or_none(criba, dev):
    told = criba("--env", "dev", "audit", "--run", "nothing")
    assert (told.code, "run nothing is not known" in told.err) == (1, True)
    for arguments in ((), ("--run", "night", "--model", "1")):
        told = criba("--env", "dev", "audit", *arguments)
        assert (told.code, "one of them" in told.err) == (2, True)


def test_cloudtrail_is_asked_for_the_decisions_on_this_very_package():
    here = Aws("prod", boto3.Session())
    client = boto3.client("cloudtrail", region_name="eu-west-1", aws_access_key_id="k", aws_secret_access_key="s")
    here.__dict__["cloudtrail"] = client
    told = {"ModelPackageArn": PACKAGE, "CreationTime": NOON, "LastModifiedTime": NOON}
    refused = event(PACKAGE, errorCode="AccessDenied")
    with Stubber(client) as stub:
        stub.add_response(
            "lookup_events",
            {"Events": [event(PACKAGE), event(f"{PACKAGE}0"), refused]},
            {
                "LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": "UpdateModelPackage"}],
                "StartTime": NOON,
                "EndTime": datetime(2026, 11, 24, 12, 5, tzinfo=UTC),
            },
        )
        found = list(records.in_cloudtrail(here, told))
    assert found[0] == {
        "what": "Approved",
        "by": "arn:aws:sts::1:assumed-role/MLEngineer/ada",
        "at": "2026-11-24T12:00:00Z",
        "from": "192.0.2.1",
        "refused": None,
    }
    assert [one["refused"] for one in found] == [None, "AccessDenied"]
