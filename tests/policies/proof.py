"""The proof: every call that every role makes, and whether the synthesized policies allow it, and nothing else."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.policies import actions, grants, matrix, people, publishers, recording, services, simulator, spark, workflows
from tests.policies.deployed import Environment
from tests.policies.grants import Entry, Grant
from tests.policies.simulator import Check, Verdict

ENVIRONMENT = "dev"
"""It has every role: the others build no image."""


@dataclass(frozen=True)
class Question:
    """A check, who makes it (a role by its place, or a service) and what for."""

    role: str
    source: str
    check: Check


@dataclass
class Proof:
    """All questions with their verdicts."""

    environment: Environment
    questions: list[Question]
    verdicts: list[Verdict]
    refused: list[Entry] = field(default_factory=lambda: grants.register("refused"))

    def wrong(self) -> list[str]:
        """A sentence for each call that is denied though it is made, or allowed though the register says refused."""
        found = []
        for question, verdict in zip(self.questions, self.verdicts, strict=True):
            asked = question.role, question.check.action, question.check.resource
            meant = any(one.explains(*asked) for one in self.refused)
            if verdict.error or verdict.ignored:
                found.append(f"{_said(question)}: {verdict.error or 'ignored ' + ', '.join(verdict.ignored)}")
            elif verdict.allowed is meant:
                by = f" by {', '.join(verdict.blocked_by)}" if verdict.blocked_by else ""
                found.append(f"{_said(question)} is {'allowed' if verdict.allowed else 'denied' + by}")
        return sorted(set(found))

    def proved(self, role: str) -> list[Check]:
        """What a role asks for and is allowed."""
        answered = zip(self.questions, self.verdicts, strict=True)
        return [one.check for one, verdict in answered if one.role == role and verdict.allowed]

    def unused(self) -> list[Grant]:
        """Grants of all roles that no proved call needs, and no cell of the matrix that is open."""
        cells = matrix.opened(self.environment)
        return [
            one
            for role in self.environment.roles.values()
            for one in grants.unused(role, [*self.proved(role.place), *cells.get(role.place, [])])
        ]

    def stars(self) -> list[Grant]:
        """Grants on every resource, and of every action of a service."""
        return sorted(
            {
                one
                for role in self.environment.roles.values()
                for one in grants.grants(role)
                if one.resource == "*" or "*" in one.action
            }
        )


def questions(environment: Environment) -> Iterator[Question]:
    """Everything that is recorded and everything that is derived."""
    told = recording.load(environment)
    for role, call in told.calls:
        yield from _asked(environment, role, "recorded", call)
    for one in told.spark:
        for call in spark.calls(one):
            yield from _asked(environment, one.role, "Spark", call)
    for role, state, call in workflows.calls(environment):
        yield from _asked(environment, role, f"state {state!r}", call)
    for role, call in people.calls(environment, told.calls):
        yield from _asked(environment, role, "people", call)
    yield from (Question(role, "people", check) for role, check in people.checks(environment))
    yield from (Question(role, source, check) for role, source, check in services.checks(environment))
    yield from (Question(service, source, check) for service, source, check in publishers.checks(environment))
    for role in services.passed(environment):
        yield from (Question(role, "SageMaker", check) for check in services.of_containers(environment))


def prove(environment: Environment) -> Proof:
    """Ask the engine everything once."""
    asked = list({(one.role, one.check.key()): one for one in questions(environment)}.values())
    verdicts = simulator.ask(environment, [(environment.roles.get(one.role, one.role), one.check) for one in asked])
    return Proof(environment, asked, verdicts)


def _asked(environment: Environment, role: str, source: str, call: actions.Call) -> Iterator[Question]:
    yield from (Question(role, f"{source}: {call.name}", check) for check in actions.checks(environment, call))


def _said(question: Question) -> str:
    return f"{question.role}: {question.check.action} on {question.check.resource} ({question.source})"
