"""Synthesis of this app's own environments, as `cdk synth` does it, with the flags of cdk.json."""

import json
from pathlib import Path

import aws_cdk as cdk

from stacks.config import load
from stacks.environment import build


def synthesize(environment: str, folder: Path) -> Path:
    """Write the environment's cloud assembly into `folder` and return it."""
    app = cdk.App(context=json.loads(Path("cdk.json").read_text(encoding="utf-8"))["context"], outdir=str(folder))
    build(app, load(environment))
    app.synth()
    return folder
