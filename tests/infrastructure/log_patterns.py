"""CloudWatch Logs' JSON filter patterns, as far as ours go: comparisons with `*`, NOT EXISTS, &&, || and brackets."""

import re
from fnmatch import fnmatchcase
from typing import Any

COMPARED = re.compile(r'\$\.([\w.]+) (=|!=) "([^"]*)"')
ABSENT = re.compile(r"\$\.([\w.]+) NOT EXISTS")


def matches(pattern: str, event: dict[str, Any]) -> bool:
    """Whether an event matches; a comparison with a field that is not there never does."""

    def compared(found: re.Match[str]) -> str:
        value = _at(event, found[1])
        return str(value is not None and fnmatchcase(str(value), found[3]) == (found[2] == "="))

    said = COMPARED.sub(compared, pattern.strip("{} "))
    said = ABSENT.sub(lambda found: str(_at(event, found[1]) is None), said)
    said = said.replace("&&", "and").replace("||", "or")
    if not re.fullmatch(r"(?:True|False|and|or|[() ])+", said):
        raise ValueError(f"not understood: {said}")
    return bool(eval(said))  # noqa: S307 - nothing but True, False, and, or and brackets


def _at(event: Any, path: str) -> Any:
    for part in path.split("."):
        event = event.get(part) if isinstance(event, dict) else None
    return event
