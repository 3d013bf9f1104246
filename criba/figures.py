"""A model's figures as a table: the challenger's beside the champion's of that day, by language and by label."""

from collections.abc import Iterator
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from criba.console import table, who
from criba.registry import Package


def compared(one: Package, evaluation: dict[str, Any] | None) -> RenderableType:
    """A version, what was decided on it, and its figures."""
    head = Text(f"version {one.version}: {one.approval}")
    if one.decided_by:
        head.append(f" by {who(one.decided_by)}")
    if one.reason:
        head.append(f"\n{one.reason}")
    if evaluation is None:
        return Group(head, Text("its evaluation is not there"))
    challenger, champion = evaluation["challenger"], evaluation.get("champion") or {}
    verdict = "good enough" if evaluation["good_enough"] else f"not good enough: {'; '.join(evaluation['reasons'])}"
    rows = [(name, _share(mine), _share(theirs)) for name, mine, theirs in _rows(challenger, champion)]
    return Group(head, Text(verdict), table(("figure", "challenger", "champion"), rows))


def _rows(challenger: dict[str, Any], champion: dict[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    for name in ("examples", "accuracy", "macro_f1", "coverage"):
        yield name.replace("_", " "), challenger.get(name), champion.get(name)
    for slice_, figure in (("per_language", "accuracy"), ("per_source", "accuracy"), ("per_label", "f1")):
        theirs = champion.get(slice_) or {}
        for part, values in (challenger.get(slice_) or {}).items():
            yield f"{figure} {part}", values.get(figure), (theirs.get(part) or {}).get(figure)


def _share(value: Any) -> Any:
    return f"{value:.4f}" if isinstance(value, float) else value
