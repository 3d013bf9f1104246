"""Jobs that are killed between any two of their writes, and run again until they come through: the tables are exact."""

import shutil
from pathlib import Path
from typing import Any

from glue_jobs.raw.claims import Scope, take_messages
from pipeline_code.contracts import RunFiles
from tests.unit.glue_jobs.lake import Lake, Mains, json_lines
from tests.unit.glue_jobs.test_current_predictions import scored

CURRENT = [("web", "1", "refund", "r1")]


def what_lies_in(lake: Lake) -> dict[str, Any]:
    """The tables' rows and all other objects but for the report that tells how long it took."""
    lake.settle()
    others = lake.bodies("curated", "")
    return {
        "tables": [lake.parquet("messages/source=web"), lake.parquet("predictions/date=2026-01-15", "predictions")],
        "others": {key: body for key, body in others.items() if not key.endswith(("clean.json", ".parquet"))},
    }


def leave_what_spark_leaves(table: Path, folder: str) -> None:
    """Spark is killed while it puts its files in place: a folder is gone, and what was staged is still there."""
    shutil.copytree(table / folder, table / ".spark-staging-1" / folder)
    shutil.rmtree(table / folder)


def test_score_is_exact_after_a_crash_at_every_write(lake: Lake, mains: Mains) -> None:
    lake.land("a.jsonl", json_lines({"id": "1", "text": "one"}, {"id": "1", "text": "one"}, {"text": 7}))
    lake.land("b.jsonl", json_lines({"id": "2", "text": "two"}, {"id": "3"}), date="2026-01-16")
    # Claiming, two claims, inputs, quarantine, history, quality with its page, report.
    assert mains.killed_at_every_write(lake.clean) == 9
    assert mains.killed_at_every_write(lake.build_batch) == 2  # shard, plan
    lake.answer([*scored("web:1"), {"id": "web:2", "error": "text_missing"}])
    assert mains.killed_at_every_write(lake.publish) == 2  # quarantine, report
    lake.succeed()
    assert lake.current() == CURRENT
    assert [reason for reason, _, _ in lake.quarantine("r1")] == ["missing_text", "unscorable", "wrong_type"]
    whole = what_lies_in(lake)

    leave_what_spark_leaves(lake.mounts / "curated/messages", "source=web/date=2026-01-15")
    lake.clean()
    lake.build_batch()
    seen: list[Any] = []

    def publish() -> None:
        if len(seen) == 2:
            leave_what_spark_leaves(lake.mounts / "predictions/predictions", "date=2026-01-15")
        lake.publish()

    # Taking back what is current comes first: nothing half written is read.
    assert mains.killed_at_every_write(publish, after=lambda: seen.append(lake.current())) == 3
    assert seen == [CURRENT, [], []]
    lake.succeed()
    assert lake.current() == CURRENT
    assert what_lies_in(lake) == whole
    assert lake.reconcile()["discrepancies"] == []


def test_every_object_is_taken_by_exactly_one_run_whichever_runs_are_killed(lake: Lake, mains: Mains) -> None:
    """A run that does not come back keeps what it had claimed, and has it when it does."""
    for n in range(3):
        lake.land(f"{n}.jsonl", b"{}")

    def take(run_id: str) -> list[str]:
        taken = take_messages("raw", "curated", RunFiles("score", run_id), Scope())
        return [one.key[-7:] for one in taken]

    others: list[list[str]] = []
    mains.killed_at_every_write(lambda: take("r1"), after=lambda: others.append(take(f"other-{len(others)}")))
    assert sorted([*take("r1"), *(key for keys in others for key in keys)]) == ["0.jsonl", "1.jsonl", "2.jsonl"]
    assert take("r2") == []
