"""Which gate catches a defect: a finding that the templates without it do not have."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from gates.assembly import OURS, Stack, Synthesized, assemble
from gates.checking import by_rules, by_tools
from gates.findings import Finding
from gates.mutants.planting import Defect


@dataclass(frozen=True)
class Catch:
    """The gate that caught a defect and what it said; both "" if none did."""

    defect: Defect
    gate: str = ""
    said: str = ""


def with_defect(defect: Defect, found: Sequence[Synthesized]) -> list[Stack]:
    """The stacks, one of which has the defect. Raises NothingToSpoilError."""
    return assemble(
        [
            (name, artifact, defect.planted(template) if _short(name) == defect.stack else template)
            for name, artifact, template in found
        ]
    )


def _short(name: str) -> str:
    match = OURS.fullmatch(name)
    return match["stack"] if match else name


def caught_by_rules(defect: Defect, found: Sequence[Synthesized]) -> Catch:
    """Plant one defect and ask our own rules."""
    new = set(by_rules(with_defect(defect, found))) - _sound(tuple(_Hashable(one) for one in found))
    return _catch(defect, "rules", new)


class _Hashable(tuple[object, ...]):
    """A synthesized stack that a cache can hold: one is the same as another by its name."""

    def __hash__(self) -> int:
        return hash(self[0])


@cache
def _sound(found: tuple[Synthesized, ...]) -> frozenset[Finding]:
    return frozenset(by_rules(assemble(found)))


def caught_by_tools(
    defects: Sequence[Defect],
    found: Sequence[Synthesized],
    tool: str,
    ask: Callable[[Sequence[Stack], Path], list[Finding]],
    folder: Path,
) -> dict[str, Catch]:
    """Plant each defect in a stack of its own and ask one public checker about all of them at once."""
    sound = {(one.rule, one.where, one.detail) for one in by_tools(assemble(found), folder / "sound", [tool])}
    templates = {_short(name): template for name, _, template in found}
    spoiled: list[Synthesized] = [
        (f"M{index:03}", {}, one.planted(templates[one.stack])) for index, one in enumerate(defects)
    ]
    stacks = [one for one in assemble([*found, *spoiled]) if not OURS.fullmatch(one.name)]
    answers = by_tools(stacks, folder / "spoiled", [tool])
    catches = {}
    for index, defect in enumerate(defects):
        new = {one for one in answers if one.stack == f"M{index:03}" and (one.rule, one.where, one.detail) not in sound}
        catches[defect.name] = _catch(defect, tool, new)
    return catches


def _catch(defect: Defect, gate: str, new: set[Finding]) -> Catch:
    return Catch(defect, gate, min(new).line()) if new else Catch(defect)
