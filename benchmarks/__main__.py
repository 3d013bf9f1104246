"""make bench: measure, print the tables, and write build/bench/summary.json."""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

from rich.console import Console
from rich.table import Table

from benchmarks import accuracy, serving
from benchmarks.data import SETS, splits
from benchmarks.peers import SERVED

SPEED_SET = "banking77"


def main() -> int:
    given = _arguments()
    console = Console()
    found = {name: splits(given.data, name) for name in SETS}
    here = {name: parts for name, parts in found.items() if parts}
    for name in sorted(found.keys() - here.keys()):
        console.print(f"skipped: {name}, which {given.data} lacks")
    if not here:
        console.print(f"nothing to measure: give a folder that holds {', '.join(SETS)} (make bench DATA=folder)")
        return 1
    sets = {}
    for name, parts in here.items():
        sets[name] = accuracy.measure(parts)
        console.print(_table(name, sets[name]))
    summary: dict[str, Any] = accuracy.compared(sets, {name: len(parts["test"]) for name, parts in here.items()})
    speed_set = SPEED_SET if SPEED_SET in here else min(here)
    ours, served = sets[speed_set][accuracy.OURS], sets[speed_set][SERVED]
    summary |= {
        "single_core_messages_per_s": ours["messages_per_second"],
        "single_core_ratio": ours["messages_per_second"] / sets[speed_set]["word+char SVC"]["messages_per_second"],
        "train_ratio": ours["train_seconds"] / served["train_seconds"],
        "artefact_mb": max(figures[accuracy.OURS]["megabytes"] for figures in sets.values()),
        "serving": serving.measure(here[speed_set], given.seconds, given.rounds),
        "sets": sets,
    }
    summary |= {name: summary["serving"][name] for name in ("server_ratio_multi", "server_ratio_single")}
    given.output.mkdir(parents=True, exist_ok=True)
    (given.output / "summary.json").write_text(json.dumps(summary, indent=2, sort_keys=True) + "\n")
    console.print(_ratios(summary))
    return 0


def _table(name: str, figures: dict[str, dict[str, Any]]) -> Table:
    table = Table("", "accuracy %", "macro-F1 %", "train s", "MB", "messages/s, one core", title=name)
    for one, figure in sorted(figures.items(), key=lambda item: -item[1]["accuracy"]):
        table.add_row(
            one,
            f"{100 * figure['accuracy']:.2f}",
            f"{100 * figure['macro_f1']:.2f}",
            f"{figure['train_seconds']:.1f}",
            f"{figure['megabytes']:.1f}",
            f"{figure['messages_per_second']:,.0f}",
        )
    return table


def _ratios(summary: dict[str, Any]) -> Table:
    served = summary["serving"]
    table = Table("HTTP, all cores", "Criba", f"{SERVED}, best of its settings", "ratio")
    table.add_row(
        "messages/s in bodies of many",
        f"{served['ours']:,.0f}",
        f"{served['peer']:,.0f} ({served['peer_setting']})",
        f"{served['server_ratio_multi']:.1f}",
    )
    table.add_row(
        "messages/s one by one",
        f"{served['ours_single']:,.0f}",
        f"{served['peer_single']:,.0f}",
        f"{served['server_ratio_single']:.1f}",
    )
    return table


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--data", type=Path, required=True, help="folder of the public sets")
    parser.add_argument("--output", type=Path, default=Path("build/bench"))
    parser.add_argument("--seconds", type=float, default=4, help="of load for each figure")
    parser.add_argument("--rounds", type=int, default=3)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
