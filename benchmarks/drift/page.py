"""Page: the tables that the terminal shows, and the part of docs/drift.md that the measurement writes."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rich.table import Table

DOCS = Path("docs/drift.md")
BEGIN, END = "<!-- measured: drift-bench -->", "<!-- end -->"
Summary = Mapping[str, Any]
Rows = list[tuple[str, ...]]


def tables(result: Summary) -> list[Table]:
    """False alarms, power and cost, ours beside the peer's."""
    return [_rich(title, head, rows) for title, head, rows in _parts(result)]


def publish(summary: Path, docs: Path = DOCS) -> None:
    """Write what was measured into the documentation, between its marks."""
    content = docs.read_text(encoding="utf-8")
    before, rest = content.split(BEGIN)
    docs.write_text(f"{before}{BEGIN}\n{_markdown(json.loads(summary.read_text()))}{END}{rest.split(END, 1)[1]}")


def _parts(result: Summary) -> Iterator[tuple[str, tuple[str, ...], Rows]]:
    peer = result["evidently"]
    names = tuple(f"{name}, 10,000" for name in result["streams"])
    yield "False alarms", ("of undrifted batches", "1,000 messages", *names, "Evidently, 1,000"), _alarms(result, peer)
    yield (
        "Found, of batches of 1,000",
        ("shift", "5 %", "10 %", "25 %", "batches to page at 25 %", "Evidently, 10 %", "25 %"),
        _power(result, peer),
    )
    yield "Cost", ("what", "measured"), _cost(result["cost"], peer, result["machine"]["cores"])


def _alarms(result: Summary, peer: Summary) -> Rows:
    each = [result["false_alarms"], *(one["false_alarms_at_10000"] for one in result["streams"].values())]
    rows: Rows = [
        (name.replace("_", " "), *(_percent(one["warn"][name]) for one in each), "")
        for name in result["false_alarms"]["warn"]
        if name != "joint"
    ]
    columns = {name: rate for name, rate in peer["false_alarms"]["warn"].items() if name != "joint"}
    rows += [(f"column {name}", *[""] * len(each), _percent(rate)) for name, rate in columns.items()]
    each.append(peer["false_alarms"])
    rows.append(("any of them", *(_percent(one["warn"]["joint"]) for one in each)))
    return [*rows, ("pages, of pairs of batches", *(f"{one['page']} of {one['pairs']}" for one in each))]


def _power(result: Summary, peer: Summary) -> Rows:
    return [
        (
            kind,
            *(_percent(rates[rate]) for rate in ("5", "10", "25")),
            _batches(result["batches_to_page"][kind]),
            *(_percent(peer["power"][kind][rate]) for rate in ("10", "25")),
        )
        for kind, rates in result["power"].items()
    ]


def _cost(cost: Summary, peer: Summary, cores: int) -> Rows:
    rows: Rows = [
        (
            f"monitor, {cost['messages']:,} messages, start included",
            f"{cost['seconds']:.1f} s, {cost['memory_mb']:.0f} MB",
        ),
        ("the same, of processor time", f"{cost['processor_seconds']:.1f} s"),
        ("monitor, 10,000 messages, start included", f"{cost['of_10000']['seconds']:.1f} s"),
        ("Evidently, 10,000 messages as ten batches", f"{peer['seconds_per_10000']:.1f} s"),
    ]
    if cost["score_seconds"]:
        share = cost["processor_seconds"] / (cost["score_seconds"] * cores)
        words = f"{cost['score_seconds']:.1f} s of {cores} cores; the monitor's processor time is {share:.0%} of it"
        rows.append(("Batch Transform of a million (make bench-score)", words))
    return rows


def _markdown(result: Summary) -> str:
    machine, method = result["machine"], result["method"]
    held_out = ", ".join(f"{name} {count:,}" for name, count in method["held_out"].items())
    words = [
        f"Measured on {machine['day']}: {machine['processor']}, {machine['cores']} cores, in {method['minutes']:.0f} "
        f"minutes. {method['rounds']} rounds for each of two streams; held-out messages: {held_out}, of which a round "
        "takes half as its baseline, 5,000 at most. Batches of 10,000 are drawn with repeats where fewer are left: "
        "they then differ from the baseline as much as those few do. Power and batches to page are of the stream that "
        "does worse.",
    ]
    for title, head, rows in _parts(result):
        words += [f"### {title}", _table(head, rows)]
    return "\n".join(f"{part}\n" for part in words)


def _table(head: tuple[str, ...], rows: Rows) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _rich(title: str, head: tuple[str, ...], rows: Rows) -> Table:
    table = Table(title=title, title_justify="left")
    for place, name in enumerate(head):
        table.add_column(name, justify="right" if place else "left")
    for row in rows:
        table.add_row(*row)
    return table


def _percent(rate: float) -> str:
    return f"{100 * rate:.1f} %"


def _batches(most: int) -> str:
    return f"{most} at most"
