"""make bench-score: score a million messages through the real workflow, on a platform of its own, and tell the cost."""

import argparse
import json
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3

from benchmarks.machine import free_port, machine
from benchmarks.memory import watched
from criba import deploying, executions, landing, ledgers, registry, reports, runs
from criba.aws import LAPTOP, Aws
from criba.demo.material import today
from criba.demo.steps import Steps
from criba.errors import CribaError
from criba.executions import Attempt
from criba.local import process, settings
from criba.local.process import Endpoint
from criba.sample.dataset import Sample, write_sample

COUNTED = {
    "clean": ("landed", "kept", "duplicates", "quarantined"),
    "published": ("scored", "unscorable", "review", "published"),
}
"""Steps of the ledger, and what the page tells of them."""

PATIENCE = 120


def main() -> int:
    given = _arguments()
    steps = Steps()
    shutil.rmtree(given.folder, ignore_errors=True)
    with steps.step(f"Write {given.messages:,} messages"):
        sample = write_sample(given.folder / "sample", day=today(), messages=given.messages)
    with _platform(given.folder, steps) as platform:
        people = _People(platform)
        _champion(people, sample, steps)
        attempt, memory = _score(people, sample, platform, steps)
        told = _told(people("data-engineer"), attempt, sample)
    result = {**told, "messages": given.messages, "memory_mb": memory, "machine": machine()}
    given.output.mkdir(parents=True, exist_ok=True)
    (given.output / "score.json").write_text(json.dumps(result, indent=2) + "\n")
    shutil.rmtree(given.folder)
    print(json.dumps({name: result[name] for name in ("seconds", "states", "counts", "memory_mb")}, indent=2))
    return 0


class _People:
    """Clients by the person who acts."""

    def __init__(self, platform: Endpoint) -> None:
        self._platform = platform

    def __call__(self, name: str) -> Aws:
        session = boto3.Session(
            aws_access_key_id=name, aws_secret_access_key=settings.SECRET, region_name=self._platform.region
        )
        return Aws(LAPTOP, session, self._platform.endpoint)


def _champion(people: _People, sample: Sample, steps: Steps) -> None:
    """Train on the sample's labels, and approve what comes of it."""
    scientist, reviewer = people("data-scientist"), people("ml-engineer")
    with steps.step("Train a challenger") as told:
        for path in sample.labels:
            landing.land_labels(scientist, path, _unseen)
        started = runs.start(scientist, "train")
        _finished(scientist, executions.attempts(scientist, "train", started.run_id)[-1], told)
    with steps.step("Approve and promote it") as told:
        registry.decide(reviewer, registry.packages(reviewer)[0].version, registry.APPROVED, "Benchmark")
        _finished(reviewer, _started(reviewer, "promote"), told)


def _score(people: _People, sample: Sample, platform: Endpoint, steps: Steps) -> tuple[Attempt, dict[str, float]]:
    """Land everything, say that the day is complete, and watch the run that this starts."""
    engineer, day = people("data-engineer"), today().isoformat()
    with steps.step("Land the messages"):
        for source, paths in sample.messages.items():
            for path in paths:
                landing.land_messages(engineer, path, source, day, _unseen)
    with steps.step("Score them") as told, watched(platform.pid) as memory:
        landing.write_marker(engineer, day, None)
        return _finished(engineer, _started(engineer, "score"), told), memory


def _told(aws: Aws, attempt: Attempt, sample: Sample) -> dict[str, Any]:
    """Seconds, states and counts of a run that has ended, and what had been landed for it."""
    events = _history(aws, attempt)
    account = ledgers.ledger(aws, attempt.workflow, attempt.run_id) or {}
    counts = {name: account["steps"][step][name] for step, names in COUNTED.items() for name in names}
    planted = sum(one.landed for one in sample.planted.values())
    if counts["landed"] != planted:
        raise CribaError(f"{planted:,} records were landed and {counts['landed']:,} counted")
    paths = [path for of in sample.messages.values() for path in of]
    return {
        "seconds": (events[-1]["timestamp"] - events[0]["timestamp"]).total_seconds(),
        "states": states(events),
        "counts": counts,
        "files": len(paths),
        "sources": len(sample.messages),
        "megabytes": sum(path.stat().st_size for path in paths) / 1e6,
    }


def states(events: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Name and seconds of each state in the order in which it was entered, from an execution's history."""
    found: list[dict[str, Any]] = []
    for event in events:
        if event["type"].endswith("StateEntered"):
            entered = event["timestamp"]
            found.append({"name": event["stateEnteredEventDetails"]["name"], "seconds": 0.0})
        elif event["type"].endswith("StateExited"):
            found[-1]["seconds"] = round((event["timestamp"] - entered).total_seconds(), 2)
    return found


def _history(aws: Aws, attempt: Attempt) -> list[dict[str, Any]]:
    pages = aws.states.get_paginator("get_execution_history").paginate(executionArn=attempt.arn)
    return [event for page in pages for event in page["events"]]


def _started(aws: Aws, workflow: str) -> Attempt:
    """The first run of a workflow, awaited. Raises CribaError where no event starts one."""
    deadline = time.monotonic() + PATIENCE
    for pause in aws.pauses():
        if found := list(executions.recent(aws, workflow, 1)):
            return executions.attempts(aws, workflow, found[0]["run_id"])[-1]
        if time.monotonic() > deadline:
            break
        time.sleep(pause)
    raise CribaError(f"no event started {workflow} within {PATIENCE} s: {executions.failed_launch(aws)}")


def _finished(aws: Aws, attempt: Attempt, told: Callable[[str], None]) -> Attempt:
    ended = executions.follow(aws, attempt, told)
    if ended.status != "SUCCEEDED":
        raise CribaError(f"{ended.workflow}: {reports.report(aws, ended.workflow, ended.run_id)['reason']}")
    return ended


@contextmanager
def _platform(root: Path, steps: Steps) -> Iterator[Endpoint]:
    """A platform in a folder of its own, beside whichever else runs, with the stacks deployed."""
    platform = process.up(free_port(), root=root)
    try:
        with steps.step("Deploy the stacks") as told:
            deploying.deploy(platform, told, root=root)
        yield platform
    finally:
        process.down(root=root)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench-score")
    parser.add_argument("--messages", type=int, default=1_000_000, help="good messages; flaws and duplicates on top")
    parser.add_argument(
        "--folder", type=Path, default=Path("build/bench-score"), help="of the platform; removed at the end"
    )
    parser.add_argument("--output", type=Path, default=Path("build/bench"))
    return parser.parse_args()


def _unseen(_: int) -> None:
    """Progress that nobody watches."""


if __name__ == "__main__":
    sys.exit(main())
