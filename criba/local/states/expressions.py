"""JSONata as Step Functions evaluates it, where MiniStack's evaluator differs."""

import json
from collections.abc import Callable
from typing import Any

from jsonata.utils import Utils  # type: ignore[import-untyped]

from criba.local import emulator
from criba.local.states.errors import state_error

_EXACT = 2**53


def plain(value: Any) -> Any:
    """A result as JSON has it: a whole number is an integer, a null is None, a sequence is a list."""
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT:
        return int(value)
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return None if type(value).__name__ == "NullValue" else value


def evaluates(inner: Callable[..., Any]) -> Callable[..., Any]:
    """MiniStack's `_evaluate_jsonata`, with plain results."""

    def evaluate(*args: Any, **kwargs: Any) -> Any:
        return plain(inner(*args, **kwargs))

    return evaluate


def knows_functions(inner: Callable[[Any], None]) -> Callable[[Any], None]:
    """MiniStack's `_register_sfn_jsonata_functions`, with two functions as AWS has them.

    `$string` keeps letters as they are; `$parse` of a null is null, and not nothing.
    """

    def register(expression: Any) -> None:
        inner(expression)
        expression.register_lambda("string", _string)
        expression.register_lambda("parse", _parse)

    return register


def _string(value: Any = None, prettify: bool = False) -> str | None:
    if value is None:
        return None
    if isinstance(value, str):
        return value
    layout: dict[str, Any] = {"indent": 2} if prettify else {"separators": (",", ":")}
    return json.dumps(plain(value), ensure_ascii=False, **layout)


def _parse(text: Any = None) -> Any:
    value = emulator.service("stepfunctions")._sfn_jsonata_parse(text)
    return Utils.NULL_VALUE if value is None and text is not None else value


def assign(state: dict[str, Any], data: Any, context: Any, result: Any = None, error_output: Any = None) -> None:
    """MiniStack's `_apply_state_assign`: every expression sees the variables as they were before this state.

    What it changed stands in the context too, for the history.
    """
    interpreter = emulator.service("stepfunctions")
    if context is None or "Assign" not in state or interpreter._state_query_language(state, context) != "JSONata":
        return
    changed = interpreter._apply_jsonata_template(
        state["Assign"], data, context, result=result, error_output=error_output
    )
    context.setdefault("variables", {}).update(changed)
    context["assigned"] = changed


def decides(rule: dict[str, Any], data: Any, context: Any) -> bool:
    """MiniStack's `_evaluate_jsonata_choice_rule`: a condition that is no boolean is an error."""
    value = emulator.service("stepfunctions")._apply_jsonata_template(rule["Condition"], data, context)
    if not isinstance(value, bool):
        cause = f"The Condition {rule['Condition']!r} must be a boolean, but was: {value!r}"
        raise state_error("States.QueryEvaluationError", cause)
    return value
