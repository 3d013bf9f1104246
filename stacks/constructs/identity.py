"""Identity: how people, Studio and sources come to take a role; people always under their own name.

`sts:SourceIdentity` is that name. It stays with the session whatever it does, so CloudTrail and the model registry
name the person; the session bears it too.
"""

from typing import Any

from aws_cdk import Arn, ArnFormat, Aws, Stack
from aws_cdk import aws_iam as iam
from constructs import Construct

SIGN_IN = "https://signin.aws.amazon.com/saml"
MFA_SECONDS = 3600
BREAK_GLASS = "criba:break-glass"
"""Session tag under which an Admin reads raw messages; that it was taken stands in CloudTrail."""


def person_trust(
    scope: Construct, *, role_name: str, provider: str | None, break_glass: bool
) -> list[iam.PolicyStatement]:
    """Who may take a persona's role: those whom `provider` signed in, or without it the account's users with MFA."""
    principal, action, signed_in, name = _signed_in(scope, role_name, provider)
    bears_it = {"StringEquals": {"sts:SourceIdentity": name}} if name else {"StringLike": {"sts:SourceIdentity": "?*"}}
    session = {"sts:RoleSessionName": name or "${sts:SourceIdentity}"}
    equal = {**signed_in.get("StringEquals", {}), **bears_it.get("StringEquals", {}), **session}
    trust = [
        _trust("TakeTheRole", principal, action, {**signed_in, **bears_it, "StringEquals": equal}),
        _trust("BearOnesName", principal, "sts:SetSourceIdentity", bears_it),
    ]
    if break_glass:
        tagged = {f"aws:RequestTag/{BREAK_GLASS}": "yes"}
        only = {"aws:TagKeys": [BREAK_GLASS]}
        conditions = {"StringEquals": tagged, "ForAllValues:StringEquals": only}
        trust.append(_trust("BreakTheGlass", principal, "sts:TagSession", conditions))
    return trust


def studio_trust(scope: Construct) -> list[iam.PolicyStatement]:
    """Studio takes the role for a user profile of this account, and gives the session the profile's name."""
    return [
        iam.PolicyStatement(
            sid="StudioForAPerson",
            principals=[iam.ServicePrincipal("sagemaker.amazonaws.com")],
            actions=["sts:AssumeRole", "sts:SetSourceIdentity"],
            conditions={"StringEquals": {"aws:SourceAccount": Stack.of(scope).account}},
        )
    ]


def source_trust(scope: Construct, *, source: str, principal: str | None) -> list[iam.PolicyStatement]:
    """What may land a source's messages: one principal, or whatever in this account is tagged as the source."""
    # The account is named and the principal is a condition: IAM refuses to name one that does not exist yet.
    account = Stack.of(scope).account
    if principal:
        account = Arn.split(principal, ArnFormat.SLASH_RESOURCE_NAME).account or account
        who = {"ArnEquals": {"aws:PrincipalArn": principal}}
    else:
        who = {"StringEquals": {"aws:PrincipalTag/criba:source": source}}
    return [_trust("LandItsMessages", _root(account), "sts:AssumeRole", who)]


def _signed_in(
    scope: Construct, role_name: str, provider: str | None
) -> tuple[iam.IPrincipal, str, dict[str, Any], str | None]:
    """The principal, how it takes a role, on what condition, and the person's name where IAM can hold them to it.

    A SAML provider gives the name itself, as the session's name and as `SourceIdentity`: people cannot choose it.
    """
    account = Stack.of(scope).account
    if provider is None:
        mfa = {
            "Bool": {"aws:MultiFactorAuthPresent": "true"},
            "NumericLessThan": {"aws:MultiFactorAuthAge": str(MFA_SECONDS)},
        }
        return _root(account), "sts:AssumeRole", mfa, "${aws:username}"
    if ":saml-provider/" in provider:
        audience = {"StringEquals": {"SAML:aud": SIGN_IN}}
        return iam.FederatedPrincipal(provider), "sts:AssumeRoleWithSAML", audience, None
    # Identity Center makes a role of each permission set, and can tell it the person's name as an attribute.
    made = f"arn:{Aws.PARTITION}:iam::{account}:role/aws-reserved/sso.amazonaws.com/*AWSReservedSSO_{role_name}_*"
    return _root(account), "sts:AssumeRole", {"ArnLike": {"aws:PrincipalArn": made}}, "${aws:PrincipalTag/UserName}"


def _trust(sid: str, principal: iam.IPrincipal, action: str, conditions: dict[str, Any]) -> iam.PolicyStatement:
    return iam.PolicyStatement(sid=sid, principals=[principal], actions=[action], conditions=conditions)


def _root(account: str) -> iam.ArnPrincipal:
    """Everybody in an account whom the account's own policies let."""
    return iam.ArnPrincipal(f"arn:{Aws.PARTITION}:iam::{account}:root")
