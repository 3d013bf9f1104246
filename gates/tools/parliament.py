"""parliament on every policy: actions, resources and conditions that do not fit, and privileges that grow."""

import json
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gates.assembly import Stack
from gates.findings import Finding
from gates.policies import identity_policies

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it loads its data with pkg_resources
    import parliament

TITLES = {
    "CREDENTIALS_EXPOSURE": "the policy gives an API whose answer holds credentials",
    "PERMISSIONS_MANAGEMENT_ACTIONS": "the policy can change permissions",
    "PRIVILEGE_ESCALATION": "the actions together let a role widen its own rights",
}


def find(stacks: Sequence[Stack], folder: Path) -> list[Finding]:
    """One finding for each issue of each policy, told apart by the actions it names."""
    found = set()
    for stack in stacks:
        for resource, document in identity_policies(stack):
            policy = parliament.analyze_policy_string(json.dumps(document), include_community_auditors=True)
            for one in policy.findings:
                advice = TITLES.get(one.issue) or parliament.config.get(one.issue, {}).get("title", one.issue)
                detail = _actions(one.detail)
                found.add(Finding(f"parliament-{one.issue}", stack.name, resource.id, advice, detail))
    return sorted(found)


def _actions(detail: Any) -> str:
    """The actions that a finding names, or what it says."""
    if isinstance(detail, list):
        return ", ".join(sorted({one["action"] if isinstance(one, dict) else str(one) for one in detail}))
    return json.dumps(detail, sort_keys=True, default=str)[:200] if detail else ""
