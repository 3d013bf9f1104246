"""SageMaker's own service model: what a request may hold, and which fields an answer has."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import botocore.session
from botocore.model import ListShape, MapShape, ServiceModel, Shape, StringShape, StructureShape
from botocore.validate import ParamValidator

from criba.local.errors import AwsError


def validate(operation: str, request: dict[str, Any]) -> None:
    """Raise ValidationException for a request that the model does not allow, in the service's words."""
    shape = _input(operation)
    report = ParamValidator().validate(request, shape)
    if report.has_errors():
        raise AwsError("ValidationException", report.generate_report())
    found = list(_violations(request, shape, ""))
    if found:
        noun = "error" if len(found) == 1 else "errors"
        raise AwsError("ValidationException", f"{len(found)} validation {noun} detected: {'; '.join(found)}")


def answer(operation: str, record: dict[str, Any]) -> dict[str, Any]:
    """The fields of a record that an operation answers with."""
    return {name: record[name] for name in _output(operation).members if name in record}


def summary(operation: str, record: dict[str, Any]) -> dict[str, Any]:
    """The fields of a record that a List operation answers with for each entry."""
    entries = next(shape for shape in _output(operation).members.values() if isinstance(shape, ListShape))
    fields: Any = entries.member
    return {name: record[name] for name in fields.members if name in record}


@cache
def _service() -> ServiceModel:
    return botocore.session.get_session().get_service_model("sagemaker")


@cache
def _input(operation: str) -> StructureShape:
    shape = _service().operation_model(operation).input_shape
    return shape or StructureShape("Nothing", {"type": "structure", "members": {}})


@cache
def _output(operation: str) -> StructureShape:
    shape = _service().operation_model(operation).output_shape
    return shape or StructureShape("Nothing", {"type": "structure", "members": {}})


def is_operation(name: str) -> bool:
    return name in _service().operation_names


def _violations(value: Any, shape: Shape, path: str) -> Iterator[str]:
    """What ParamValidator leaves out: enumerations, patterns and upper bounds."""
    if isinstance(shape, StructureShape):
        for name, member in value.items():
            field = name[0].lower() + name[1:]
            yield from _violations(member, shape.members[name], f"{path}.{field}" if path else field)
        return
    if isinstance(shape, StringShape):
        yield from _violations_of_text(value, shape, path)
    elif (limit := shape.metadata.get("max")) is not None:
        size = len(value) if isinstance(shape, ListShape | MapShape) else value
        if size > limit:
            kind = "length" if isinstance(shape, ListShape | MapShape) else "value"
            yield _constraint(value, path, f"Member must have {kind} less than or equal to {limit}")
    if isinstance(shape, ListShape):
        for number, member in enumerate(value, start=1):
            yield from _violations(member, shape.member, f"{path}.{number}.member")
    elif isinstance(shape, MapShape):
        for key, member in value.items():
            yield from _violations(key, shape.key, f"{path}.{key}.key")
            yield from _violations(member, shape.value, f"{path}.{key}.member")


def _violations_of_text(value: str, shape: StringShape, path: str) -> Iterator[str]:
    if shape.enum and value not in shape.enum:
        yield _constraint(value, path, f"Member must satisfy enum value set: [{', '.join(shape.enum)}]")
    limit = shape.metadata.get("max")
    if limit is not None and len(value) > limit:
        yield _constraint(value, path, f"Member must have length less than or equal to {limit}")
    pattern = shape.metadata.get("pattern")
    if pattern and not _python(pattern).fullmatch(value):
        yield _constraint(value, path, f"Member must satisfy regular expression pattern: {pattern}")


_JAVA = {
    r"\p{L}": r"\w",
    r"\p{N}": r"\w",
    r"\p{M}": r"\w",
    r"\p{Alnum}": r"\w",
    r"\p{P}": r"\W",
    r"\p{S}": r"\W",
    r"\p{Z}": r"\s",
    r"\uD800\uDC00-\uDBFF\uDFFF": r"\U00010000-\U0010FFFF",
    "${1,128}": "",
    "${1,256}": "",
}
"""What `re` writes otherwise: classes of characters, surrogates, and an end of text that Java lets repeat."""


@cache
def _python(pattern: str) -> re.Pattern[str]:
    for java, python in _JAVA.items():
        pattern = pattern.replace(java, python)
    return re.compile(pattern)


def _constraint(value: Any, path: str, rule: str) -> str:
    shown = str(value) if len(str(value)) <= 200 else f"{str(value)[:200]}…"
    return f"Value '{shown}' at '{path}' failed to satisfy constraint: {rule}"
