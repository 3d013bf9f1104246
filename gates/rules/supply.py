"""What is built and run: no secret in a template, no build or function that fetches or shows more than it must."""

import json
import re
from collections.abc import Iterator, Sequence

from gates.assembly import Resource, Stack
from gates.findings import Finding
from gates.rules import on

SECRETS = (
    r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----",
    r"\bgh[pousr]_[A-Za-z0-9]{36}\b",
    r"\bxox[baprs]-[A-Za-z0-9-]{10,}",
    r"(?i)(?:password|secret|token|api_?key)[\"']?\s*[:=]\s*[\"'][^\"'{}$\s]{8,}[\"']",
)
NAMED_SECRET = re.compile(r"(?i)password|secret|token|api_?key|credential")
DIGEST = re.compile(r"aws/codebuild/|@sha256:")


def find(stacks: Sequence[Stack]) -> Iterator[Finding]:
    """Everything wrong with builds, functions and what a template shows to its readers."""
    for stack in stacks:
        for id_, raw in stack.template.get("Resources", {}).items():
            text = json.dumps(raw.get("Properties", {})).replace('\\"', '"')
            for pattern in SECRETS:
                if re.search(pattern, text):
                    yield Finding(
                        "CI-02", stack.name, id_, "shows a secret to everybody who reads the template", pattern[:20]
                    )
        for project in stack.of("AWS::CodeBuild::Project"):
            yield from _project(stack, project)
        for function in stack.of("AWS::Lambda::Function"):
            for name in function.properties.get("Environment", {}).get("Variables", {}):
                if NAMED_SECRET.search(name):
                    yield on("CI-02", stack, function, f"{name} in clear text: read it from Secrets Manager", name)
        for parameter, content in stack.template.get("Parameters", {}).items():
            if NAMED_SECRET.search(parameter) and content.get("NoEcho") is not True:
                yield Finding(
                    "CI-02", stack.name, parameter, "a secret parameter that is shown: NoEcho: true", parameter
                )


def _project(stack: Stack, project: Resource) -> Iterator[Finding]:
    environment = project.properties.get("Environment", {})
    for variable in environment.get("EnvironmentVariables", []):
        name, kind = str(variable.get("Name")), variable.get("Type", "PLAINTEXT")
        if NAMED_SECRET.search(name) and kind == "PLAINTEXT":
            yield on("CI-02", stack, project, f"{name} in clear text: read it from Secrets Manager", name)
    if environment.get("PrivilegedMode"):
        yield on("CI-02", stack, project, "privileged: only a build of images needs it", "PrivilegedMode")
    if not DIGEST.search(str(environment.get("Image", ""))):
        yield on("SM-10", stack, project, "builds in an image that can change: name it by digest", "Image")
