"""Which role called what in all of the above: what the policies are proved against is neither stale nor incomplete."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.local.journey.conftest import Person
from tests.policies import recording, workflows
from tests.policies.deployed import synthesized

BEFORE = {"test_journey.py", "test_later_days.py", "test_measuring.py", "test_people.py"}


@pytest.fixture(scope="module")
def told(request: pytest.FixtureRequest, person: Callable[[str], Person], platform_folder: Path) -> dict[str, Any]:
    """All calls of all roles in the modules before, which have to run too."""
    if not {item.path.name for item in request.session.items} >= BEFORE:
        pytest.skip("part of the journey did not run: say pytest tests/local/journey")
    cloudformation = person("operator").client("cloudformation")
    stacks = {}
    for stack in synthesized("local").templates:
        found = cloudformation.describe_stack_resources(StackName=f"Criba-local-{stack}")["StackResources"]
        stacks[stack] = {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in found}
    return recording.neutral(platform_folder, stacks)


def test_what_the_state_machines_called_is_what_was_derived_from_their_definitions(told: dict[str, Any]) -> None:
    called = {
        (role, f"{service}:{operation}")
        for role, made in recording.of_workflows(told).items()
        for service, operation, _ in made
    }
    derived = {(role, call.name) for role, _, call in workflows.calls(synthesized("local"))}
    assert len(called) >= 30
    assert called - derived == set()


def test_the_recording_holds_what_the_others_called_and_nothing_else(told: dict[str, Any]) -> None:
    """Written anew with `CRIBA_RECORD=1 pytest tests/local/journey`; look at its difference before you keep it."""
    fresh = recording.kept(told)
    if os.environ.get("CRIBA_RECORD"):
        recording.FILE.write_text(recording.written(fresh), encoding="utf-8")
    kept = json.loads(recording.FILE.read_text(encoding="utf-8"))
    assert recording.differences(recording.shape(fresh), recording.shape(kept)) == []
