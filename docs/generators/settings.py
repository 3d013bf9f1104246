"""The settings tables, made from the model that reads `environments/*.toml`."""

import json
import math
from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin, get_type_hints

from annotated_types import Ge, Gt, Le, Lt
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from generators.markdown import code, table
from stacks import config, kinds, people, section

NAMED = {
    name: hint
    for module in (section, kinds, people)
    for name, hint in vars(module).items()
    if get_origin(hint) is not None and name[0].isupper()
}
"""The kinds of value that have a name of their own, such as Email."""
BOUNDS = {Ge: ("ge", "from"), Gt: ("gt", "above"), Le: ("le", "to"), Lt: ("lt", "below")}


def settings_table() -> str:
    """Every key of every section: its kind, its default and what it means."""
    return table(("key", "kind", "default", "what it means"), _rows(config.Settings, ""))


def kinds_table() -> str:
    """How values of each kind are written: in the very words with which a wrong one is refused."""
    return table(("kind", "how it is written"), ((name, _advice(hint)) for name, hint in NAMED.items()))


def _rows(section: type[BaseModel], prefix: str) -> Iterator[tuple[str, str, str, str]]:
    hints = get_type_hints(section, include_extras=True)
    for name, field in section.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from _rows(kind, f"{prefix}{name}.")
        elif field.description:
            yield (
                code(f"{prefix}{name}"),
                _kind(hints[name]) + _bounds(field.metadata),
                _default(field),
                field.description,
            )
        elif name != "name":
            raise ValueError(f"stacks/config.py: {prefix}{name} has no description: say what it means")


def _kind(hint: Any) -> str:
    for name, named in NAMED.items():
        if hint == named:
            return name
    if get_origin(hint) is list:
        return f"list of {_kind(get_args(hint)[0])}"
    if get_origin(hint) is Literal:
        return "one of " + ", ".join(code(_toml(choice)) for choice in get_args(hint))
    if get_origin(hint) is dict:
        return f"table by {_kind(get_args(hint)[0])}"
    if type(None) in get_args(hint):
        return _kind(next(one for one in get_args(hint) if one is not type(None)))
    return {int: "whole number", float: "number", bool: "true or false"}[hint]


def _bounds(metadata: list[Any]) -> str:
    said = [
        f"{word} {getattr(one, bound):,}"
        for one in metadata
        for kind, (bound, word) in BOUNDS.items()
        if isinstance(one, kind)
    ]
    return f", {' '.join(said)}" if said else ""


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    return "none" if field.default is None else code(_toml(field.default))


def _toml(value: Any) -> str:
    """A value as the file spells it: TOML and JSON agree on strings, lists and booleans."""
    return "inf" if value == math.inf else json.dumps(value)


def _advice(hint: Any) -> str:
    """What the validation of a value that is certainly wrong says."""
    wrong: object = "" if get_args(hint)[0] is str else -1
    try:
        TypeAdapter(hint).validate_python(wrong)
    except ValidationError as error:
        return _bounded(hint) or error.errors()[0]["msg"].removeprefix("Value error, ").removeprefix("write ")
    raise ValueError(f"stacks/kinds.py: {hint} takes {wrong!r}: no advice to print")


def _bounded(hint: Any) -> str:
    """The bounds of a number, of which an error tells only the one that was broken."""
    fields = [field for field in get_args(hint)[1:] if isinstance(field, FieldInfo)]
    return (
        "a number" + _bounds([one for field in fields for one in field.metadata]).replace(",", "", 1) if fields else ""
    )
