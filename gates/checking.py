"""All gates over a list of stacks: the public checkers beside one another, then the rules of our own."""

import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType

from gates.assembly import Stack
from gates.findings import Finding
from gates.rules import (
    alarms,
    deployment,
    events,
    identity,
    keys,
    network,
    properties,
    resources,
    rights,
    supply,
    tables,
    trails,
    workflows,
)
from gates.tools import asl, cfn_lint, checkov, nag, parliament, validate

RULES = (
    properties,
    identity,
    rights,
    keys,
    resources,
    workflows,
    events,
    alarms,
    tables,
    deployment,
    network,
    trails,
    supply,
)
TOOLS: dict[str, Callable[[Sequence[Stack], Path], list[Finding]]] = {
    "cdk-nag": nag.find,
    "checkov": checkov.find,
    "cfn-lint": cfn_lint.find,
    "asl": asl.find,
    "cloudformation-validate": validate.find,
    "parliament": parliament.find,
}


def by_rules(stacks: Sequence[Stack]) -> list[Finding]:
    """What our own rules say of each environment: seconds, and no other program."""
    environments = dict.fromkeys(stack.environment for stack in stacks)
    groups = [[stack for stack in stacks if stack.environment == one] for one in environments]
    return [finding for group in groups for rule in RULES for finding in _asked(rule, group)]


def _asked(rule: ModuleType, stacks: Sequence[Stack]) -> list[Finding]:
    """The rule's findings; templates that it cannot read are one too."""
    try:
        return list(rule.find(stacks))
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        topic = rule.__name__.rpartition(".")[2]
        return [Finding("malformed", stacks[0].name, "", f"{topic} cannot be checked: mend {error!r}", topic)]


def by_tools(stacks: Sequence[Stack], folder: Path, tools: Sequence[str] = tuple(TOOLS)) -> list[Finding]:
    """What the public checkers say; `folder` receives the templates as they read them."""
    folder.mkdir(parents=True, exist_ok=True)
    for stack in stacks:
        (folder / f"{stack.name}.template.json").write_text(json.dumps(stack.template, indent=1), encoding="utf-8")
    with ThreadPoolExecutor(max_workers=2) as pool:
        answers = [pool.submit(TOOLS[name], stacks, folder) for name in tools]
        return [finding for answer in answers for finding in answer.result()]


def check(stacks: Sequence[Stack], folder: Path) -> list[Finding]:
    """Every finding of every gate."""
    return sorted({*by_tools(stacks, folder), *by_rules(stacks)})
