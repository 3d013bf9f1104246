"""How a resource of a stack comes to be, changes and goes: four ways, all with CloudFormation's three verbs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from botocore.exceptions import ClientError

from criba.local import emulator, recorded, recorded_only
from criba.local.clients import client
from criba.local.recorded import RESOURCE, Owner

Properties = dict[str, Any]
Created = tuple[str, dict[str, Any]]
"""Physical id, and the attributes that Fn::GetAtt reads."""


class Provider(Protocol):
    """One resource type; errors are exceptions, whose text becomes the resource's status reason."""

    def create(self, logical_id: str, properties: Properties, stack: str) -> Created: ...

    def update(self, physical_id: str, old: Properties, new: Properties, stack: str, logical_id: str) -> Created: ...

    def delete(self, physical_id: str, properties: Properties) -> None: ...


def physical_name(stack: str, logical_id: str, length: int = 63) -> str:
    """The name that CloudFormation gives to a resource whose template gives none."""
    name = emulator.module("services.cloudformation.provisioners")._physical_name(stack, logical_id, max_len=length)
    return str(name)


@dataclass(frozen=True)
class Called:
    """A type that is one call to create, one to change and one to delete.

    `named` is the property that names it (CloudFormation chooses a name where the template has none). `request` turns
    properties into a call's parameters, `change` those of an update (None: it is created anew under its name).
    """

    service: str
    create_call: str
    delete_call: str | None
    named: str | None
    request: Callable[[Properties], Properties]
    deleted: Callable[[str, Properties], Properties]
    physical_id: Callable[[Properties, Properties], str]
    attributes: Callable[[Properties, Properties], dict[str, Any]] = lambda properties, answer: {}
    change_call: str | None = None
    change: Callable[[str, Properties], Properties] | None = None
    gone: Sequence[str] = ()

    def create(self, logical_id: str, properties: Properties, stack: str) -> Created:
        named = dict(properties)
        if self.named and self.named not in named:
            named[self.named] = physical_name(stack, logical_id)
        answer = getattr(client(self.service), self.create_call)(**self.request(named))
        return self.physical_id(named, answer), self.attributes(named, answer)

    def update(self, physical_id: str, old: Properties, new: Properties, stack: str, logical_id: str) -> Created:
        renamed = self.named is not None and old.get(self.named) != new.get(self.named)
        if renamed:  # CloudFormation deletes the old one when the new one stands
            return self.create(logical_id, new, stack)
        if self.change_call and self.change:
            answer = getattr(client(self.service), self.change_call)(**self.change(physical_id, new))
            named = {**new, self.named: physical_id} if self.named else new
            return physical_id, self.attributes(named, answer)
        self.delete(physical_id, old)
        return self.create(logical_id, new, stack)

    def delete(self, physical_id: str, properties: Properties) -> None:
        if self.delete_call is None:
            return
        try:
            getattr(client(self.service), self.delete_call)(**self.deleted(physical_id, properties))
        except ClientError as refusal:
            if refusal.response["Error"]["Code"] not in self.gone:
                raise


class Late(NamedTuple):
    """A property that is set after MiniStack's own work, and unset when a new template has it no more.

    `but` tells what the property still does not do here.
    """

    apply: Callable[[str, Any], object]
    remove: Callable[[str], object] | None = None
    but: str = ""


@dataclass(frozen=True)
class Completed:
    """A type of MiniStack's, completed: `late` properties are set afterwards, others than `kept` are noted."""

    type: str
    inner: Mapping[str, Any]
    kept: frozenset[str]
    late: Mapping[str, Late] = field(default_factory=dict)

    def create(self, logical_id: str, properties: Properties, stack: str) -> Created:
        physical_id, attributes = self.inner["create"](logical_id, properties, stack)
        self._complete(Owner(stack, logical_id, self.type, physical_id), {}, properties)
        return physical_id, attributes

    def update(self, physical_id: str, old: Properties, new: Properties, stack: str, logical_id: str) -> Created:
        if "update" not in self.inner:
            changed, attributes = self.inner["create"](logical_id, new, stack)
        elif self.inner.get("update_with_logical_id"):
            changed, attributes = self.inner["update"](physical_id, old, new, stack, logical_id)
        else:
            changed, attributes = self.inner["update"](physical_id, old, new, stack)
        self._complete(Owner(stack, logical_id, self.type, changed), old if changed == physical_id else {}, new)
        return changed, attributes

    def delete(self, physical_id: str, properties: Properties) -> None:
        recorded.forget(self.type, physical_id)
        self.inner["delete"](physical_id, properties)

    def _complete(self, owner: Owner, old: Properties, new: Properties) -> None:
        recorded.forget(self.type, owner.physical_id)
        for name, late in self.late.items():
            if name in new:
                late.apply(owner.physical_id, new[name])
                if late.but:
                    recorded.add(owner, name, late.but)
            elif name in old and late.remove:
                late.remove(owner.physical_id)
        for name in sorted(new.keys() - self.kept - self.late.keys()):
            recorded.add(owner, name, "the emulator has no such field")


@dataclass(frozen=True)
class Recorded:
    """A type that is only written down."""

    type: str

    def create(self, logical_id: str, properties: Properties, stack: str) -> Created:
        entry = recorded_only.TYPES[self.type]
        physical_id = physical_name(stack, logical_id)
        recorded.add(Owner(stack, logical_id, self.type, physical_id), RESOURCE, entry.reason)
        return physical_id, dict.fromkeys(("Arn", *entry.attributes), f"recorded-only-{logical_id}")

    def update(self, physical_id: str, old: Properties, new: Properties, stack: str, logical_id: str) -> Created:
        return self.create(logical_id, new, stack)

    def delete(self, physical_id: str, properties: Properties) -> None:
        recorded.forget(self.type, physical_id)


@dataclass(frozen=True)
class RecordedIf:
    """A type that is only written down when it has one `property`, and provided as ever when it does not."""

    type: str
    property: str
    reason: str
    inner: Provider

    def create(self, logical_id: str, properties: Properties, stack: str) -> Created:
        if self.property not in properties:
            return self.inner.create(logical_id, properties, stack)
        physical_id = physical_name(stack, logical_id, 255)
        recorded.add(Owner(stack, logical_id, self.type, physical_id), RESOURCE, self.reason)
        return physical_id, {"Arn": f"recorded-only-{logical_id}"}

    def update(self, physical_id: str, old: Properties, new: Properties, stack: str, logical_id: str) -> Created:
        if self.property in old or self.property in new:
            self.delete(physical_id, old)
            return self.create(logical_id, new, stack)
        return self.inner.update(physical_id, old, new, stack, logical_id)

    def delete(self, physical_id: str, properties: Properties) -> None:
        if self.property in properties:
            recorded.forget(self.type, physical_id)
        else:
            self.inner.delete(physical_id, properties)
