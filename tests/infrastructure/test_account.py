"""The Account stack sets what an account and Region have once, and is made by one environment there."""

import tomllib

import aws_cdk as cdk
import pytest

from gates.resolving import NAMES
from stacks.config import ENVIRONMENTS, load
from stacks.environment import build
from tests.infrastructure.conftest import FLAGS


def templates(name: str, **settings: object) -> dict[str, dict]:
    app = cdk.App(context=FLAGS)
    build(app, load(name, **settings))
    return {stack.stack_name: stack.template for stack in app.synth().stacks}


def test_the_catalog_and_its_passwords_are_encrypted_with_a_key_that_rotates() -> None:
    resources = templates("prod")["Criba-prod-Account"]["Resources"]
    (settings,) = [one for one in resources.values() if one["Type"] == "AWS::Glue::DataCatalogEncryptionSettings"]
    (key_id,) = [id_ for id_, one in resources.items() if one["Type"] == "AWS::KMS::Key"]
    arn = {"Fn::GetAtt": [key_id, "Arn"]}
    content = settings["Properties"]["DataCatalogEncryptionSettings"]
    assert content["ConnectionPasswordEncryption"] == {"KmsKeyId": arn, "ReturnConnectionPasswordEncrypted": True}
    assert content["EncryptionAtRest"]["CatalogEncryptionMode"] == "SSE-KMS-WITH-SERVICE-ROLE"
    assert content["EncryptionAtRest"]["SseAwsKmsKeyId"] == arn
    assert resources[key_id]["Properties"]["EnableKeyRotation"] is True
    assert settings["DeletionPolicy"] == resources[key_id]["DeletionPolicy"] == "Retain"


def test_who_finds_the_catalog_encrypted_leaves_it() -> None:
    assert "Criba-prod-Account" not in templates("prod", catalog_encryption="existing")


def test_two_environments_in_one_account_do_not_both_set_the_catalog() -> None:
    files = [tomllib.loads(path.read_text()) for path in ENVIRONMENTS.glob("*.toml")]
    creators = [(one["account"], one["region"]) for one in files if one.get("catalog_encryption") == "create"]
    assert len(creators) == len(set(creators)) == 3


@pytest.mark.parametrize("network", ["public", "private"])
def test_two_environments_in_one_account_share_no_name_and_no_setting(network: str) -> None:
    dev = templates("dev", account="333333333333", catalog_encryption="existing", network=network)
    prod = templates("prod", network=network)
    assert not set(dev) & set(prod)
    assert not names(dev) & names(prod)


def names(stacks: dict[str, dict]) -> set[tuple[str, str, str]]:
    """(type, property, name) of every physical name that a template gives."""
    return {
        (one["Type"], key, str(value))
        for template in stacks.values()
        for one in template["Resources"].values()
        for key, value in one.get("Properties", {}).items()
        # A schedule's name is its group's own, and the group's says the environment.
        if key in NAMES and isinstance(value, str) and one["Type"] != "AWS::Scheduler::Schedule"
    }
