"""Reads identity policies out of a template."""

import json
from typing import Any

Statement = dict[str, Any]


def statements(template: dict[str, Any]) -> list[Statement]:
    """All statements of the template's identity policies."""
    return [
        statement
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::IAM::Policy"
        for statement in resource["Properties"]["PolicyDocument"]["Statement"]
    ]


def statements_of(template: dict[str, Any], owner: str) -> list[Statement]:
    """Statements of the policies whose logical id starts with `owner`."""
    return [
        statement
        for id_, resource in template["Resources"].items()
        if resource["Type"] == "AWS::IAM::Policy" and id_.startswith(owner)
        for statement in resource["Properties"]["PolicyDocument"]["Statement"]
    ]


def actions(statement: Statement) -> list[str]:
    action = statement["Action"]
    return [action] if isinstance(action, str) else action


def resources(found: list[Statement], action: str) -> list[str]:
    """Resources on which `found` allow `action`, joined to text: bucket's import name and key pattern."""
    return [
        _text(resource)
        for statement in found
        if action in actions(statement)
        for resource in (statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]])
    ]


def _text(resource: Any) -> str:
    if isinstance(resource, dict) and "Fn::Join" in resource:
        return "".join(_text(part) for part in resource["Fn::Join"][1])
    return resource if isinstance(resource, str) else json.dumps(resource)
