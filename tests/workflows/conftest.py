"""The state machines of the local environment, with their CloudFormation tokens replaced by readable names."""

import json
import re
from functools import cache
from typing import Any

import pytest

from tests.infrastructure.conftest import synthesize

Definition = dict[str, Any]


@cache
def definitions(cooldown_days: int | None = None) -> dict[str, Definition]:
    """Each definition by workflow name: launch, train, promote, score, measure, backfill, close, check."""
    found = {}
    local = synthesize("local", cooldown_days)
    for template in (local.pipeline, local.operations):
        for id_, resource in template["Resources"].items():
            if resource["Type"] == "AWS::StepFunctions::StateMachine":
                name = re.sub(r"Machine[0-9A-F]{8}$", "", id_)
                text = _plain(resource["Properties"]["DefinitionString"])
                found[_workflow(name)] = json.loads(text)
    return found


def _workflow(logical_id: str) -> str:
    ends = ("Launch", "Train", "Promote", "Score", "Measure", "Backfill", "Close", "Check")
    return next(end.lower() for end in ends if logical_id.endswith(end))


def _plain(value: Any) -> str:
    """Join a definition string; a reference becomes the logical id it refers to, without its hash."""
    if isinstance(value, str):
        return value
    if "Fn::Join" in value:
        return "".join(_plain(part) for part in value["Fn::Join"][1])
    if "Ref" in value:
        return {"AWS::Partition": "aws", "AWS::Region": "eu-west-1", "AWS::AccountId": "000000000000"}.get(
            value["Ref"], value["Ref"]
        )
    if "Fn::GetAtt" in value:
        return f"arn:aws:iam::000000000000:role/{value['Fn::GetAtt'][0]}"
    if "Fn::Select" in value:  # a name cut out of an ARN
        return _plain(value["Fn::Select"][1]["Fn::Split"][1])
    output: str = value["Fn::GetStackOutput"]["OutputName"]
    return re.sub(r"^PublishOutput(Ref|FnGetAtt)", "", output).lower()


@pytest.fixture(params=["launch", "train", "promote", "score", "measure", "backfill", "close", "check"])
def definition(request: pytest.FixtureRequest) -> Definition:
    return definitions()[request.param]
