"""cdk-nag's packs AwsSolutions, NIST 800-53 R5 and Serverless, and what the CDK itself refuses, on finished templates.

Runs as a program of its own (`python -m gates.tools.nag FOLDER`), for the CDK says much on the way.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from gates.assembly import Stack
from gates.findings import Finding

REPORT = "validation-report.json"
REFUSED = "refused.json"


def find(stacks: Sequence[Stack], folder: Path) -> list[Finding]:
    """What the packs say of the templates in `folder`, one `<stack>.template.json` each."""
    done = subprocess.run(
        [sys.executable, "-m", "gates.tools.nag", str(folder)], capture_output=True, text=True, check=False
    )
    output = folder / "nag"
    if not (output / REFUSED).is_file():
        raise RuntimeError(f"cdk-nag did not run: {done.stderr[-2000:]}")
    refused = json.loads((output / REFUSED).read_text(encoding="utf-8"))
    found = [Finding("cdk", stack, "", f"the CDK refuses the template: {why}") for stack, why in refused.items()]
    if (output / REPORT).is_file():
        found += _violations(json.loads((output / REPORT).read_text(encoding="utf-8")))
    names = {stack.name for stack in stacks}
    return [one for one in found if one.stack in names]


def _violations(report: dict[str, Any]) -> Iterator[Finding]:
    for plugin in report["pluginReports"]:
        if plugin["pluginName"] == "CloudFormation Validate":
            continue  # a gate of its own, on the templates as they are
        for violation in plugin["violations"]:
            rule, detail = re.fullmatch(r"([^\[]+)(?:\[(.*)\])?", violation["ruleName"], re.DOTALL).groups()  # type: ignore[union-attr]
            advice = re.split(r" - \(Control IDs|(?<=[a-z])\. ", violation["description"])[0]
            for one in violation["violatingConstructs"]:
                stack, _, id_ = one["constructPath"].partition("/")
                yield Finding(rule, stack, id_.rpartition("/")[2], advice, detail or "")


def main(folder: Path) -> None:
    """Load every template of `folder` through CfnInclude and write the CDK's report below `folder/nag`."""
    import aws_cdk as cdk
    import cdk_nag
    from aws_cdk.cloudformation_include import CfnInclude

    output = folder / "nag"
    app = cdk.App(outdir=str(output), context=json.loads(Path("cdk.json").read_text(encoding="utf-8"))["context"])
    refused = {}
    for path in sorted(folder.glob("*.template.json")):
        name = path.name.removesuffix(".template.json")
        stack = cdk.Stack(app, name, synthesizer=cdk.BootstraplessSynthesizer())
        try:
            CfnInclude(stack, "Template", template_file=str(path))
        except (RuntimeError, TypeError) as error:
            refused[name] = str(error).splitlines()[0][:300]
            app.node.try_remove_child(name)
    packs = (cdk_nag.AwsSolutionsChecks, cdk_nag.NIST80053R5Checks, cdk_nag.ServerlessChecks)
    cdk.Validations.of(app).add_plugins(*(pack(app, verbose=True) for pack in packs))
    try:
        app.synth()
    except RuntimeError as error:
        if "ValidationFailed" not in str(error):  # findings, which the report has
            raise
    (output / REFUSED).write_text(json.dumps(refused), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
