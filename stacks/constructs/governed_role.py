"""GovernedRole: a named role below the permissions boundary, with a trust policy written out in full."""

from collections.abc import Sequence

from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from constructs import Construct


class GovernedRole(Construct):
    """What people, and the sources of messages, work under."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        trust: Sequence[iam.PolicyStatement],
        hours: int,
        rights: Sequence[iam.PolicyStatement],
        boundary: iam.IManagedPolicy,
    ) -> None:
        super().__init__(scope, id_)
        self.role = iam.Role(
            self,
            "Role",
            role_name=name,
            assumed_by=iam.AccountRootPrincipal(),
            max_session_duration=Duration.hours(hours),
            permissions_boundary=boundary,
        )
        resource = self.role.node.default_child
        assert isinstance(resource, iam.CfnRole)  # noqa: S101 - narrows the type
        # One principal gives one statement, and a trust needs several: replace what the role was made with.
        resource.assume_role_policy_document = iam.PolicyDocument(statements=list(trust))
        for statement in rights:
            self.role.add_to_policy(statement)
