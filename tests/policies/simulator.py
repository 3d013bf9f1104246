"""Asks the policy engine: may this principal do this to that, in these circumstances?

The engine is @cloud-copilot/iam-simulate, which runs as a process of its own (docs/decisions/0015-policy-engine.md).
"""

import json
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.policies.deployed import Environment, Policy, Role

SCRIPT = Path(__file__).with_name("simulate.mjs")
CONTEXT = "kms:EncryptionContext:"
"""Keys with a name of one's own after a colon, which the engine does not know; after a slash it does."""


@dataclass(frozen=True)
class Check:
    """One question: an action on a resource, and what AWS knows of the request (`context`)."""

    action: str
    resource: str
    context: Mapping[str, str | Sequence[str]] = field(default_factory=dict)
    why: str = ""

    def key(self) -> tuple[str, str, str]:
        return self.action, self.resource, json.dumps(dict(self.context), sort_keys=True)


@dataclass(frozen=True)
class Verdict:
    """What the engine says; `ignored` are context keys that do not belong to the action, which is a mistake of ours."""

    allowed: bool
    ignored: tuple[str, ...] = ()
    blocked_by: tuple[str, ...] = ()
    error: str = ""


def ask(environment: Environment, questions: Iterable[tuple[Role | str, Check]]) -> list[Verdict]:
    """A verdict each. The asker is a role, or the ARN or name of a principal outside that has no policies here.

    Raises RuntimeError when the engine does not run.
    """
    return _run([_simulation(environment, who, check) for who, check in questions])


def trusts(role: Role, principal: str, check: Check) -> dict[str, Any]:
    """The simulation of taking `role`, whose trust policy decides."""
    return {
        "request": _request(principal, check, account=role.arn.split(":")[4]),
        "identityPolicies": _everything(principal),
        "serviceControlPolicies": [],
        "resourceControlPolicies": [],
        "resourcePolicy": role.trust,
    }


def run(simulations: Sequence[dict[str, Any]]) -> list[Verdict]:
    return _run(simulations)


def without_resource_type(actions: Iterable[str]) -> set[str]:
    """Those of the actions for which AWS has no type of resource at all."""
    return set(_answer([], sorted(actions))["withoutType"])


def _simulation(environment: Environment, who: Role | str, check: Check) -> dict[str, Any]:
    if isinstance(who, str):
        simulation = {"request": _request(who, check, environment.account), "identityPolicies": _everything(who)}
    else:
        simulation = {
            "request": _request(who.arn, check, environment.account),
            "identityPolicies": [{"name": name, "policy": policy} for name, policy in who.policies.items()],
        }
        if who.boundary:
            simulation["permissionBoundaryPolicies"] = [{"name": "boundary", "policy": who.boundary}]
    policy = environment.resource_policy(check.resource)
    return {
        **simulation,
        "serviceControlPolicies": [],
        "resourceControlPolicies": [],
        **({"resourcePolicy": policy} if policy else {}),
    }


def _request(principal: str, check: Check, account: str) -> dict[str, Any]:
    return {
        "principal": principal,
        "action": check.action,
        "resource": {"resource": check.resource, "accountId": account},
        "contextVariables": {**_who(principal), **check.context},
    }


def _who(principal: str) -> dict[str, str]:
    """What AWS knows of every principal that has an ARN."""
    if not principal.startswith("arn:") or ":saml-provider/" in principal:
        return {}
    return {"aws:PrincipalArn": principal, "aws:PrincipalAccount": principal.split(":")[4]}


def _everything(principal: str) -> list[dict[str, Any]]:
    """An outsider's own policies are not ours to know: they let them do anything, so that ours must refuse."""
    if principal.endswith(".amazonaws.com"):
        return []
    policy: Policy = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
    }
    return [{"name": "anything", "policy": policy}]


def _run(simulations: Sequence[dict[str, Any]]) -> list[Verdict]:
    return [
        Verdict(
            allowed=one.get("result") == "Allowed",
            ignored=tuple(one.get("ignored", ())),
            blocked_by=tuple(one.get("blockedBy", ())),
            error=one.get("error", ""),
        )
        for one in _answer(simulations, [])["verdicts"]
    ]


def _answer(simulations: Sequence[dict[str, Any]], actions: Sequence[str]) -> dict[str, Any]:
    given = json.dumps({"simulations": list(simulations), "actions": list(actions)})
    given = given.replace(CONTEXT, f"aws:PrincipalTag/{CONTEXT}")
    told = subprocess.run(["node", str(SCRIPT)], input=given, capture_output=True, text=True, check=False)
    if told.returncode:
        raise RuntimeError(f"{SCRIPT.name} failed; say make install. It said: {told.stderr[-800:]}")
    return dict(json.loads(told.stdout))
