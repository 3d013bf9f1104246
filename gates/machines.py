"""The state machines of a stack, as definitions with every reference resolved."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from gates.assembly import Resource, Stack

Definition = dict[str, Any]


@dataclass(frozen=True)
class Machine:
    """One state machine; `role` is the logical id of the role it runs as, "" if it is of another stack."""

    stack: str
    id: str
    role: str
    definition: Definition
    resource: Resource

    def states(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Every state by name, those inside Maps and Parallels too."""
        yield from _states(self.definition)


def _states(definition: Definition) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, state in definition.get("States", {}).items():
        yield name, state
        for inner in (state.get("ItemProcessor"), state.get("Iterator"), *state.get("Branches", [])):
            if inner:
                yield from _states(inner)


def machines(stack: Stack) -> list[Machine]:
    """Every state machine of the stack; one whose definition is no JSON has an empty one."""
    return [
        Machine(
            stack=stack.name,
            id=resource.id,
            role=_role(resource.raw.get("Properties", {}).get("RoleArn")),
            definition=_definition(resource.properties),
            resource=resource,
        )
        for resource in stack.of("AWS::StepFunctions::StateMachine")
    ]


def _definition(properties: dict[str, Any]) -> Definition:
    given = properties.get("DefinitionString", properties.get("Definition", {}))
    if isinstance(given, dict):
        return given
    try:
        parsed = json.loads(given)
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}


def _role(reference: Any) -> str:
    if isinstance(reference, dict) and "Fn::GetAtt" in reference:
        target = reference["Fn::GetAtt"]
        return str(target.split(".")[0] if isinstance(target, str) else target[0])
    return ""
