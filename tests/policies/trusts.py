"""Who may take which role: for each role the services that run as it, and everybody who must not."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.policies import services, simulator
from tests.policies.deployed import Environment, Role
from tests.policies.simulator import Check, Verdict

ANOTHER_ACCOUNT = "999999999999"
SERVICES = (
    *("cloudtrail", "codebuild", "ec2", "events", "firehose", "glue", "lambda", "logs", "sagemaker", "scheduler"),
    "states",
)


@dataclass(frozen=True)
class Taking:
    """Somebody takes a role in some circumstances, and whether that must work."""

    role: Role
    who: str
    action: str
    context: Mapping[str, Any]
    expected: bool

    def __str__(self) -> str:
        told = ", ".join(f"{name} {value}" for name, value in self.context.items())
        return f"{self.who} takes {self.role.place} by {self.action}{f' ({told})' if told else ''}"


def takings(environment: Environment) -> Iterator[Taking]:
    """Every role by every service, for this account and for another, and by people who have no business there."""
    users = services.users(environment)
    for role in environment.roles.values():
        for name in SERVICES:
            service = f"{name}.amazonaws.com"
            runs = service in users[role.place]
            for account in (environment.account, ANOTHER_ACCOUNT):
                source = {"aws:SourceAccount": account}
                if arn := users[role.place].get(service):
                    source["aws:SourceArn"] = arn.replace(environment.account, account)
                ours = account == environment.account
                yield Taking(role, service, "sts:AssumeRole", source, expected=runs and ours)
        for who in _strangers(environment):
            yield Taking(role, who, "sts:AssumeRole", {}, expected=False)


def verdicts(asked: list[Taking]) -> list[Verdict]:
    """What the trust policies say."""
    return simulator.run([simulator.trusts(one.role, one.who, _check(one)) for one in asked])


def wrong(asked: list[Taking]) -> list[str]:
    """A sentence for each that comes out otherwise."""
    return [
        f"{one}: {'allowed' if verdict.allowed else 'refused'}{verdict.error}{' '.join(verdict.ignored)}"
        for one, verdict in zip(asked, verdicts(asked), strict=True)
        if verdict.allowed is not one.expected or verdict.error or verdict.ignored
    ]


def _check(taking: Taking) -> Check:
    return Check(taking.action, taking.role.arn, taking.context)


def _strangers(environment: Environment) -> Iterator[str]:
    yield f"arn:aws:iam::{ANOTHER_ACCOUNT}:role/anybody"
    yield f"arn:aws:iam::{ANOTHER_ACCOUNT}:root"
    for place in ("Access/DataScientist/Role", "Access/Admin/Role", "Pipeline/CleanMessages/Role"):
        yield environment.roles[place].arn
