"""Checks a state machine as AWS would at run time: its graph, its expressions, and tasks' arguments by botocore."""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

import botocore.session
import jsonata  # type: ignore[import-untyped]
from botocore.model import OperationModel, Shape

OPTIMISED = {
    "athena:startQueryExecution": ("athena", "StartQueryExecution"),
    "codebuild:startBuild": ("codebuild", "StartBuild"),
    "events:putEvents": ("events", "PutEvents"),
    "glue:startJobRun": ("glue", "StartJobRun"),
    "lambda:invoke": ("lambda", "Invoke"),
    "sagemaker:createModel": ("sagemaker", "CreateModel"),
    "sagemaker:createProcessingJob": ("sagemaker", "CreateProcessingJob"),
    "sagemaker:createTrainingJob": ("sagemaker", "CreateTrainingJob"),
    "sagemaker:createTransformJob": ("sagemaker", "CreateTransformJob"),
    "sns:publish": ("sns", "Publish"),
    "sqs:sendMessage": ("sqs", "SendMessage"),
    "states:startExecution": ("stepfunctions", "StartExecution"),
}
WITH_SYNC = {one for one in OPTIMISED if ":start" in one or one.endswith("Job")}
SERVICES = {"sfn": "stepfunctions", "cloudwatchlogs": "logs", "eventbridge": "events"}
AS_TEXT = {"Detail", "Body", "Input", "Message"}
"""Arguments that Step Functions turns into text by itself."""

_session = botocore.session.get_session()


def problems(definition: dict[str, Any]) -> list[str]:
    """All that is wrong with a definition, one sentence each; empty if it is sound."""
    found = list(_graph(definition))
    for name, state in definition["States"].items():
        found += [f"{name}: {problem}" for problem in _expressions(state, "")]
        if state["Type"] == "Task":
            found += [f"{name}: {problem}" for problem in _task(state)]
        if state["Type"] == "Map":
            found += [f"{name}: {problem}" for problem in _map(state, definition)]
    return found


def _graph(definition: dict[str, Any]) -> Iterator[str]:
    states = definition["States"]
    targets = {definition["StartAt"]}
    for name, state in states.items():
        next_ = [state[key] for key in ("Next", "Default") if key in state]
        next_ += [one["Next"] for key in ("Choices", "Catch") for one in state.get(key, [])]
        targets.update(next_)
        if state["Type"] not in ("Succeed", "Fail") and not next_ and not state.get("End"):
            yield f"{name} leads nowhere"
    yield from (f"{name} does not exist" for name in sorted(targets - set(states)))
    yield from (f"{name} is never reached" for name in sorted(set(states) - targets))


def _map(state: dict[str, Any], outer: dict[str, Any]) -> Iterator[str]:
    """What is wrong inside a Map; its states may not assign a variable that the states around it have."""
    inner = state["ItemProcessor"]
    yield from problems(inner)
    taken = _assigned(outer["States"].values()) & _assigned(inner["States"].values())
    yield from (f"{name} is assigned inside and outside" for name in sorted(taken))


def _assigned(states: Iterable[dict[str, Any]]) -> set[str]:
    found: set[str] = set()
    for state in states:
        found |= {name for one in (state, *state.get("Catch", [])) for name in one.get("Assign", {})}
    return found


def _task(state: dict[str, Any]) -> Iterator[str]:
    operation = operation_of(state["Resource"])
    if isinstance(operation, str):
        yield operation
        return
    if "TimeoutSeconds" not in state:
        yield "no timeout"
    retries = state.get("Retry", [])
    if not retries or any(retry.get("JitterStrategy") != "FULL" for retry in retries):
        yield "no retry with jitter"
    if any(error in ("States.ALL", "States.TaskFailed") for retry in retries for error in retry["ErrorEquals"]):
        yield "retries what is not transient"
    assert operation.input_shape is not None  # noqa: S101 - narrows the type
    key = "Parameters" if "Parameters" in state else "Arguments"
    yield from _arguments(operation.input_shape, state.get(key, {}), key)


def operation_of(resource: str) -> OperationModel | str:
    """The operation that an integration calls, or what is wrong with it."""
    match = re.fullmatch(
        r"arn:aws:states:::(aws-sdk:)?([a-z0-9]+):([A-Za-z0-9]+)(\.sync(?::2)?|\.waitForTaskToken)?", resource
    )
    if match is None:
        return f"no such integration: {resource}"
    sdk, service, action, sync = match.groups()
    key = f"{service}:{action}"
    if sync and sync.startswith(".sync") and (sdk or key not in WITH_SYNC):
        return f"{key} cannot be waited for with .sync"
    if not sdk and key not in OPTIMISED:
        return f"no optimised integration: {key}"
    name, operation = (SERVICES.get(service, service), action[0].upper() + action[1:]) if sdk else OPTIMISED[key]
    if name not in _session.get_available_services():
        return f"no such service: {service}"
    model = _session.get_service_model(name)
    if operation not in model.operation_names:
        return f"no such operation: {key}"
    return model.operation_model(operation)


