"""Cost: the monitor's command on a large batch, as score runs it, and what scoring that many takes."""

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.drift.streams import Stream
from pipeline_code.layout import write_json
from pipeline_code.monitoring.baseline import Baseline

SHARD = 250_000
REPEATS = 3
PROGRAM = """
import re
from pathlib import Path
from pipeline_code import monitor
assert monitor.main() == 0
print(re.search(r"VmHWM.*", Path("/proc/self/status").read_text())[0])
"""
"""The command, and what the kernel says of its memory: what it says of children counts this process, too."""

SCORED = Path("docs/benchmarks/score.json")
"""What `make bench-score` measured of the whole workflow, a million messages."""


def measure(stream: Stream, messages: int) -> dict[str, Any]:
    """Seconds and memory of the command, the best of a few; Batch Transform's beside, if it has been measured."""
    scored = json.loads(SCORED.read_text()) if SCORED.exists() else {"states": []}
    score = [state["seconds"] for state in scored["states"] if state["name"] == "Score"]
    return {
        "messages": messages,
        **_best(stream, messages),
        "of_10000": _best(stream, 10_000),
        "score_seconds": score[0] if score else None,
    }


def _best(stream: Stream, messages: int) -> dict[str, float]:
    with TemporaryDirectory() as folder:
        _lay_out(Path(folder), stream, messages)
        return min((_run(Path(folder)) for _ in range(REPEATS)), key=lambda one: one["seconds"])


def _run(root: Path) -> dict[str, float]:
    asked = {
        "SAGEMAKER_BASE_DIR": str(root),
        "baseline_constraints": "/opt/ml/processing/input/baseline/constraints.json",
        "model_version": "1",
        "trained_by": "bench",
        "run_id": "bench",
    }
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(  # noqa: S603 - our own words
        [sys.executable, "-c", PROGRAM], env=os.environ | asked, check=True, capture_output=True, text=True
    )
    seconds, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"seconds": seconds, "processor_seconds": used, "memory_mb": int(done.stdout.split()[-2]) / 1024}


def _lay_out(root: Path, stream: Stream, messages: int) -> None:
    texts, seen = stream.held_out.texts, stream.held_out.seen
    baseline, described = Baseline.of("bench", texts, seen, stream.learnt)
    write_json(root / "processing/input/baseline/constraints.json", baseline.constraints(described))
    for start in range(0, messages, SHARD):
        body = b"".join(_lines(texts, start, min(start + SHARD, messages)))
        for folder, name, content in (
            ("messages", f"shard-{start}.jsonl", body),
            ("predictions", f"shard-{start}.jsonl.out", b"".join(stream.model.answers(body))),
        ):
            path = root / "processing/input" / folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)


def _lines(texts: list[str], start: int, end: int) -> Iterator[bytes]:
    for number in range(start, end):
        record = {"id": f"bench:{number}", "text": texts[number % len(texts)], "language": "en"}
        yield json.dumps(record, ensure_ascii=False).encode() + b"\n"
