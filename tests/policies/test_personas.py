"""What people may do: the matrix typed by hand, and who may become whom."""

from typing import Any

import aws_cdk as cdk
import pytest

from criba.commands import backfill, erase, quarantine
from stacks.constructs.identity import person_trust
from tests.policies import matrix, passing, trusts
from tests.policies.deployed import Environment, Role, synthesized
from tests.policies.trusts import Taking

ACCOUNT = "111111111111"
SAML = f"arn:aws:iam::{ACCOUNT}:saml-provider/Corporate"
CENTER = "arn:aws:sso:::instance/ssoins-1234567890abcdef"
USER = f"arn:aws:iam::{ACCOUNT}:user/ana"


def test_every_cell_of_the_matrix_comes_out_as_it_was_typed(environment: Environment) -> None:
    asked = matrix.cells()
    assert len(asked) >= 300
    assert sum(cell.expected for cell in asked) >= 80
    assert {row.action for row in matrix.rows()} >= {"sts:AssumeRole", "iam:PassRole"}
    assert matrix.wrong(environment) == []


def test_every_persona_is_below_the_boundary_and_has_a_short_session(environment: Environment) -> None:
    for place in matrix.COLUMNS.values():
        role = environment.roles[place]
        assert role.boundary is not None, place
        hours = environment.resources[place].properties["MaxSessionDuration"] / 3600
        assert hours == (1 if place in ("Access/Admin/Role", "Access/Source-web-form/Role") else 4), place


def test_the_command_line_refuses_on_the_laptop_whom_policies_refuse_on_aws() -> None:
    may = {row.says: row.may for row in matrix.rows()}
    assert may["start a backfill"] == backfill.PERSONAS
    assert may["read the quarantine"] == may["write a redrive's ticket"] == quarantine.PERSONAS
    assert may["ask for an erasure"] == erase.ASKING
    assert may["approve an erasure"] == may["run an erasure"] == erase.APPROVING


def test_no_role_of_two_environments_has_the_same_name() -> None:
    names = [
        role.name for name in ("dev", "local") for role in synthesized(name).roles.values() if "criba" in role.name
    ]
    assert len(names) == len(set(names)) == 16
    assert max(map(len, names)) + 8 - len("local") <= 64


def test_nobody_takes_a_role_but_the_service_that_runs_as_it_for_this_account(environment: Environment) -> None:
    asked = list(trusts.takings(environment))
    assert len(asked) > 500
    assert trusts.wrong(asked) == []


def test_a_role_is_given_to_sagemaker_by_the_workflows_that_need_it_and_by_nobody_else(
    environment: Environment,
) -> None:
    asked = list(passing.passings(environment))
    assert {str(one) for one in asked if one.expected} >= {
        "Pipeline/Training/Train/Role gives Pipeline/JobRoles/Job to sagemaker.amazonaws.com",
        "Pipeline/Promotion/Promote/Role gives Pipeline/JobRoles/Model to sagemaker.amazonaws.com",
        "Pipeline/Scoring/Score/Role gives Pipeline/JobRoles/Job to sagemaker.amazonaws.com",
    }
    assert passing.wrong(environment, asked) == []


def trusted(provider: str | None, *, break_glass: bool = False) -> Role:
    """A role for data scientists under settings with this identity provider."""
    stack = cdk.Stack(cdk.App(), "S", env=cdk.Environment(account=ACCOUNT, region="eu-west-1"))
    name = "criba-dev-data-scientist"
    statements = person_trust(stack, role_name=name, provider=provider, break_glass=break_glass)
    told = [_plain(stack.resolve(one.to_statement_json())) for one in statements]
    return Role("R", f"arn:aws:iam::{ACCOUNT}:role/{name}", {"Version": "2012-10-17", "Statement": told}, {}, None)


def _plain(value: Any) -> Any:
    """A resolved statement with the partition in its place."""
    match value:
        case {"Ref": "AWS::Partition"}:
            return "aws"
        case {"Fn::Join": [_, parts]}:
            return "".join(map(_plain, parts))
        case dict():
            return {key: _plain(one) for key, one in value.items()}
        case list():
            return [_plain(one) for one in value]
    return value


def named(name: str) -> dict[str, str]:
    return {"sts:RoleSessionName": name, "sts:SourceIdentity": name}


def without(context: dict[str, str], word: str) -> dict[str, str]:
    return {name: value for name, value in context.items() if word not in name}


