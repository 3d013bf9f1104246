"""Production's assembly, as synthesized, with what our own rules say of it."""

import json
from functools import cache
from typing import Any

import aws_cdk as cdk
import pytest

from gates.assembly import Stack, Synthesized, assemble
from stacks.config import load
from stacks.environment import build
from tests.infrastructure.conftest import FLAGS


@cache
def synthesized(environment: str) -> tuple[Synthesized, ...]:
    """(name, artifact, template) of each stack of an environment."""
    app = cdk.App(context=FLAGS)
    build(app, load(environment))
    folder = app.synth().directory
    return tuple(_read(folder))


def _read(folder: str) -> list[Synthesized]:
    from pathlib import Path

    from gates.assembly import artifacts

    return list(artifacts(Path(folder)))


@pytest.fixture(scope="session")
def found() -> tuple[Synthesized, ...]:
    return synthesized("prod")


@pytest.fixture(scope="session")
def stacks(found: tuple[Synthesized, ...]) -> list[Stack]:
    return assemble(found)


def stack_of(resources: dict[str, Any], name: str = "Criba-prod-Storage", **parts: Any) -> Stack:
    """One stack, of these resources alone."""
    artifact = {"environment": "aws://111122223333/eu-west-1", "properties": {"terminationProtection": True}}
    template = json.loads(json.dumps({"Resources": resources, **parts}))
    return assemble([(name, artifact, template)])[0]
