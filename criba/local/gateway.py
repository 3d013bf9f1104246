"""What stands in front of MiniStack: the services that it lacks, in AWS's wire format, and the platform's status."""

import asyncio
import contextvars
import json
import uuid
from collections.abc import Awaitable, Callable
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs

from criba.local import emulator, hooks, identity, inbox, moto_services, recorded, recorded_only, settings
from criba.local.errors import AwsError

Response = tuple[int, dict[str, str], bytes]
Handler = Callable[[str, str, dict[str, str], bytes, dict[str, Any]], Awaitable[Response]]
Asgi = Callable[[dict[str, Any], Callable[..., Any], Callable[..., Any]], Awaitable[None]]

JSON_1_1 = "application/x-amz-json-1.1"
FIRE = "/_criba/fire-schedules"
SERVICES = {"sagemaker": "SageMaker.", **moto_services.TARGETS}


def application() -> Asgi:
    """MiniStack's ASGI application with every plug-in in place; settings.configure() comes before."""
    from criba.local import calls, cloudformation, cloudwatch, events, glue, s3, schedules, states, targets
    from criba.local import sagemaker as sagemaker_api

    hooks.check()
    jobs = settings.environment(port=settings.port(), region=settings.region())
    sagemaker_api.configure(jobs, events.emit, settings.root() / "jobs")
    patterns = emulator.module("core.router").SERVICE_PATTERNS
    handlers = emulator.module("app").SERVICE_HANDLERS
    for name, prefix in SERVICES.items():
        patterns[name] = {"target_prefixes": [prefix], "credential_scope": name}
        handlers[name] = sagemaker if name == "sagemaker" else _of_moto(name)
    handlers["sts"] = _naming_the_caller(handlers["sts"])
    for name in {call.partition(":")[0] for entry in recorded_only.TYPES.values() for call in entry.calls}:
        handlers[name] = _refusing_the_recorded(name, handlers[name])
    for plug_in in (s3, cloudformation, states, glue, targets, schedules, cloudwatch, inbox):
        plug_in.install()
    handlers.update({name: calls.recorded(name, answer) for name, answer in handlers.items()})
    return _with_status(emulator.module("app").app)


async def sagemaker(method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]) -> Response:
    """One SageMaker call: JSON 1.1 in and out, timestamps in seconds."""
    from criba.local.sagemaker import handle

    operation = headers.get("x-amz-target", "").rpartition(".")[2]
    person = identity.caller(headers, query)
    try:
        answer: dict[str, Any] = await _off_the_loop(handle, operation, json.loads(body or b"{}"), person=person)
    except AwsError as refusal:
        return _json(refusal.status, {"__type": refusal.code, "message": refusal.message})
    return _json(200, answer)


def _of_moto(name: str) -> Handler:
    async def handler(method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]) -> Response:
        answer: Response = await _off_the_loop(moto_services.call, name, method, path, headers, body)
        return answer

    return handler


def _refusing_the_recorded(name: str, answer: Handler) -> Handler:
    """A service, except for calls to the types that are only recorded."""

    async def handler(method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]) -> Response:
        operation = headers.get("x-amz-target", "").rpartition(".")[2] or _action(body)
        if reason := recorded_only.refusal(name, operation):
            return _json(400, {"__type": "NotEmulated", "message": reason})
        return await answer(method, path, headers, body, query)

    return handler


def _action(body: bytes) -> str:
    """The operation of a call in the query protocol."""
    return parse_qs(body.decode(errors="replace")).get("Action", [""])[0]


def _naming_the_caller(answer: Handler) -> Handler:
    """STS, except that GetCallerIdentity names the person behind the access key."""

    async def handler(method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]) -> Response:
        if _action(body) != "GetCallerIdentity":
            return await answer(method, path, headers, body, query)
        xml = identity.caller_identity_xml(identity.caller(headers, query), str(uuid.uuid4()))
        return 200, {"Content-Type": "text/xml"}, xml

    return handler


def _with_status(inner: Asgi) -> Asgi:
    """Answer what is no AWS call: GET /_criba/status, GET /_criba/inbox, and POST /_criba/fire-schedules/<name>."""
    answers: dict[str, Callable[[], dict[str, Any]]] = {
        "/_criba/status": lambda: {"not_emulated": recorded.entries()},
        "/_criba/inbox": lambda: {"messages": inbox.messages()},
    }

    async def outer(scope: dict[str, Any], receive: Callable[..., Any], send: Callable[..., Any]) -> None:
        path = scope["path"] if scope["type"] == "http" else ""
        if path in answers:
            status, headers, body = _json(200, answers[path]())
        elif path.startswith(FIRE) and scope["method"] == "POST":
            status, headers, body = await _fire(path.removeprefix(FIRE).strip("/"))
        else:
            await inner(scope, receive, send)
            return
        raw = [(name.encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": status, "headers": raw})
        await send({"type": "http.response.body", "body": body})

    return outer


async def _fire(name: str) -> Response:
    """Fire a monitoring schedule, or all of them when no name is given."""
    from criba.local.sagemaker import fire_schedules

    try:
        executions = await _off_the_loop(fire_schedules, name or None)
    except AwsError as refusal:
        return _json(refusal.status, {"__type": refusal.code, "message": refusal.message})
    return _json(200, {"MonitoringExecutionSummaries": executions})


async def _off_the_loop(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Run blocking work in a thread that keeps the caller's account and region."""
    context = contextvars.copy_context()
    return await asyncio.get_running_loop().run_in_executor(None, lambda: context.run(function, *args, **kwargs))


def _json(status: int, answer: dict[str, Any]) -> Response:
    return status, {"Content-Type": JSON_1_1}, json.dumps(answer, default=_plain).encode()


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.timestamp()
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"an answer holds {type(value).__name__}, which JSON 1.1 has no form for")
