"""CloudFormation: the types that MiniStack lacks, and the properties that it drops from the types it has."""

from typing import Any

from criba.local import emulator, recorded_only
from criba.local.cloudformation.added_types import ADDED
from criba.local.cloudformation.late_properties import KEPT, LATE
from criba.local.cloudformation.providers import Completed, Provider, Recorded, RecordedIf


def install() -> None:
    """Register every provider, and have CloudFormation run it on a thread, where it may call the gateway."""
    handlers = emulator.module("services.cloudformation.provisioners")._RESOURCE_HANDLERS
    providers: dict[str, Provider] = {
        **ADDED,
        **{type_: Recorded(type_) for type_ in recorded_only.TYPES},
        **{type_: Completed(type_, handlers[type_], KEPT[type_], LATE.get(type_, {})) for type_ in KEPT},
    }
    alarm = "AWS::CloudWatch::Alarm"
    providers[alarm] = RecordedIf(alarm, "Metrics", "metric math is not evaluated", providers[alarm])
    for type_, provider in providers.items():
        handlers[type_] = _handler(provider, handlers.get(type_, {}))
    _run_on_threads(frozenset(providers))


def _handler(provider: Provider, inner: dict[str, Any]) -> dict[str, Any]:
    """The shape in which MiniStack keeps a provider; what we do not provide, such as import, stays."""
    return {
        **{key: value for key, value in inner.items() if key in ("import", "snapshot")},
        "create": provider.create,
        "update": provider.update,
        "update_with_logical_id": True,
        "delete": provider.delete,
    }


def _run_on_threads(types: frozenset[str]) -> None:
    stacks = emulator.module("services.cloudformation.stacks")
    inner = stacks._runs_on_worker_thread
    stacks._runs_on_worker_thread = lambda type_: type_ in types or inner(type_)
