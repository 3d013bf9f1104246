"""AWS CloudFormation Validate: about 300 rules in Rego, event patterns among them, on the templates as they are."""

import json
from collections.abc import Sequence
from pathlib import Path

from cloudformation_validate import RegoEngine, Severity

from gates.assembly import Stack
from gates.findings import Finding

TOLD = (Severity.WARN, Severity.ERROR, Severity.FATAL)


def find(stacks: Sequence[Stack], folder: Path) -> list[Finding]:
    """Warnings and worse, by resource and property; what is merely informed of is no finding."""
    engine = RegoEngine()
    found = []
    for stack in stacks:
        path = folder / f"{stack.name}.as-it-is.json"
        path.write_text(json.dumps(stack.resolver.template, indent=1), encoding="utf-8")
        report = engine.validate_template(str(path))
        for one in report.diagnostics:
            if one.severity in TOLD:
                where = getattr(one.entity, "logical_id", None) or ""
                detail = one.property_path or ""
                found.append(Finding(f"validate-{one.rule_id}", stack.name, where, one.message[:400], detail))
    return found
