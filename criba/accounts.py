"""A closed ledger for the eyes: what became of the records as a funnel, the jobs with their times, and the cost."""

from collections.abc import Iterator
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from criba.console import table, when

COUNTING_STEPS = ("clean", "plan", "published", "matched")
"""Steps whose reports hold nothing but what the funnel shows."""

_WIDTH = 24
_DUPLICATES = {
    "same_object": "duplicates in the same object",
    "other_object": "duplicates of another object",
}
_OF_LABELS = {
    "unknown": "of messages that were never scored",
    "outside": "of messages from before the window",
    "duplicates": "duplicates",
    "conflicting": "contradict one another",
    "refused": "refused",
}


def of_records(ledger: dict[str, Any]) -> list[RenderableType]:
    """The funnel of a run's records; nothing when it counted none."""
    counts = ledger.get("counts") or {}
    if "landed" not in counts:
        return []
    funnel = _funnel(counts, ledger["steps"]) if "kept" in counts else _labels(counts)
    most = max(counts["landed"], counts.get("predictions", 0))
    rows = [(name, count, _bar(count, most)) for name, count in funnel]
    inputs = ledger["inputs"]
    taken = f"\n{inputs['objects']:,} objects, {inputs['bytes']:,} bytes: {inputs['list']}"
    return [Text(taken), table(("records", "count", ""), rows)]


def of_jobs(ledger: dict[str, Any]) -> list[RenderableType]:
    """What each job took, and what the run cost; nothing without a ledger that says so."""
    if "cost" not in ledger:
        return []
    columns = ("job of", "started", "seconds", "on", "status")
    rows = [
        (one["step"], when(one.get("started_at")), one.get("seconds"), _machines(one), one["status"])
        for one in ledger["jobs"]
    ]
    told: list[RenderableType] = [Text(), table(columns, rows)] if rows else []
    return [*told, Text(), *map(Text, _cost(ledger["cost"], ledger["transitions"]))]


def _funnel(counts: dict[str, Any], steps: dict[str, Any]) -> Iterator[tuple[str, int]]:
    """Counts in the order in which a record meets them: what goes on to the left, what leaves indented."""
    early = steps["clean"]["quarantine_reasons"]
    yield "landed", counts["landed"]
    for name in ("redriven", "erased"):
        if counts.get(name):
            yield f"  {name}", counts[name]
    yield from ((f"  {_DUPLICATES[kind]}", count) for kind, count in counts["duplicates"].items())
    yield from ((f"  quarantined: {reason}", count) for reason, count in early.items())
    yield "kept", counts["kept"]
    late = {reason: count for reason, count in counts["quarantined"].items() if reason not in early}
    yield from ((f"  quarantined: {reason}", count) for reason, count in late.items())
    for name in ("  repeats", "examples", "scored", "  auto", "  review", "published"):
        if name.strip() in counts:
            yield name, counts[name.strip()]


def _labels(counts: dict[str, Any]) -> Iterator[tuple[str, int]]:
    """What became of labels that came later, and how many predictions have none yet."""
    yield "labels landed", counts["landed"]
    yield from ((f"  {words}", counts[name]) for name, words in _OF_LABELS.items() if counts[name])
    yield "joined to a prediction", counts["joined"]
    yield "predictions", counts["predictions"]
    yield "  without a label yet", counts["missing"]


def _bar(count: int, landed: int) -> str:
    """As long as the count's share of what landed; what is there is seen, however little."""
    return "█" * max(round(_WIDTH * count / landed), 1) if count and landed else ""


def _machines(job: dict[str, Any]) -> str | None:
    if "instance_type" in job:
        return f"{job['instances']} × {job['instance_type']}"
    return f"{job['dpu_seconds']:,.0f} DPU-seconds" if "dpu_seconds" in job else None


def _cost(cost: dict[str, Any], transitions: int) -> Iterator[str]:
    glue, machines, states = (f"{cost['parts'][name]:.4f}" for name in ("glue", "sagemaker", "step_functions"))
    yield (
        f"about {cost['estimate']:.4f} {cost['currency']}: Glue {glue}, SageMaker {machines},"
        f" Step Functions {states} ({transitions:,} transitions)"
    )
    yield f"at list prices of {cost['prices_region']}, {cost['prices_as_of']}, without {', '.join(cost['not_counted'])}"
    if cost["without_price"]:
        yield f"no price is known of {', '.join(cost['without_price'])}: add it to stacks/prices.toml"
