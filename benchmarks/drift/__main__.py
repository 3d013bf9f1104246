"""make drift-bench: measure, print the tables, and write build/drift/summary.json and page.md."""

import argparse
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

from rich.console import Console

from benchmarks.drift import cost, evidently_peer, page, summary, trials
from benchmarks.drift.streams import Stream, streams
from benchmarks.machine import machine


def main() -> int:
    given = _arguments()
    console = Console(width=None if sys.stdout.isatty() else 140)
    begun = time.monotonic()
    with console.status("") as status:
        status.update("training the models")
        found = streams(given.data)
        result = _measured(found, given, status.update)
    result["method"]["minutes"] = (time.monotonic() - begun) / 60
    given.output.mkdir(parents=True, exist_ok=True)
    (given.output / "summary.json").write_text(json.dumps(result, indent=2) + "\n")
    console.print(*page.tables(result))
    for words in result["missed"]:
        console.print(f"missed: {words}")
    if given.publish:
        page.publish(given.output / "summary.json")
    return 0


def _measured(found: list[Stream], given: argparse.Namespace, told: Any) -> dict[str, Any]:
    plan = trials.Plan()
    ours = {stream.name: trials.run(stream, plan, told) for stream in found}
    told("the monitor's cost")
    result = {**summary.together(ours, plan.size), "cost": cost.measure(found[-1], given.messages)}
    result["missed"] = summary.missed(result)
    theirs = {}
    for stream in found:
        told(f"{stream.name}: Evidently")
        theirs[stream.name] = evidently_peer.run(stream, rounds=3, null=8, batches=2, size=plan.size)
    result["evidently"] = summary.of_peer(theirs, evidently_peer.COLUMNS)
    result["method"] = {
        "rounds": plan.rounds,
        "size": plan.size,
        "held_out": {stream.name: len(stream.held_out.texts) for stream in found},
        "accuracy": {stream.name: stream.accuracy for stream in found},
        "targets": summary.TARGETS,
    }
    result["machine"] = machine()
    return result


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make drift-bench")
    parser.add_argument("--data", type=Path, required=True, help="folder of the public sets")
    parser.add_argument("--output", type=Path, default=Path("build/drift"))
    parser.add_argument("--messages", type=int, default=1_000_000, help="of the batch whose monitoring is timed")
    parser.add_argument("--publish", action="store_true", help="write the measured part of docs/drift.md too")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
