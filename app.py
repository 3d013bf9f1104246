"""The CDK app: one environment's stacks, by lifetime. `cdk synth -c env=dev`."""

import sys

import aws_cdk as cdk

from stacks.config import SettingsError, environments, load
from stacks.environment import build

app = cdk.App()
name = app.node.try_get_context("env")
try:
    if name is None:
        raise SettingsError(f"no environment given: add -c env=NAME, one of {', '.join(environments())}")
    build(app, load(name, image_digest=app.node.try_get_context("image_digest")))
except SettingsError as error:
    print(error, file=sys.stderr)
    sys.exit(2)
app.synth()
