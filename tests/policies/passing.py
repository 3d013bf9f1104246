"""Who may give which role to which service: what workflows need, and no other pair."""

from collections.abc import Iterator
from dataclasses import dataclass

from tests.policies import actions, simulator, workflows
from tests.policies.deployed import Environment, Role
from tests.policies.simulator import Check

SERVICES = ("sagemaker", "glue", "ec2")


@dataclass(frozen=True)
class Passing:
    """A role gives another to a service, and whether that must work."""

    role: Role
    given: Role
    service: str
    expected: bool

    def __str__(self) -> str:
        return f"{self.role.place} gives {self.given.place} to {self.service}"


def passings(environment: Environment) -> Iterator[Passing]:
    """Every role with every other and some services."""
    needed = {
        (place, check.resource, check.context["iam:PassedToService"])
        for place, _, call in workflows.calls(environment)
        for check in actions.checks(environment, call)
        if check.action == "iam:PassRole"
    }
    for role in environment.roles.values():
        for given in environment.roles.values():
            for service in (f"{name}.amazonaws.com" for name in SERVICES):
                yield Passing(role, given, service, expected=(role.place, given.arn, service) in needed)


def wrong(environment: Environment, asked: list[Passing]) -> list[str]:
    """A sentence for each that comes out otherwise."""
    questions: list[tuple[Role | str, Check]] = [
        (one.role, Check("iam:PassRole", one.given.arn, {"iam:PassedToService": one.service})) for one in asked
    ]
    return [
        f"{one}: {'allowed' if verdict.allowed else 'refused'}{verdict.error}"
        for one, verdict in zip(asked, simulator.ask(environment, questions), strict=True)
        if verdict.allowed is not one.expected or verdict.error
    ]
