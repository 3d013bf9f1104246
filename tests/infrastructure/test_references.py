"""Stacks know one another in one direction, and every value that one takes from another is there."""

from collections.abc import Iterator
from typing import Any

from tests.infrastructure.conftest import Templates, synthesize


def references(value: Any) -> Iterator[tuple[str, str]]:
    """(stack, output) of every cross-stack reference inside `value`."""
    if isinstance(value, dict):
        if "Fn::GetStackOutput" in value:
            yield value["Fn::GetStackOutput"]["StackName"], value["Fn::GetStackOutput"]["OutputName"]
        for one in value.values():
            yield from references(one)
    elif isinstance(value, list):
        for one in value:
            yield from references(one)


def test_every_value_taken_from_another_stack_is_one_of_its_outputs() -> None:
    templates = synthesize("prod")
    outputs = {
        "Criba-prod-Audit": set(templates.audit["Outputs"]),
        "Criba-prod-Storage": set(templates.storage["Outputs"]),
        "Criba-prod-Pipeline": set(templates.pipeline["Outputs"]),
    }
    taken = {*references(templates.storage), *references(templates.pipeline), *references(templates.operations)}
    assert len(taken) >= 15
    for stack, output in taken:
        assert output in outputs[stack], (stack, output)


def test_arrows_run_from_short_lived_to_lasting(templates: Templates) -> None:
    assert not list(references(templates.audit))
    assert {stack.rsplit("-", 1)[1] for stack, _ in references(templates.storage)} == {"Audit"}
    assert {stack.rsplit("-", 1)[1] for stack, _ in references(templates.pipeline)} == {"Audit", "Storage"}
    assert {stack.rsplit("-", 1)[1] for stack, _ in references(templates.operations)} == {
        "Audit",
        "Storage",
        "Pipeline",
    }
