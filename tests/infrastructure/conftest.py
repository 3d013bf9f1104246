"""Synthesized templates of every environment, made once."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest

from stacks.config import environments, load
from stacks.environment import build

ROOT = Path(__file__).resolve().parent.parent.parent
FLAGS = json.loads((ROOT / "cdk.json").read_text())["context"]
BY_ENVIRONMENT = environments()
Resource = dict[str, Any]


@dataclass(frozen=True)
class Templates:
    """The four templates of one environment, as plain JSON."""

    audit: dict[str, Any]
    storage: dict[str, Any]
    pipeline: dict[str, Any]
    operations: dict[str, Any]

    def all(self) -> list[dict[str, Any]]:
        """Those that do the work; what audits them has tests of its own."""
        return [self.storage, self.pipeline, self.operations]

    def resources(self, type_: str) -> dict[str, Resource]:
        """Resources of one type, by logical id, over all stacks but Audit."""
        return {
            id_: resource
            for template in self.all()
            for id_, resource in template["Resources"].items()
            if resource["Type"] == type_
        }


@cache
def synthesize(name: str, cooldown_days: int | None = None) -> Templates:
    """The templates of an environment, with another cool-down if one is given."""
    app = cdk.App(context=FLAGS)
    build(app, load(name, retraining=None if cooldown_days is None else {"cooldown_days": cooldown_days}))
    assembly = app.synth()
    by_stack = {stack.stack_name: stack.template for stack in assembly.stacks}
    return Templates(*(by_stack[f"Criba-{name}-{stack}"] for stack in ("Audit", "Storage", "Pipeline", "Operations")))


@pytest.fixture(scope="session", params=BY_ENVIRONMENT)
def templates(request: pytest.FixtureRequest) -> Templates:
    return synthesize(request.param)


@pytest.fixture(scope="session")
def prod() -> Templates:
    return synthesize("prod")


@pytest.fixture(scope="session")
def dev() -> Templates:
    return synthesize("dev")
