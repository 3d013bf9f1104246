"""A reader of DQDL as far as our ruleset goes: what it cannot read, Glue might not either.

Grammar: docs.aws.amazon.com/glue/latest/dg/dqdl.html and the page of each rule type.
"""

import re
from dataclasses import dataclass

TOKEN = re.compile(
    r'\s*(?:(?P<string>"(?:[^"\\]|\\.)*")|(?P<number>-?\d+(?:\.\d+)?)|(?P<word>[A-Za-z_]\w*)|(?P<sign><=|>=|!=|[=<>,\[\]()]))'
)
COLUMNS = {"IsComplete": 1, "ColumnLength": 1, "ColumnValues": 1, "IsPrimaryKey": None, "RowCount": 0, "CustomSql": 1}
"""Rule types with how many quoted parameters they take, None for one or more."""
WITHOUT_CONDITION = {"IsComplete", "IsPrimaryKey"}
KEYWORDS = {"NULL", "EMPTY", "WHITESPACES_ONLY"}
COMPARISONS = {"=", "!=", "<", "<=", ">", ">="}


class NotDqdlError(ValueError):
    """Where a text stops being DQDL."""


@dataclass(frozen=True)
class Rule:
    """One rule: its type, its quoted parameters, and the words of its condition."""

    type: str
    parameters: tuple[str, ...]
    condition: tuple[str, ...]


def rules(text: str) -> list[Rule]:
    """The rules of `Rules = [ … ]`. Raises NotDqdlError."""
    words = _words(text)
    if words[:3] != ["Rules", "=", "["] or words[-1] != "]":
        raise NotDqdlError("a ruleset is Rules = [ … ]")
    found, rest = [], words[3:-1]
    while rest:
        rule, rest = _rule(rest)
        found.append(rule)
        if rest and rest.pop(0) != ",":
            raise NotDqdlError(f"a comma is missing after {rule}")
    if not found or words[-2] == ",":
        raise NotDqdlError("a ruleset has one rule at least, and no comma at its end")
    return found


def _words(text: str) -> list[str]:
    found, place = [], 0
    while text[place:].strip():
        match = TOKEN.match(text, place)
        if match is None:
            raise NotDqdlError(f"no word of DQDL: {text[place : place + 30]!r}")
        found.append(match[0].strip())
        place = match.end()
    return found


def _rule(words: list[str]) -> tuple[Rule, list[str]]:
    type_, rest = words[0], words[1:]
    if type_ not in COLUMNS:
        raise NotDqdlError(f"no rule type: {type_}")
    parameters = []
    while rest and rest[0].startswith('"'):
        parameters.append(rest.pop(0)[1:-1])
    wanted = COLUMNS[type_]
    if len(parameters) != wanted if wanted is not None else not parameters:
        raise NotDqdlError(f"{type_} takes {wanted or 'some'} parameters, not {parameters}")
    condition, rest = _condition(rest)
    if bool(condition) == (type_ in WITHOUT_CONDITION):
        raise NotDqdlError(f"{type_} with the condition {condition}")
    return Rule(type_, tuple(parameters), tuple(condition)), rest


def _condition(words: list[str]) -> tuple[list[str], list[str]]:
    if not words or words[0] == ",":
        return [], words
    if words[0] in COMPARISONS and (words[1] in KEYWORDS or re.fullmatch(r"-?[\d.]+", words[1])):
        return words[:2], words[2:]
    if words[0] == "matches" and words[1].startswith('"'):
        re.compile(words[1][1:-1])
        return words[:2], words[2:]
    start = 2 if words[:2] == ["not", "in"] else 1 if words[0] == "in" else 0
    if not start or words[start] != "[" or "]" not in words:
        raise NotDqdlError(f"no condition: {' '.join(words[:4])}")
    end = words.index("]")
    items = words[start + 1 : end]
    if not all(one in KEYWORDS or one.startswith('"') for one in items[::2]) or set(items[1::2]) - {","}:
        raise NotDqdlError(f"no list of values: {items}")
    return words[: end + 1], words[end + 1 :]
