"""The environment that is proved, and the proof, made once for all tests here."""

import pytest

from tests.policies import proof
from tests.policies.deployed import Environment, synthesized
from tests.policies.proof import Proof


@pytest.fixture(scope="package")
def environment() -> Environment:
    return synthesized(proof.ENVIRONMENT)


@pytest.fixture(scope="package")
def proved(environment: Environment) -> Proof:
    return proof.prove(environment)
