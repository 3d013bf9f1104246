"""The JSONata of the workflows, evaluated in this process."""

import hashlib
import json
from typing import Any

import jsonata
from jsonata.utils import Utils

from tests.workflows.conftest import definitions


def evaluate(expression: Any, *, context: Any = None, result: Any = None, error: Any = None, **variables: Any) -> Any:
    """Evaluate a state's value as Step Functions would: expressions anywhere inside it, other values as they are."""
    known = {"context": context, "result": result, "error": error, **variables}
    if isinstance(expression, dict):
        return {key: evaluate(one, **known) for key, one in expression.items()}
    if isinstance(expression, list):
        return [evaluate(one, **known) for one in expression]
    if not (isinstance(expression, str) and expression.startswith("{%")):
        return expression
    parsed = jsonata.Jsonata(expression.removeprefix("{%").removesuffix("%}").strip())
    parsed.register_lambda(
        "hash", lambda text, algorithm: hashlib.new(algorithm.replace("-", ""), text.encode()).hexdigest()
    )
    parsed.register_lambda("parse", json.loads)
    parsed.assign("states", {"context": context or {}, "result": result, "errorOutput": error, "input": {}})
    for name, value in variables.items():
        parsed.assign(name, Utils.NULL_VALUE if value is None else value)
    return parsed.evaluate(None)


def chosen(workflow: str, state: str, *, cooldown_days: int | None = None, **known: Any) -> str:
    """The state that a Choice goes on to."""
    choice = definitions(cooldown_days)[workflow]["States"][state]
    for one in choice["Choices"]:
        if evaluate(one["Condition"], **known):
            return str(one["Next"])
    return str(choice["Default"])
