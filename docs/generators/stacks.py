"""The synthesized templates of one environment, read as a graph: who refers to whom, and what each workflow does."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import aws_cdk as cdk

from stacks.config import load
from stacks.environment import build

ROOT = Path(__file__).resolve().parent.parent.parent
Template = dict[str, Any]


@dataclass(frozen=True, order=True)
class Place:
    """A resource: the stack's name without `Criba-<environment>-`, and the logical id."""

    stack: str
    id: str


@dataclass(frozen=True)
class Task:
    """A state that calls something: its name, what follows `:::` in its resource, and all that it refers to."""

    state: str
    resource: str
    arguments: Any
    refers_to: frozenset[Place]


@cache
def synthesized(environment: str) -> "Stacks":
    app = cdk.App(context=json.loads((ROOT / "cdk.json").read_text(encoding="utf-8"))["context"])
    build(app, load(environment))
    return Stacks({stack.stack_name.rpartition("-")[2]: stack.template for stack in app.synth().stacks})


class Stacks:
    """Templates by stack; references are followed over the borders of stacks."""

    def __init__(self, templates: dict[str, Template]) -> None:
        self.templates = templates

    def of_type(self, type_: str) -> dict[Place, dict[str, Any]]:
        """Properties of all resources of a type, in the templates' order."""
        return {
            Place(stack, id_): resource["Properties"]
            for stack, template in self.templates.items()
            for id_, resource in template["Resources"].items()
            if resource["Type"] == type_
        }

    def references(self, stack: str, value: Any) -> Iterator[Place]:
        """Every resource that a value of a template refers to, by Ref, Fn::GetAtt or Fn::GetStackOutput."""
        if isinstance(value, list):
            for one in value:
                yield from self.references(stack, one)
        elif isinstance(value, dict):
            found = self._reference(stack, value)
            if found:
                yield found
            for one in value.values():
                yield from self.references(stack, one)

    def _reference(self, stack: str, value: dict[str, Any]) -> Place | None:
        match value:
            case {"Ref": str(id_)} | {"Fn::GetAtt": [str(id_), *_]} if id_ in self.templates[stack]["Resources"]:
                return Place(stack, id_)
            case {"Fn::GetStackOutput": {"StackName": str(name), "OutputName": str(output)}}:
                other = name.rpartition("-")[2]
                return next(self.references(other, self.templates[other]["Outputs"][output]["Value"]))
        return None

    def output_names(self, stack: str, ending: str) -> dict[Place, str]:
        """Resources that have an output of that ending, such as `RawBucket` of `Bucket`, with the rest of its name."""
        outputs = self.templates[stack]["Outputs"].items()
        return {
            next(self.references(stack, output["Value"])): name.removesuffix(ending).lower()
            for name, output in outputs
            if name.endswith(ending) and not name.startswith("PublishOutput")
        }

    def tasks(self, machine: Place) -> list[Task]:
        """The task states of a state machine, those inside a Map too, in the order in which they are written."""
        text, places = self._definition(machine)
        outer = json.loads(text)["States"]
        inner = [state["ItemProcessor"]["States"] for state in outer.values() if state["Type"] == "Map"]
        states = {name: state for group in (outer, *inner) for name, state in group.items()}
        return [
            Task(name, state["Resource"].rpartition(":::")[2], state["Arguments"], _named(state, places))
            for name, state in states.items()
            if state["Type"] == "Task"
        ]

    def mentioned(self, machine: Place) -> frozenset[Place]:
        """Every resource that stands in a definition."""
        return frozenset(self._definition(machine)[1].values())

    def _definition(self, machine: Place) -> tuple[str, dict[str, Place]]:
        """A definition's text with a word for each reference, and the words."""
        written = self.of_type("AWS::StepFunctions::StateMachine")[machine]["DefinitionString"]
        parts = written["Fn::Join"][1] if isinstance(written, dict) else [written]
        places: dict[str, Place] = {}
        text = ""
        for part in parts:
            if isinstance(part, str):
                text += part
                continue
            found = next(self.references(machine.stack, part), None)
            word = f"<{found.stack}.{found.id}>" if found else "<AWS>"
            if found:
                places[word] = found
            text += word
        return text, places


def _named(state: Any, places: dict[str, Place]) -> frozenset[Place]:
    text = json.dumps(state)
    return frozenset(place for word, place in places.items() if word in text)


def words(logical_id: str) -> list[str]:
    """`LaunchingLaunchMachineBE5024E0` as Launching, Launch, Machine."""
    return re.findall(r"[A-Z][a-z]+", re.sub(r"[0-9A-F]{8}$", "", logical_id))