def _arguments(shape: Shape, value: Any, path: str) -> Iterator[str]:
    """Compare a value with a botocore shape; what an expression will be is known by name only."""
    if isinstance(value, str) and value.startswith(("{%", "$.", "$$.")):
        return
    if isinstance(value, dict | list) and path.rsplit(".", 1)[-1] in AS_TEXT:
        return
    kind = shape.type_name
    if kind == "structure":
        yield from _structure(shape, value, path)
    elif kind == "list":
        for index, item in enumerate(value if isinstance(value, list) else []):
            yield from _arguments(shape.member, item, f"{path}[{index}]")  # type: ignore[attr-defined]
        if not isinstance(value, list):
            yield f"{path} should be a list"
        elif len(value) < shape.metadata.get("min", 0) or len(value) > shape.metadata.get("max", len(value)):
            yield f"{path} has {len(value)} items, which AWS does not take"
    elif kind == "map":
        for key, item in value.items():
            yield from _arguments(shape.value, item, f"{path}.{key}")  # type: ignore[attr-defined]
    else:
        yield from _scalar(shape, value, path)


def _structure(shape: Shape, value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{path} should be an object"
        return
    members = {name[0].upper() + name[1:]: member for name, member in shape.members.items()}  # type: ignore[attr-defined]
    for name, item in ((name.removesuffix(".$"), item) for name, item in value.items()):
        if name not in members:
            yield f"{path}.{name} is no parameter"
        else:
            yield from _arguments(members[name], item, f"{path}.{name}")
    required = {name[0].upper() + name[1:] for name in shape.required_members}
    given = {name.removesuffix(".$") for name in value}
    yield from (f"{path}.{name} is missing" for name in sorted(required - given))


def _scalar(shape: Shape, value: Any, path: str) -> Iterator[str]:
    expected: dict[str, type | tuple[type, ...]] = {
        "string": str,
        "boolean": bool,
        "integer": int,
        "long": int,
        "double": (int, float),
        "float": (int, float),
    }
    if not isinstance(value, expected.get(shape.type_name, object)):
        yield f"{path} = {value!r} should be a {shape.type_name}"
    elif getattr(shape, "enum", None) and value not in shape.enum:  # type: ignore[attr-defined]
        yield f"{path} = {value!r} is none of {', '.join(shape.enum[:6])}"  # type: ignore[attr-defined]
    elif shape.type_name in ("integer", "long"):
        low, high = shape.metadata.get("min", value), shape.metadata.get("max", value)
        if not low <= value <= high:
            yield f"{path} = {value} is not within {low} and {high}"
    elif shape.type_name == "string":
        yield from _text(shape, str(value), path)


def _text(shape: Shape, value: str, path: str) -> Iterator[str]:
    low, high = shape.metadata.get("min", 0), shape.metadata.get("max", len(value))
    if not low <= len(value) <= high:
        yield f"{path} = {value[:40]!r} should have {low} to {high} characters"
    pattern = shape.metadata.get("pattern")
    if pattern and not _matches(pattern, value):
        yield f"{path} = {value[:80]!r} does not match {pattern[:80]}"


def _matches(pattern: str, value: str) -> bool:
    """Whether `value` matches a pattern of the service's; one that Python cannot read says nothing."""
    try:
        return re.fullmatch(pattern, value) is not None
    except re.error:
        return True


def _expressions(value: Any, path: str) -> Iterator[str]:
    """What is wrong with the JSONata anywhere inside a state."""
    if isinstance(value, dict):
        for key, one in value.items():
            if key not in ("States", "ItemProcessor", "Branches"):
                yield from _expressions(one, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for index, one in enumerate(value):
            yield from _expressions(one, f"{path}[{index}]")
    elif isinstance(value, str) and value.startswith("{%") and (wrong := _wrong_expression(value)):
        yield f"{path} {wrong}"


@cache
def _wrong_expression(value: str) -> str | None:
    if not value.rstrip().endswith("%}"):
        return "does not end with %}"
    try:
        jsonata.Jsonata(value.strip().removeprefix("{%").removesuffix("%}"))
    except jsonata.JException as error:
        return f"is no JSONata: {error}"
    return None
