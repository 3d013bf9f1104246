"""A cloud assembly read from its folder: its stacks, and their templates with every reference resolved."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from gates.resolving import Resolver

Json = Any
OURS = re.compile(r"Criba-(?P<environment>[a-z0-9]+)-(?P<stack>\w+)")


class AssemblyError(ValueError):
    """The folder is no cloud assembly; says what to give instead."""


@dataclass(frozen=True)
class Resource:
    """One resource; `properties` hold no intrinsic function any more, `raw` is what the template says."""

    id: str
    type: str
    properties: dict[str, Json]
    raw: Mapping[str, Json]


@dataclass(frozen=True)
class Stack:
    """One stack of the assembly. `template` is as synthesized, but names other stacks' values literally."""

    name: str
    account: str
    region: str
    termination_protection: bool
    template: dict[str, Json]
    resolver: Resolver
    missing: tuple[str, ...] = field(default=())

    @property
    def environment(self) -> str:
        """The environment in the stack's name, "" where another app named it."""
        match = OURS.fullmatch(self.name)
        return match["environment"] if match else ""

    @property
    def short(self) -> str:
        """The name without its environment: the same in all of them."""
        match = OURS.fullmatch(self.name)
        return match["stack"] if match else self.name

    @cached_property
    def resources(self) -> dict[str, Resource]:
        """Every resource by logical id."""
        return {
            id_: Resource(
                id=id_,
                type=str(raw.get("Type", "")),
                properties=self.resolver.resolve(raw.get("Properties", {})) or {},
                raw=raw,
            )
            for id_, raw in self.template.get("Resources", {}).items()
        }

    def of(self, *types: str) -> Iterator[Resource]:
        """Resources of these types."""
        return (one for one in self.resources.values() if one.type in types)


Synthesized = tuple[str, dict[str, Json], dict[str, Json]]
"""A stack's name, what the manifest says of it, and its template."""


def read(folder: Path) -> list[Stack]:
    """Every stack of the assembly in `folder`, of nested assemblies too. Raises AssemblyError."""
    found = list(artifacts(folder))
    if not found:
        raise AssemblyError(f"{folder}: holds no stack: give the folder that `cdk synth --output` wrote")
    return assemble(found)


def assemble(found: Sequence[Synthesized]) -> list[Stack]:
    """The stacks, each able to look up the others' outputs."""
    resolvers: dict[str, Resolver] = {}
    for name, artifact, template in found:
        account, region = _where(artifact)
        resolvers[name] = Resolver(name, template, account=account, region=region, others=resolvers)
    return [
        Stack(
            name=name,
            account=resolvers[name].account,
            region=resolvers[name].region,
            termination_protection=bool(artifact.get("properties", {}).get("terminationProtection")),
            template=_literal(template, resolvers[name]),
            resolver=resolvers[name],
            missing=tuple(artifact.get("missing", ())),
        )
        for name, artifact, template in found
    ]


def artifacts(folder: Path) -> Iterator[Synthesized]:
    """What the folder's manifest lists, and those of assemblies inside it. Raises AssemblyError."""
    manifest = folder / "manifest.json"
    if not manifest.is_file():
        raise AssemblyError(f"{folder}: no manifest.json: give the folder that `cdk synth --output` wrote")
    content = json.loads(manifest.read_text(encoding="utf-8"))
    missing = [one["key"] for one in content.get("missing", [])]
    for id_, artifact in content.get("artifacts", {}).items():
        properties = artifact.get("properties", {})
        if artifact["type"] == "aws:cloudformation:stack":
            template = json.loads((folder / properties["templateFile"]).read_text(encoding="utf-8"))
            yield properties.get("stackName", id_), {**artifact, "missing": missing}, template
        elif artifact["type"] == "cdk:cloud-assembly":
            yield from artifacts(folder / properties["directoryName"])


def _where(artifact: Mapping[str, Json]) -> tuple[str, str]:
    """Account and Region, examples where the assembly leaves them open."""
    account, _, region = artifact.get("environment", "").removeprefix("aws://").partition("/")
    return (
        account if account.isdigit() else "111122223333",
        region if region and not region.startswith("unknown") else "us-east-1",
    )


def _literal(template: dict[str, Json], resolver: Resolver) -> dict[str, Json]:
    """The template for tools that do not know the newest intrinsic function, which takes another stack's output."""

    def replaced(value: Json) -> Json:
        if isinstance(value, dict):
            if "Fn::GetStackOutput" in value:
                return resolver.resolve(value)
            return {key: replaced(one) for key, one in value.items()}
        return [replaced(one) for one in value] if isinstance(value, list) else value

    return {key: replaced(part) for key, part in template.items()}
