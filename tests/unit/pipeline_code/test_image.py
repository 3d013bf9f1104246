"""The image: what it installs is what runs on the laptop, and its commands are ours."""

import re
import tomllib
from pathlib import Path

import pytest

from pipeline_code import contracts

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "pipeline_code"
DOCKERFILE = (FOLDER / "Dockerfile").read_text(encoding="utf-8")


def locked(path: Path) -> dict[str, list[str]]:
    """Each pinned requirement with the hashes below it."""
    found: dict[str, list[str]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("    --hash="):
            found[list(found)[-1]].append(line.strip(" \\"))
        elif line and not line.lstrip().startswith("#"):
            found[line.removesuffix(" \\")] = []
    return found


def test_every_locked_requirement_stands_with_the_same_hashes_in_the_main_lock() -> None:
    image, laptop = locked(FOLDER / "requirements.lock"), locked(ROOT / "requirements/main.lock")
    assert {name: laptop.get(name) for name in image} == image
    assert all(image.values())


def test_the_lock_holds_what_the_container_extra_asks_for() -> None:
    extra = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]["container"]
    asked = [line for line in (FOLDER / "requirements.in").read_text().splitlines() if not line.startswith("#")]
    assert sorted(asked) == sorted(extra)
    assert {name.split("==")[0] for name in locked(FOLDER / "requirements.lock")} >= set(asked)


def test_the_images_commands_are_the_contracts_names_and_exist_as_modules() -> None:
    loop = re.search(r"for command in ([a-z ]+);", DOCKERFILE)
    assert loop is not None
    commands = loop[1].split()
    assert commands == [contracts.TRAIN, contracts.EVALUATE, contracts.SERVE, contracts.MONITOR, contracts.MEASURE]
    for command in commands:
        assert 'if __name__ == "__main__":' in (FOLDER / f"{command}.py").read_text(encoding="utf-8")


def test_the_base_image_is_pinned_to_a_patch_and_can_be_given_by_digest() -> None:
    assert re.search(r"^ARG BASE_IMAGE=\S+/python:3\.11\.\d+-slim-bookworm$", DOCKERFILE, re.MULTILINE)
    assert re.search(r"^FROM \$\{BASE_IMAGE\}$", DOCKERFILE, re.MULTILINE)


def test_the_image_installs_by_hash_and_keeps_no_cache() -> None:
    assert "--require-hashes" in DOCKERFILE
    assert "--no-cache-dir" in DOCKERFILE


@pytest.mark.parametrize("name", ["criba", "stacks", "aws_cdk", "glue_jobs", "boto3", "pandas"])
def test_the_code_imports_nothing_that_the_image_lacks(name: str) -> None:
    imports = re.compile(rf"^\s*(from|import) {name}\b", re.MULTILINE)
    assert [path.name for path in FOLDER.rglob("*.py") if imports.search(path.read_text(encoding="utf-8"))] == []
