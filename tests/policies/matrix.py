"""The matrix of personas: rows of personas.toml asked for everybody, each cell with what must come out."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.policies import simulator
from tests.policies.actions import TLS
from tests.policies.deployed import Environment, Policy, Role
from tests.policies.simulator import Check, Verdict

FILE = Path(__file__).with_name("personas.toml")
COLUMNS = {
    "data-scientist": "Access/DataScientist/Role",
    "data-engineer": "Access/DataEngineer/Role",
    "ml-engineer": "Access/MlEngineer/Role",
    "admin": "Access/Admin/Role",
    "source-web-form": "Access/Source-web-form/Role",
}
ADMINISTRATOR: Policy = {
    "Version": "2012-10-17",
    "Statement": [{"Sid": "AdministratorAccess", "Effect": "Allow", "Action": "*", "Resource": "*"}],
}


@dataclass(frozen=True)
class Row:
    """One thing that a person may or may not do."""

    part: str
    says: str
    action: str
    on: str
    may: tuple[str, ...]
    when: Mapping[str, Any]
    even: str = ""


@dataclass(frozen=True)
class Cell:
    """A row for one persona; `escalated` with AdministratorAccess attached to the role."""

    row: Row
    persona: str
    escalated: bool

    @property
    def expected(self) -> bool:
        return self.persona in self.row.may

    def __str__(self) -> str:
        how = " as an administrator" if self.escalated else ""
        return f"{self.persona}{how}: {self.row.says} ({self.row.action} on {self.row.on})"


def rows() -> list[Row]:
    table = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return [Row(**{**one, "may": tuple(one["may"]), "when": one.get("when", {})}) for one in table["row"]]


def cells() -> list[Cell]:
    """Every row for every persona, and again as an administrator where the row says that it must hold even then."""
    return [
        Cell(row, persona, escalated)
        for row in rows()
        for persona in COLUMNS
        for escalated in ([False, True] if row.even else [False])
    ]


def verdicts(environment: Environment, asked: list[Cell]) -> list[Verdict]:
    """What the policies say to each cell."""
    known = dict(things(environment))
    questions = [(_role(environment, cell), _check(cell.row, known)) for cell in asked]
    return simulator.ask(environment, questions)


def opened(environment: Environment) -> dict[str, list[Check]]:
    """What each role is meant to be allowed, by the role's place."""
    known = dict(things(environment))
    found: dict[str, list[Check]] = {}
    for row in rows():
        for persona in row.may:
            found.setdefault(COLUMNS[persona], []).append(_check(row, known))
    return found


def wrong(environment: Environment) -> list[str]:
    """A sentence for each cell that comes out otherwise than it was typed."""
    asked = cells()
    return [
        f"{cell} is {'allowed' if verdict.allowed else 'refused'}{verdict.error}{' '.join(verdict.ignored)}"
        for cell, verdict in zip(asked, verdicts(environment, asked), strict=True)
        if verdict.allowed is not cell.expected or verdict.error or verdict.ignored
    ]


def things(environment: Environment) -> Iterator[tuple[str, str]]:
    """The names that rows use, and their ARNs."""
    for name in ("Raw", "Curated", "Predictions", "Models", "Monitoring"):
        yield name.lower(), environment.resources[f"Storage/{name}/Bucket"].arn
    for name, place in (("data", "Data"), ("services", "Services")):
        yield f"{name}-key", environment.resources[f"Storage/Keys/{place}"].arn
    for machine in environment.of("AWS::StepFunctions::StateMachine"):
        name = machine.name.rpartition("-")[2].lower()
        yield name, machine.arn
        yield f"{name}-execution", f"{machine.arn.replace(':stateMachine:', ':execution:')}:r-1"
    for name, place in (("reconcile", "ReconcileRuns"), ("erase", "EraseMessages"), ("clean", "CleanMessages")):
        yield f"{name}-job", environment.resources[f"Pipeline/{place}/Job"].arn
    for name, place in (
        ("clean-role", "Pipeline/CleanMessages/Role"),
        ("job-role", "Pipeline/JobRoles/Job"),
        ("admin-role", "Access/Admin/Role"),
        ("scientist-role", "Access/DataScientist/Role"),
        ("engineer-role", "Access/MlEngineer/Role"),
    ):
        yield name, environment.roles[place].arn
    yield from _others(environment)


def _others(environment: Environment) -> Iterator[tuple[str, str]]:
    of, account, region = environment.arn_of, environment.account, environment.region
    yield "workgroup", of("athena", f"workgroup/criba-{environment.name}")
    yield "another-workgroup", of("athena", "workgroup/primary")
    yield "champion", of("ssm", f"parameter/criba/{environment.name}/champion")
    yield "another-parameter", of("ssm", "parameter/secrets/password")
    yield "package", of("sagemaker", f"model-package/criba-{environment.name}/7")
    yield "model", of("sagemaker", f"model/criba-{environment.name}-v7")
    yield "training-job", of("sagemaker", "training-job/mine")
    yield "trail", of("cloudtrail", "trail/management")
    for name, role in (("deploy", "deploy-role"), ("execution", "cfn-exec-role")):
        yield f"{name}-role", f"arn:aws:iam::{account}:role/cdk-hnb659fds-{role}-{account}-{region}"
    yield "alarm", of("cloudwatch", "alarm:Criba-dev-Operations-x")
    yield "everything", "*"
    yield "a-user", f"arn:aws:iam::{account}:user/new"
    yield "a-role", f"arn:aws:iam::{account}:role/new"


def _role(environment: Environment, cell: Cell) -> Role:
    role = environment.roles[COLUMNS[cell.persona]]
    if not cell.escalated:
        return role
    return replace(role, policies={**role.policies, "AdministratorAccess": ADMINISTRATOR})


def _check(row: Row, known: Mapping[str, str]) -> Check:
    thing, _, below = row.on.partition("/")
    resource = f"{known[thing]}/{below}" if below else known[thing]
    of_s3 = TLS if row.action.startswith("s3:") else {}
    return Check(row.action, resource, {**of_s3, **row.when})
