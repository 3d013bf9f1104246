"""Summary: what the trials come to. Rates are in 0..1; the figures at the top are of both streams together, false
alarms pooled and power that of the weaker one."""

from collections.abc import Mapping, Sequence
from statistics import fmean, median
from typing import TYPE_CHECKING, Any

from benchmarks.drift.trials import JUDGED, MOST_BATCHES, Counts, Found

if TYPE_CHECKING:
    from benchmarks.drift.evidently_peer import PeerFound

TARGETS: Mapping[str, Any] = {
    "false_alarms": 0.02,
    "pages": 0,
    "power": {"language": 10, "new topic": 10, "typos": 10, "label prior": 25},
    "least_power": 0.9,
    "batches_to_page": 2,
}
"""What is aimed at: the most a signal warns of nothing, and from which rate on (per cent) a shift is to be found."""

Summary = dict[str, Any]


def false_alarms(counts: Sequence[Counts], names: Sequence[str]) -> Summary:
    """Share of undrifted batches of which each signal warned; how many pairs were paged."""
    batches = sum(one.batches for one in counts)
    return {
        "warn": {name: sum(one.warned[name] for one in counts) / batches for name in [*names, "joint"]},
        "page": sum(one.paged for one in counts),
        "batches": batches,
        "pairs": sum(one.pairs for one in counts),
    }


def of_stream(found: Found, size: int) -> Summary:
    """One stream's figures."""
    larger = {f"false_alarms_at_{other}": other for other in found.null if other != size}
    return {
        "false_alarms": false_alarms([found.null[size]], JUDGED),
        **{name: false_alarms([found.null[other]], JUDGED) for name, other in larger.items()},
        "power": {
            kind: {str(rate): counts.rates() for rate, counts in rates.items()} for kind, rates in found.drifted.items()
        },
        "batches_to_page": {kind: _batches(numbers) for kind, numbers in found.batches_to_page.items()},
    }


def together(found: Mapping[str, Found], size: int) -> Summary:
    """The figures of all streams."""
    each = {name: of_stream(one, size) for name, one in found.items()}
    powers, pages = ([one[name] for one in each.values()] for name in ("power", "batches_to_page"))
    kinds = sorted({kind for power in powers for kind in power})
    return {
        "false_alarms": false_alarms([one.null[size] for one in found.values()], JUDGED),
        "power": {kind: _weakest(_having(kind, powers)) for kind in kinds},
        "batches_to_page": {kind: max(one["most"] for one in _having(kind, pages)) for kind in kinds},
        "streams": each,
    }


def of_peer(found: Mapping[str, "PeerFound"], columns: Sequence[str]) -> Summary:
    """The peer's figures in the same shape."""
    powers = [
        {kind: {str(rate): counts.rates() for rate, counts in rates.items()} for kind, rates in one.drifted.items()}
        for one in found.values()
    ]
    kinds = sorted({kind for power in powers for kind in power})
    return {
        "false_alarms": false_alarms([one.null for one in found.values()], columns),
        "power": {kind: _weakest(_having(kind, powers)) for kind in kinds},
        "batches_to_page": {
            kind: max(max(numbers) for numbers in _having(kind, [one.batches_to_page for one in found.values()]))
            for kind in kinds
        },
        "seconds_per_10000": fmean(second for one in found.values() for second in one.seconds),
    }


def missed(summary: Mapping[str, Any]) -> list[str]:
    """The targets that were not reached, in words."""
    words = [
        f"{name} warns of {rate:.1%} undrifted batches"
        for name, rate in summary["false_alarms"]["warn"].items()
        if name != "joint" and rate > TARGETS["false_alarms"]
    ]
    if summary["false_alarms"]["page"] > TARGETS["pages"]:
        words.append(f"{summary['false_alarms']['page']} pairs of undrifted batches page")
    for kind, rate in TARGETS["power"].items():
        found = summary["power"][kind][str(rate)]
        if found < TARGETS["least_power"]:
            words.append(f"{kind} at {rate} % is found {found:.0%} of the time")
        if summary["batches_to_page"][kind] > TARGETS["batches_to_page"]:
            words.append(f"{kind} at 25 % takes up to {summary['batches_to_page'][kind]} batches to page")
    return words


def _having(kind: str, each: Sequence[Mapping[str, Any]]) -> list[Any]:
    """What the streams that know this kind of shift say of it."""
    return [one[kind] for one in each if kind in one]


def _weakest(powers: Sequence[Mapping[str, Mapping[str, float]]]) -> dict[str, float]:
    """By rate the least share of batches of which any signal warned."""
    return {rate: min(power[rate]["joint"] for power in powers) for rate in powers[0]}


def _batches(numbers: Sequence[int]) -> Summary:
    """Of trials that end at `MOST_BATCHES`; one more stands for those that never paged."""
    never = sum(number > MOST_BATCHES for number in numbers)
    return {"median": median(numbers), "most": max(numbers), "never": never, "trials": len(numbers)}
