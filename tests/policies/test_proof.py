"""Least privilege: every call that a role makes is allowed, and nothing that no call needs is granted."""

from collections import Counter

import pytest

from tests.policies import actions, grants, simulator
from tests.policies.actions import Call, UnmappedCall
from tests.policies.deployed import Environment
from tests.policies.proof import Proof
from tests.policies.simulator import Check


def test_every_call_of_every_role_is_allowed_and_what_is_to_be_refused_is_refused(proved: Proof) -> None:
    assert proved.wrong() == []


def test_every_role_makes_calls(proved: Proof, environment: Environment) -> None:
    asked = Counter(one.role for one in proved.questions)
    idle = {place for place in environment.roles if not asked[place]}
    assert idle == set()
    assert len(proved.questions) > 800


def test_the_proof_has_calls_of_all_origins(proved: Proof) -> None:
    origins = Counter(one.source.partition(":")[0].partition(" ")[0] for one in proved.questions)
    assert {"recorded", "Spark", "state", "SageMaker", "Job", "Rule", "Schedule", "StateMachine"} <= set(origins)
    assert origins["recorded"] > 150


def test_no_grant_is_unused_but_for_those_in_the_register(proved: Proof) -> None:
    unused = [(one.role, one.action, one.resource) for one in proved.unused()]
    assert grants.unexplained(unused, grants.register("unused")) == []


def test_no_grant_stands_on_everything_but_for_those_in_the_register(proved: Proof) -> None:
    stars = [(one.role, one.action, one.resource) for one in proved.stars()]
    assert grants.unexplained(stars, grants.register("wildcard")) == []


@pytest.mark.parametrize("part", ["unused", "wildcard", "refused"])
def test_no_entry_of_the_register_is_stale_or_says_no_reason(proved: Proof, part: str) -> None:
    needed = {
        "unused": [(one.role, one.action, one.resource) for one in proved.unused()],
        "wildcard": [(one.role, one.action, one.resource) for one in proved.stars()],
        "refused": [(one.role, one.check.action, one.check.resource) for one in proved.questions],
    }
    entries = grants.register(part)
    assert grants.stale(entries, needed[part]) == []
    assert [one for one in entries if len(one.reason) < 20] == []


def test_a_wildcard_stands_for_actions_without_a_type_of_resource(proved: Proof) -> None:
    """A metric belongs to no OpenTelemetry data set, and composite alarms are told to those who may see all."""
    named = {one.action for one in proved.stars()}
    typed = named - simulator.without_resource_type(named)
    assert typed == {"cloudwatch:PutMetricData", "cloudwatch:DescribeAlarms"}


def test_a_call_that_nobody_has_mapped_fails_by_name(environment: Environment) -> None:
    with pytest.raises(UnmappedCall, match="s3:PutBucketAcl"):
        actions.checks(environment, Call("s3", "PutBucketAcl", {"Bucket": "b"}))


def test_a_context_key_that_does_not_belong_to_the_action_is_noticed(environment: Environment) -> None:
    role = environment.roles["Access/DataEngineer/Role"]
    check = Check("ssm:GetParameter", environment.arn_of("ssm", "parameter/x"), {"sagemaker:VolumeKmsKey": "k"})
    (verdict,) = simulator.ask(environment, [(role, check)])
    assert verdict.ignored == ("sagemaker:VolumeKmsKey",)


def test_an_action_that_does_not_exist_is_an_error_and_no_refusal(environment: Environment) -> None:
    role = environment.roles["Access/DataEngineer/Role"]
    (verdict,) = simulator.ask(environment, [(role, Check("s3:GetObjekt", "arn:aws:s3:::b/k"))])
    assert verdict.error


def test_policies_stay_below_iams_sizes(environment: Environment) -> None:
    """10,240 characters for all inline policies of a role, 6,144 for a managed one, white space apart."""
    for resource in environment.of("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"):
        size = len("".join(str(resource.properties["PolicyDocument"]).split()))
        assert size < (10_240 if resource.type.endswith("::Policy") else 6_144), resource.place


def test_only_the_passed_service_gets_a_role(environment: Environment) -> None:
    passing = [
        (role.place, statement)
        for role in environment.roles.values()
        for statement in role.statements()
        if "iam:PassRole" in str(statement["Action"])
    ]
    assert {place for place, _ in passing} >= {"Pipeline/Training/Train/Role", "Pipeline/Promotion/Promote/Role"}
    for place, statement in passing:
        assert statement["Condition"] == {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}, place
        assert "*" not in str(statement["Resource"]), place
