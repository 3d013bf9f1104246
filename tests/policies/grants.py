"""Grants: what a role's policies allow, piece by piece, which of it was used, and the register of what is not.

A grant is one action on one pattern of resources. It is used if a call that was proved asks for an action that it
matches, on a resource that it matches.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

from tests.policies.deployed import Role, Statement
from tests.policies.simulator import Check

REGISTER = Path(__file__).with_name("register.toml")


@dataclass(frozen=True, order=True)
class Grant:
    """One action on one pattern of resources that a role's policies allow."""

    role: str
    action: str
    resource: str

    def covers(self, check: Check) -> bool:
        return _pattern(self.action.lower()).fullmatch(check.action.lower()) is not None and (
            _pattern(self.resource).fullmatch(check.resource) is not None
        )

    def __str__(self) -> str:
        return f"{self.action} on {self.resource}"


@dataclass(frozen=True)
class Entry:
    """One line of the register: for whom, which action on what (patterns), and why."""

    role: str
    action: str
    resource: str
    reason: str

    def explains(self, role: str, action: str, resource: str) -> bool:
        wanted = ((role, self.role), (action, self.action), (resource, self.resource))
        return all(fnmatchcase(given, pattern) for given, pattern in wanted)


def grants(role: Role) -> Iterator[Grant]:
    """Everything that the role's own policies allow."""
    for statement in role.statements():
        if statement["Effect"] == "Allow":
            for action in _list(statement, "Action"):
                yield from (Grant(role.place, action, resource) for resource in _list(statement, "Resource"))


def unused(role: Role, proved: Iterable[Check]) -> list[Grant]:
    """Grants that no proved call needs."""
    used = list(proved)
    return sorted({one for one in grants(role) if not any(one.covers(check) for check in used)})


def register(part: str) -> list[Entry]:
    """The entries of a part of the register: `unused`, `wildcard` or `refused`."""
    table = tomllib.loads(REGISTER.read_text(encoding="utf-8"))
    return [
        Entry(role, action, entry.get("resource", "*"), " ".join(entry["reason"].split()))
        for entry in table.get(part, [])
        for role in entry["roles"]
        for action in entry["actions"]
    ]


def _list(statement: Statement, key: str) -> list[str]:
    value = statement[key]
    return [value] if isinstance(value, str) else list(value)


@cache
def _pattern(text: str) -> re.Pattern[str]:
    """A pattern of IAM: `*` and `?`, and nothing else has a meaning."""
    return re.compile(re.escape(text).replace(r"\*", ".*").replace(r"\?", "."), re.DOTALL)


def stale(entries: Iterable[Entry], needed: Iterable[tuple[str, str, str]]) -> list[Entry]:
    """Entries that explain nothing any more."""
    there = list(needed)
    return [one for one in entries if not any(one.explains(*what) for what in there)]


def unexplained(needed: Iterable[tuple[str, str, str]], entries: Iterable[Entry]) -> list[tuple[str, str, str]]:
    """What no entry explains."""
    known = list(entries)
    return [what for what in needed if not any(one.explains(*what) for one in known)]


Reasons = Mapping[str, str]
