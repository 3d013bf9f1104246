"""make bench: measure, print the tables, and write the summary, the pictures and the page."""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

from rich.console import Console

from benchmarks import accuracy, machine, pictures, publishing, serving, tables
from benchmarks.data import SETS, Splits, splits
from benchmarks.summary import summary

SPEED_SET = "banking77"
"""The set whose models are fitted in every round and served."""


def main() -> int:
    given = _arguments()
    console = Console(width=None if sys.stdout.isatty() else 140)
    found = {name: of for name in SETS if (of := splits(given.data, name))}
    if missing := sorted(SETS.keys() - found.keys()):
        console.print(f"--data {given.data} lacks {', '.join(missing)}: give a folder with <set>/data.jsonl of each")
        return 1
    with console.status("") as status:
        document = measured(found, given, status.update, console.print)
    given.output.mkdir(parents=True, exist_ok=True)
    (given.output / publishing.SUMMARY).write_text(json.dumps(document, indent=2) + "\n")
    pictures.draw(document, given.output)
    publishing.write_page(given.output)
    if given.publish:
        publishing.publish(given.output)
    console.print(tables.of_servers(document), tables.of_ratios(document))
    return 0


def measured(
    found: dict[str, Splits], given: argparse.Namespace, told: Callable[[str], None], show: Callable[[Any], None]
) -> dict[str, Any]:
    """The whole summary; each set's table is shown when it is done."""
    begun = time.monotonic()
    sets = {}
    for name, of in found.items():
        told(name)
        sets[name] = accuracy.measure(of, rounds=given.rounds, refit=name == SPEED_SET, told=told)
        show(tables.of_set(name, sets[name]))
    served = serving.measure(found[SPEED_SET], rounds=given.rounds, seconds=given.seconds, told=told)
    tests = {name: len(of["test"]) for name, of in found.items()}
    return {
        **summary(sets, tests, served, speed_set=SPEED_SET),
        "machine": machine.machine(),
        "versions": machine.versions(),
        "method": {
            "rounds": given.rounds,
            "speed_rounds": accuracy.SPEED_ROUNDS,
            "seconds": given.seconds,
            "tried_seconds": serving.TRIED,
            "minutes": (time.monotonic() - begun) / 60,
        },
    }


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--data", type=Path, required=True, help="folder of the public sets")
    parser.add_argument("--output", type=Path, default=Path("build/bench"))
    parser.add_argument("--seconds", type=float, default=2, help="of load for each figure")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--publish", action="store_true", help="write docs/benchmarks.md too")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
