"""A model's figures as a table: the challenger's beside the champion's of that day, by language and by label."""

from collections.abc import Iterator
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from criba.console import table, who
from criba.registry import Package

_FIGURES = (
    *("examples", "accuracy", "macro_f1", "coverage", "coverage_at_95", "coverage_at_98"),
    *("expected_calibration_error", "out_of_scope_rejection"),
)
_SLICES = (("per_language", "accuracy"), ("per_source", "accuracy"), ("per_label", "f1"))


def compared(one: Package, evaluation: dict[str, Any] | None) -> RenderableType:
    """A version, what was decided on it, its figures, and where its card lies."""
    head = Text(f"version {one.version}: {one.approval}")
    if one.decided_by:
        head.append(f" by {who(one.decided_by)}")
    if one.reason:
        head.append(f"\n{one.reason}")
    if one.card:
        head.append(f"\nmodel card: {one.card}")
    if evaluation is None:
        return Group(head, Text("its evaluation is not there"))
    challenger, champion = evaluation["challenger"], evaluation.get("champion") or {}
    verdict = "good enough" if evaluation["good_enough"] else f"not good enough: {'; '.join(evaluation['reasons'])}"
    rows = [(name, _share(mine), _share(theirs)) for name, mine, theirs in _rows(challenger, champion)]
    left = [Text(f"not judged: {words}") for words in evaluation.get("not_judged", ())]
    return Group(head, Text(verdict), *left, table(("figure", "challenger", "champion"), rows))


def _rows(challenger: dict[str, Any], champion: dict[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    for name in _FIGURES:
        yield name.replace("_", " "), challenger.get(name), champion.get(name)
    apart, theirs = (one.get("without_near_duplicates") or {} for one in (challenger, champion))
    for name in ("accuracy", "macro_f1"):
        yield f"{name.replace('_', ' ')} without near-duplicates", apart.get(name), theirs.get(name)
    for slice_, figure in _SLICES:
        theirs = champion.get(slice_) or {}
        for part, values in (challenger.get(slice_) or {}).items():
            yield f"{figure} {part}", values.get(figure), (theirs.get(part) or {}).get(figure)


def _share(value: Any) -> Any:
    return f"{value:.4f}" if isinstance(value, float) else value