def test_users_take_a_persona_under_their_own_name_and_with_mfa_alone() -> None:
    role, take = trusted(None), "sts:AssumeRole"
    mfa = {"aws:MultiFactorAuthPresent": "true", "aws:MultiFactorAuthAge": "60"}
    good = {**named("ana"), **mfa, "aws:username": "ana"}
    cases = [
        (role, USER, take, good, True),
        (role, USER, take, {**good, "aws:MultiFactorAuthPresent": "false"}, False),
        (role, USER, take, without(good, "MultiFactor"), False),
        (role, USER, take, {**good, "aws:MultiFactorAuthAge": "7200"}, False),
        (role, USER, take, {**good, "sts:SourceIdentity": "berta"}, False),
        (role, USER, take, {**good, "sts:RoleSessionName": "berta"}, False),
        (role, USER, take, without(good, "SourceIdentity"), False),
        (role, USER, "sts:SetSourceIdentity", {"sts:SourceIdentity": "ana", "aws:username": "ana"}, True),
        (role, USER, "sts:SetSourceIdentity", {"sts:SourceIdentity": "berta", "aws:username": "ana"}, False),
        (role, USER, "sts:TagSession", {"aws:RequestTag/criba:break-glass": "yes"}, False),
        (role, "arn:aws:iam::999999999999:user/ana", take, good, False),
    ]
    assert trusts.wrong([Taking(*one) for one in cases]) == []


def test_who_signs_in_by_identity_center_comes_from_the_personas_permission_set() -> None:
    role, take = trusted(CENTER), "sts:AssumeRole"

    def of(permission_set: str) -> str:
        path = "aws-reserved/sso.amazonaws.com/eu-west-1"
        return f"arn:aws:iam::{ACCOUNT}:role/{path}/AWSReservedSSO_{permission_set}_0123456789abcdef"

    good = {**named("ana"), "aws:PrincipalTag/UserName": "ana"}
    cases = [
        (role, of("criba-dev-data-scientist"), take, good, True),
        (role, of("criba-dev-ml-engineer"), take, good, False),
        (role, of("criba-prod-data-scientist"), take, good, False),
        (role, f"arn:aws:iam::{ACCOUNT}:role/AWSReservedSSO_criba-dev-data-scientist_0", take, good, False),
        (role, of("criba-dev-data-scientist"), take, {**good, "sts:SourceIdentity": "berta"}, False),
        (role, of("criba-dev-data-scientist"), take, named("ana"), False),
    ]
    assert trusts.wrong([Taking(*one) for one in cases]) == []


def test_who_signs_in_by_saml_bears_the_name_that_the_provider_gave() -> None:
    role, take = trusted(SAML), "sts:AssumeRoleWithSAML"
    good = {**named("ana"), "saml:aud": "https://signin.aws.amazon.com/saml"}
    cases = [
        (role, SAML, take, good, True),
        (role, SAML, take, {**good, "saml:aud": "https://elsewhere.example"}, False),
        (role, SAML, take, {**good, "sts:RoleSessionName": "berta"}, False),
        (role, SAML, take, without(good, "SourceIdentity"), False),
        (role, SAML, "sts:SetSourceIdentity", {"sts:SourceIdentity": "ana"}, True),
        (role, SAML.replace("Corporate", "Other"), take, good, False),
    ]
    assert trusts.wrong([Taking(*one) for one in cases]) == []


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"aws:RequestTag/criba:break-glass": "yes", "aws:TagKeys": ["criba:break-glass"]}, True),
        ({"aws:RequestTag/criba:break-glass": "no", "aws:TagKeys": ["criba:break-glass"]}, False),
        ({"aws:RequestTag/criba:break-glass": "yes", "aws:TagKeys": ["criba:break-glass", "criba:source"]}, False),
    ],
)
def test_only_the_tag_of_an_emergency_can_be_given_to_a_session(tags: dict[str, Any], expected: bool) -> None:
    taking = Taking(trusted(None, break_glass=True), USER, "sts:TagSession", tags, expected)
    assert trusts.wrong([taking]) == []


def test_a_source_lands_by_the_role_that_its_principal_or_its_tag_gives(environment: Environment) -> None:
    role, take = environment.roles["Access/Source-web-form/Role"], "sts:AssumeRole"
    export = f"arn:aws:iam::{ACCOUNT}:role/export"
    cases = [
        (role, export, take, {"aws:PrincipalTag/criba:source": "web-form"}, True),
        (role, export, take, {"aws:PrincipalTag/criba:source": "app"}, False),
        (role, export, take, {}, False),
        (role, "arn:aws:iam::999999999999:role/export", take, {"aws:PrincipalTag/criba:source": "web-form"}, False),
    ]
    assert trusts.wrong([Taking(*one) for one in cases]) == []
