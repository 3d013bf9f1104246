"""Which role called what in all of the above: the recording that the policies are proved against is not stale."""

import json
import os
from collections.abc import Callable
from pathlib import Path

from tests.local.journey.conftest import Person
from tests.policies import recording

STACKS = ("Storage", "Pipeline", "Operations", "Access")


def test_the_recording_holds_what_was_called_and_nothing_else(
    person: Callable[[str], Person], platform_folder: Path, request: object
) -> None:
    """Written anew with `CRIBA_RECORD=1 pytest tests/local/journey`; look at its difference before you keep it."""
    operator = person("operator")
    stacks = {}
    for stack in STACKS:
        told = operator.client("cloudformation").describe_stack_resources(StackName=f"Criba-local-{stack}")
        stacks[stack] = {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in told["StackResources"]}
    fresh = recording.neutral(platform_folder, stacks)
    if os.environ.get("CRIBA_RECORD"):
        recording.FILE.write_text(json.dumps(fresh, indent=1) + "\n", encoding="utf-8")
    kept = json.loads(recording.FILE.read_text(encoding="utf-8"))
    assert recording.differences(recording.shape(fresh), recording.shape(kept)) == []
