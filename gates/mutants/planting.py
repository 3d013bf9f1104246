"""How a defect is planted: a change of one place in one stack's template."""

import copy
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

Template = dict[str, Any]
Change = Callable[[Template], None]
DROP = object()


class NothingToSpoilError(LookupError):
    """The template has no such place: the defect cannot be planted in it."""


@dataclass(frozen=True)
class Defect:
    """One defect: what it is, its class, the stack (without environment) and the change."""

    name: str
    kind: str
    stack: str
    change: Change

    def planted(self, template: Template) -> Template:
        """Return a copy of the template that has the defect. Raises NothingToSpoilError."""
        spoiled = copy.deepcopy(template)
        self.change(spoiled)
        if spoiled == template:
            raise NothingToSpoilError(f"{self.name}: the template has it already")
        return spoiled


def resources(template: Template, type_: str, id_: str = "") -> Iterator[tuple[str, Any]]:
    """(logical id, resource) of a type, whose id begins with `id_`."""
    for key, resource in template["Resources"].items():
        if resource["Type"] == type_ and key.startswith(id_):
            yield key, resource


def first(template: Template, type_: str, id_: str = "") -> Any:
    """The first such resource. Raises NothingToSpoilError."""
    for _, resource in resources(template, type_, id_):
        return resource
    raise NothingToSpoilError(f"no {type_} {id_}")


def put(type_: str, path: str, value: Any, id_: str = "") -> Change:
    """Set, or with DROP remove, what lies at a path such as `Properties.Rules.0.Status`."""

    def change(template: Template) -> None:
        place = first(template, type_, id_)
        *steps, last = _steps(path)
        for step in steps:
            try:
                place = place[step]
            except (KeyError, IndexError) as error:
                raise NothingToSpoilError(f"{type_} {id_} has no {path}") from error
        if value is not DROP:
            place[last] = value
        elif isinstance(place, dict) and last not in place:
            raise NothingToSpoilError(f"{type_} {id_} has no {path}")
        else:
            del place[last]

    return change


def _steps(path: str) -> list[Any]:
    return [int(step) if step.isdigit() else step for step in path.split(".")]


def rename(type_: str, old: str, new: str, id_: str = "") -> Change:
    """Misspell a property."""

    def change(template: Template) -> None:
        properties = first(template, type_, id_)["Properties"]
        if old not in properties:
            raise NothingToSpoilError(f"{type_} {id_} has no {old}")
        properties[new] = properties.pop(old)

    return change


def statement(type_: str, property_: str, matches: str, change: Callable[[Any], Any], id_: str = "") -> Change:
    """Change the first statement in which the text `matches` occurs; what `change` returns replaces it, DROP drops."""

    def spoil(template: Template) -> None:
        for _, resource in resources(template, type_, id_):
            found = resource["Properties"].get(property_, {}).get("Statement", [])
            for index, one in enumerate(found):
                if matches in json.dumps(one):
                    changed = change(one)
                    if changed is DROP:
                        del found[index]
                    elif changed is not None:
                        found[index] = changed
                    return
        raise NothingToSpoilError(f"no statement with {matches} in {type_} {id_}")

    return spoil


def granted(extra: dict[str, Any], id_: str = "") -> Change:
    """Add a statement to the first policy whose logical id begins with `id_`."""
    return lambda template: first(template, "AWS::IAM::Policy", id_)["Properties"]["PolicyDocument"][
        "Statement"
    ].append({"Effect": "Allow", **extra})


def definition(machine: str, change: Callable[[Any], Any]) -> Change:
    """Change a state machine's definition, whose logical id begins with `machine`."""

    def spoil(template: Template) -> None:
        properties = first(template, "AWS::StepFunctions::StateMachine", machine)["Properties"]
        parts = properties["DefinitionString"]["Fn::Join"][1]
        tokens = [part for part in parts if not isinstance(part, str)]
        numbers = iter(range(len(tokens)))
        text = "".join(part if isinstance(part, str) else f"<<{next(numbers)}>>" for part in parts)
        content = json.loads(text)
        try:
            change(content)
        except KeyError as error:
            raise NothingToSpoilError(f"{machine} has no {error}") from error
        pieces = re.split(r"<<(\d+)>>", json.dumps(content))
        joined = [tokens[int(piece)] if index % 2 else piece for index, piece in enumerate(pieces)]
        properties["DefinitionString"] = {"Fn::Join": ["", joined]}

    return spoil


def added(id_: str, resource: dict[str, Any]) -> Change:
    """Add a resource."""
    return lambda template: template["Resources"].update({id_: resource})


def removed(type_: str, id_: str = "") -> Change:
    """Remove the first such resource."""

    def change(template: Template) -> None:
        for key, _ in resources(template, type_, id_):
            del template["Resources"][key]
            return
        raise NothingToSpoilError(f"no {type_} {id_}")

    return change
