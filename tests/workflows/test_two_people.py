"""Who approved a model is not who started its training run, under whichever roles the two sessions were."""

import pytest

from tests.workflows.evaluation import chosen

SESSION = "arn:aws:sts::111111111111:assumed-role/criba-dev-{}/{}"
REFUSED, GOES_ON = "Refuse a self-approval", "Look for the model"


@pytest.mark.parametrize(
    ("approver", "source_identity", "starter", "next_"),
    [
        (SESSION.format("ml-engineer", "ana"), None, SESSION.format("data-scientist", "ana"), REFUSED),
        (SESSION.format("ml-engineer", "ana"), None, SESSION.format("data-scientist", "eva"), GOES_ON),
        (SESSION.format("ml-engineer", "SageMaker"), "ana", SESSION.format("admin", "ana"), REFUSED),
        (SESSION.format("ml-engineer", "SageMaker"), "eva", SESSION.format("admin", "ana"), GOES_ON),
        (SESSION.format("ml-engineer", "local"), None, SESSION.format("data-scientist", "local"), GOES_ON),
        (SESSION.format("ml-engineer", "ana"), None, "schedule", GOES_ON),
    ],
)
def test_a_person_is_the_same_under_two_roles(
    approver: str, source_identity: str | None, starter: str, next_: str
) -> None:
    package = {
        "ModelApprovalStatus": "Approved",
        "ApprovalDescription": "better on refunds",
        "ModelPackageVersion": 3,
        "LastModifiedBy": {
            "IamIdentity": {"Arn": approver, **({"SourceIdentity": source_identity} if source_identity else {})}
        },
        "CustomerMetadataProperties": {"started_by": starter},
    }
    context = {"Execution": {"Input": {"trigger": {"kind": "approval"}}}}
    assert chosen("promote", "May it be promoted?", package=package, context=context) == next_
