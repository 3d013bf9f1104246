"""Parameters and answers as Step Functions spells them: PascalCase by the rule of AWS's Java SDK, checked by model."""

import base64
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape
from botocore.response import StreamingBody

_LEADING_CAPITALS = re.compile(r"^([A-Z]+)(?=[A-Z][a-z]|[^a-zA-Z]|$)|^([a-zA-Z])")


class UnknownParameterError(ValueError):
    """A parameter that the operation does not have; the message names it."""


def pascal(name: str) -> str:
    """`SSEKMSKeyId` -> `SsekmsKeyId`, `stateMachineArn` -> `StateMachineArn`, `ETag` -> `ETag`."""
    lowered = _LEADING_CAPITALS.sub(lambda match: match.group(0).lower(), name)
    return lowered[0].upper() + lowered[1:]


def request(value: Any, shape: Shape) -> Any:
    """What a state's Arguments say, under the API's own names; raises UnknownParameterError."""
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        members = {pascal(name): (name, member) for name, member in shape.members.items()}
        unknown = sorted(value.keys() - members.keys())
        if unknown:
            known = ", ".join(sorted(members))
            raise UnknownParameterError(
                f'The field "{unknown[0]}" is not supported by Step Functions; it knows: {known}'
            )
        return {members[key][0]: request(item, members[key][1]) for key, item in value.items() if item is not None}
    if isinstance(shape, ListShape) and isinstance(value, list):
        return [request(item, shape.member) for item in value]
    if isinstance(shape, MapShape) and isinstance(value, dict):
        return {key: request(item, shape.value) for key, item in value.items()}
    return _scalar(value, shape)


def _scalar(value: Any, shape: Shape) -> Any:
    """A blob is sent as JSON text, a string of it in quotes too; so is what stands where a string belongs."""
    if shape.type_name == "blob":
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
    if shape.type_name == "string" and not isinstance(value, str):
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return value


def iso(time: datetime) -> str:
    """A time as the aws-sdk integrations give it."""
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def millis(time: datetime) -> int:
    """A time as the optimized integrations give it."""
    return round(time.timestamp() * 1000)


def answer(value: Any, shape: Shape | None, time: Callable[[datetime], Any] = iso) -> Any:
    """What an operation returned, as a state sees it: PascalCase, bodies as text."""
    if isinstance(value, StreamingBody):
        return value.read().decode("utf-8", errors="replace")
    if isinstance(value, datetime):
        return time(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        members = shape.members
        return {pascal(name): answer(item, members[name], time) for name, item in value.items() if name in members}
    if isinstance(shape, MapShape) and isinstance(value, dict):
        return {key: answer(item, shape.value, time) for key, item in value.items()}
    if isinstance(shape, ListShape) and isinstance(value, list):
        return [answer(item, shape.member, time) for item in value]
    return value
