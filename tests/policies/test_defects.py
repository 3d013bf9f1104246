"""Planted defects: each turns the proof red, and the proof names the very cell, call or grant."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from tests.policies import grants, matrix, passing, proof, trusts
from tests.policies.deployed import Environment

Statement = dict[str, Any]


@pytest.fixture
def broken(environment: Environment) -> Environment:
    """A copy to spoil."""
    templates = copy.deepcopy(environment.templates)
    return Environment(environment.name, environment.account, environment.region, templates)


def resource(environment: Environment, stack: str, start: str, type_: str) -> dict[str, Any]:
    """Properties of the resource whose logical id begins so."""
    (found,) = [
        one["Properties"]
        for id_, one in environment.templates[stack]["Resources"].items()
        if id_.startswith(start) and one["Type"] == f"AWS::IAM::{type_}"
    ]
    return found


def statements(environment: Environment, stack: str, start: str) -> list[Statement]:
    policy: dict[str, Any] = resource(environment, stack, start, "Policy")
    found: list[Statement] = policy["PolicyDocument"]["Statement"]
    return found


def drop(found: list[Statement], is_it: Callable[[Statement], bool]) -> None:
    before = len(found)
    found[:] = [one for one in found if not is_it(one)]
    assert len(found) < before


def unexplained(environment: Environment) -> list[tuple[str, str, str]]:
    unused = [(one.role, one.action, one.resource) for one in proof.prove(environment).unused()]
    return grants.unexplained(unused, grants.register("unused"))


def test_a_wildcard(broken: Environment) -> None:
    statements(broken, "Pipeline", "CleanMessagesRole").append({"Effect": "Allow", "Action": "s3:*", "Resource": "*"})
    stars = [(one.role, one.action, one.resource) for one in proof.prove(broken).stars()]
    assert grants.unexplained(stars, grants.register("wildcard")) == [("Pipeline/CleanMessages/Role", "s3:*", "*")]


def test_a_role_that_may_be_passed_to_any_service(broken: Environment) -> None:
    statements(broken, "Access", "DataScientistRole").append(
        {"Effect": "Allow", "Action": "iam:PassRole", "Resource": broken.roles["Pipeline/JobRoles/Job"].arn}
    )
    ceiling = resource(broken, "Access", "Boundary", "ManagedPolicy")["PolicyDocument"]["Statement"]
    drop(ceiling, lambda one: one["Sid"] == "NobodyLiftsTheBoundary")
    ceiling[0]["Action"].append("iam:PassRole")
    fresh = Environment(broken.name, broken.account, broken.region, broken.templates)
    assert [one for one in matrix.wrong(fresh) if "PassRole" in one and "administrator" not in one] == [
        "data-scientist: give SageMaker the jobs' role (iam:PassRole on job-role) is allowed",
        "data-scientist: give EC2 the jobs' role (iam:PassRole on job-role) is allowed",
    ]


def test_a_workflow_that_may_give_its_jobs_role_to_any_service(broken: Environment) -> None:
    (one,) = [one for one in statements(broken, "Pipeline", "ScoringScoreRole") if one["Action"] == "iam:PassRole"]
    del one["Condition"]
    assert passing.wrong(broken, list(passing.passings(broken))) == [
        f"Pipeline/Scoring/Score/Role gives Pipeline/JobRoles/Job to {service}.amazonaws.com: allowed"
        for service in ("glue", "ec2")
    ]


def test_a_data_scientist_who_may_approve(broken: Environment) -> None:
    found = statements(broken, "Access", "DataScientistRole")
    drop(found, lambda one: one.get("Sid") == "NeverApprove")
    found.append({"Effect": "Allow", "Action": "sagemaker:UpdateModelPackage", "Resource": "*"})
    cell = "data-scientist: approve a version of somebody else's run (sagemaker:UpdateModelPackage on package)"
    assert f"{cell} is allowed" in matrix.wrong(broken)


def test_an_ml_engineer_who_may_approve_their_own_run(broken: Environment) -> None:
    drop(statements(broken, "Access", "MlEngineerRole"), lambda one: one.get("Sid") == "NeverOnesOwnRun")
    assert matrix.wrong(broken)[:1] == [
        "ml-engineer: approve a version of a run that they started themselves "
        "(sagemaker:UpdateModelPackage on package) is allowed"
    ]


def test_a_removed_boundary(broken: Environment) -> None:
    role = resource(broken, "Access", "AdminRole", "Role")
    del role["PermissionsBoundary"]
    found = matrix.wrong(broken)
    assert "admin as an administrator: stop a trail (cloudtrail:StopLogging on trail) is allowed" in found
    assert all(one.startswith("admin as an administrator: ") for one in found)


def test_a_public_trust(broken: Environment) -> None:
    trust = resource(broken, "Pipeline", "JobRolesJob", "Role")["AssumeRolePolicyDocument"]
    trust["Statement"].append({"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"})
    found = trusts.wrong(list(trusts.takings(broken)))
    assert "arn:aws:iam::999999999999:role/anybody takes Pipeline/JobRoles/Job by sts:AssumeRole: allowed" in found


def test_a_trust_for_any_account(broken: Environment) -> None:
    trust = resource(broken, "Pipeline", "CleanMessagesRole", "Role")["AssumeRolePolicyDocument"]
    del trust["Statement"][0]["Condition"]
    (found,) = trusts.wrong(list(trusts.takings(broken)))
    taken = "glue.amazonaws.com takes Pipeline/CleanMessages/Role by sts:AssumeRole"
    assert found.startswith(f"{taken} (aws:SourceAccount 999999999999, ") and found.endswith(": allowed")


def test_a_permission_that_sync_needs_is_missing(broken: Environment) -> None:
    drop(statements(broken, "Pipeline", "TrainingTrainRole"), lambda one: "events:PutRule" in one["Action"])
    found = proof.prove(broken).wrong()
    rule = "arn:aws:events:eu-west-1:111111111111:rule/StepFunctionsGetEventsForSageMakerTrainingJobsRule"
    assert f"Pipeline/Training/Train/Role: events:PutRule on {rule} (state 'Train': events:PutRule) is denied" in found


def test_a_grant_that_nobody_uses(broken: Environment) -> None:
    statements(broken, "Pipeline", "BuildBatchRole").append(
        {"Effect": "Allow", "Action": "s3:DeleteObject", "Resource": broken.resources["Storage/Raw/Bucket"].arn + "/*"}
    )
    fresh = Environment(broken.name, broken.account, broken.region, broken.templates)
    assert unexplained(fresh) == [("Pipeline/BuildBatch/Role", "s3:DeleteObject", "arn:aws:s3:::storage.raw.bucket/*")]


def test_a_key_policy_that_lets_the_account_no_longer_in(broken: Environment) -> None:
    key = next(
        one["Properties"]
        for id_, one in broken.templates["Storage"]["Resources"].items()
        if id_.startswith("KeysData") and one["Type"] == "AWS::KMS::Key"
    )
    key["KeyPolicy"]["Statement"][0]["Principal"] = {"AWS": "arn:aws:iam::999999999999:root"}
    assert any("kms:Decrypt on" in one and "is denied" in one for one in proof.prove(broken).wrong())


def test_a_bucket_that_refuses_everybody(broken: Environment) -> None:
    policy = next(
        one["Properties"]["PolicyDocument"]
        for id_, one in broken.templates["Storage"]["Resources"].items()
        if id_.startswith("Predictions") and one["Type"] == "AWS::S3::BucketPolicy"
    )
    policy["Statement"].append({"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"})
    assert any("s3:GetObject on arn:aws:s3:::storage.predictions.bucket" in one for one in proof.prove(broken).wrong())


def test_a_key_that_lets_no_alarm_tell_an_encrypted_topic(broken: Environment) -> None:
    key = next(
        one["Properties"]["KeyPolicy"]
        for id_, one in broken.templates["Storage"]["Resources"].items()
        if id_.startswith("KeysServices") and one["Type"] == "AWS::KMS::Key"
    )
    drop(key["Statement"], lambda one: one.get("Sid") == "ServeCloudwatch")
    found = proof.prove(broken).wrong()
    services = "arn:aws:kms:eu-west-1:111111111111:key/Storage.Keys.Services"
    assert [one.partition(" (")[0] for one in found] == [
        f"cloudwatch.amazonaws.com: kms:{action} on {services}" for action in ("Decrypt", "GenerateDataKey")
    ]
