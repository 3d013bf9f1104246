"""CloudFormation: the types that MiniStack lacks, and the properties that it drops from the types it has."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs

from criba.local import emulator, recorded_only
from criba.local.cloudformation.added_types import ADDED
from criba.local.cloudformation.late_properties import KEPT, LATE
from criba.local.cloudformation.providers import Completed, Provider, Recorded, RecordedIf

_DEPLOYING = ("CreateStack", "UpdateStack", "DeleteStack", "ExecuteChangeSet")
_LONGEST_ANSWER_SECONDS = 30


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
    services = emulator.module("app").SERVICE_HANDLERS
    services["cloudformation"] = _answering_when_done(services["cloudformation"])


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


def _answering_when_done(inner: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """Answer a call that starts a deployment when it is done: the CDK CLI, which would wait 5 s a stack, need not."""

    async def handler(method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]) -> Any:
        answer = await inner(method, path, headers, body, query)
        call = parse_qs(body.decode(errors="replace"))
        if call.get("Action", [""])[0] in _DEPLOYING and "StackName" in call:
            await _until_done(call["StackName"][0])
        return answer

    return handler


async def _until_done(name: str) -> None:
    stacks = emulator.module("services.cloudformation")._stacks
    for _ in range(_LONGEST_ANSWER_SECONDS * 50):
        found = [stack for stack in stacks.values() if name in (stack.get("StackName"), stack.get("StackId"))]
        if not any(stack["StackStatus"].endswith("_IN_PROGRESS") for stack in found):
            return
        await asyncio.sleep(0.02)
