"""A finding, and the register of those that are accepted, each by name and for a reason."""

import re
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from gates.assembly import Stack

REGISTER = Path(__file__).with_name("register.toml")
TOO_SHORT = 20
"""A reason of fewer characters says nothing."""


@dataclass(frozen=True, order=True)
class Finding:
    """What one rule says of one resource; `detail` tells several findings of the rule on that resource apart."""

    rule: str
    stack: str
    where: str
    advice: str
    detail: str = ""

    def line(self) -> str:
        """Rule, resource, what to do: one line."""
        named = f"{self.stack}/{self.where}" if self.where else self.stack
        return " ".join(f"{self.rule}: {named}{f' [{self.detail}]' if self.detail else ''}: {self.advice}".split())


@dataclass(frozen=True, order=True)
class Accepted:
    """One accepted finding: `where` is `Stack/LogicalId`, or that and ` [detail]`, the stack without environment."""

    rule: str
    where: str
    reason: str


def neutral(finding: Finding, stack: Stack) -> tuple[str, str]:
    """(rule, place) as the register writes them: without environment, account, Region and what is hashed."""
    detail = finding.detail.replace(stack.account, "ACCOUNT").replace(stack.region, "REGION")
    detail = re.sub(r"[0-9a-f]{64}", "HASH", detail)
    if stack.environment:
        detail = re.sub(rf"(?i)(criba[-_/]?){stack.environment}(?![a-z0-9])", r"\1ENV", detail)
        detail = re.sub(rf"(?i)(criba){stack.environment}", r"\1ENV", detail)
    place = f"{stack.short}/{finding.where}" if finding.where else stack.short
    return finding.rule, " ".join(f"{place}{f' [{detail}]' if detail else ''}".split())


def register(path: Path = REGISTER) -> list[Accepted]:
    """Every accepted finding of the register file."""
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    return [
        Accepted(entry["rule"], where, " ".join(str(entry.get("reason", "")).split()))
        for entry in table.get("accepted", [])
        for where in entry["findings"]
    ]


def unexplained(
    found: Iterable[Finding], stacks: Sequence[Stack], accepted: Sequence[Accepted], *, all_environments: bool
) -> list[Finding]:
    """Findings that the register does not accept, and entries of it that are stale, doubled or without a reason.

    An entry is stale if its resource is there and the finding is not; with `all_environments`, also if no
    environment has the resource.
    """
    by_name = {stack.name: stack for stack in stacks}
    reasons = {(one.rule, one.where): one for one in accepted}
    seen: set[tuple[str, str]] = set()
    left = []
    for finding in found:
        key = neutral(finding, by_name[finding.stack]) if finding.stack in by_name else (finding.rule, finding.where)
        seen.add(key)
        if key not in reasons:
            left.append(finding)
    present = {f"{stack.short}/{id_}" for stack in stacks for id_ in stack.resources} | {one.short for one in stacks}
    return sorted({*left, *_wrong_entries(accepted, seen, present, all_environments)})


def _wrong_entries(
    accepted: Sequence[Accepted], seen: set[tuple[str, str]], present: set[str], all_environments: bool
) -> Iterable[Finding]:
    count: dict[tuple[str, str], int] = defaultdict(int)
    for one in accepted:
        count[one.rule, one.where] += 1
        place = one.where.split(" [", 1)[0]
        if (one.rule, one.where) not in seen and (all_environments or place in present):
            yield Finding("register", "gates/register.toml", one.where, "is stale: remove it", one.rule)
        if len(one.reason) < TOO_SHORT:
            yield Finding("register", "gates/register.toml", one.where, "has no reason: write one sentence", one.rule)
    for (rule, where), times in count.items():
        if times > 1:
            yield Finding("register", "gates/register.toml", where, "stands twice: remove one", rule)
