"""Synthesis of this app's own environments, as `cdk synth` does it, with the flags of cdk.json."""

import json
from pathlib import Path

import aws_cdk as cdk

from stacks.config import Settings, environments, load
from stacks.environment import build

PRIVATE = "private"
"""Not an environment of anybody's: production as it would be with a private network, so that that is checked too."""


def assemblies(folder: Path) -> list[Path]:
    """Synthesize every environment, and production with a private network, each into a folder of its own."""
    return [synthesize(name, folder / name) for name in (*environments(), PRIVATE)]


def synthesize(environment: str, folder: Path) -> Path:
    """Write the environment's cloud assembly into `folder` and return it."""
    app = cdk.App(context=json.loads(Path("cdk.json").read_text(encoding="utf-8"))["context"], outdir=str(folder))
    build(app, _private() if environment == PRIVATE else load(environment))
    app.synth()
    return folder


def _private() -> Settings:
    return load("prod", network="private").model_copy(update={"name": PRIVATE})
