"""Reconciliation across runs: late files and second looks add up; a lost row, a double and an orphan do not."""

import json
import shutil
from collections import Counter
from typing import Any

import pytest

from tests.unit.glue_jobs.lake import Lake, json_lines
from tests.unit.glue_jobs.test_current_predictions import scored


def score(lake: Lake, run_id: str, started_at: str, *answers: dict[str, Any], **scope: str) -> None:
    lake.clean(run_id, **scope)
    lake.build_batch(run_id)
    lake.answer(answers, run_id)
    lake.publish(run_id)
    lake.succeed(run_id, started_at)


@pytest.fixture(scope="module")
def three_runs(new_lake: Any) -> Lake:
    """A nightly run, one for a late file, and one that scores all of it once more; one message cannot be scored."""
    lake: Lake = new_lake()
    bad = {"id": "9", "text": "unscorable"}
    lake.land("a.jsonl", json_lines({"id": "1", "text": "one"}, {"id": "1", "text": "one"}, bad, {"text": 7}))
    score(lake, "r1", "2026-01-16T02:00:00Z", *scored("web:1"), {"id": "web:9", "error": "text_missing"})
    lake.land("late.jsonl", json_lines({"id": "2", "text": "two"}), date="2026-01-16")
    score(lake, "r2", "2026-01-17T02:00:00Z", *scored("web:2"))
    again = [*scored("web:1", "web:2"), {"id": "web:9", "error": "text_missing"}]
    score(lake, "r3", "2026-01-18T02:00:00Z", *again, take="all")
    lake.clean("r4")  # still under way
    lake.put("curated", "runs/score/r0/ledger.json", b'{"status": "SUCCEEDED"}')  # there was no champion yet
    return lake


def test_runs_that_overlap_add_up(three_runs: Lake) -> None:
    assert three_runs.reconcile() == {"runs": 5, "finished": 4, "messages": 3, "current": 2, "discrepancies": []}


def test_rows_that_were_erased_are_not_missed(three_runs: Lake) -> None:
    """As many as were erased, and no more."""
    erased = {name: Counter({"r2": 1}) for name in ("messages", "predictions", "quarantine")}
    assert three_runs.reconcile(erased)["discrepancies"] == [
        "r2: reported 1 rows of messages, but 1 are there and 1 were erased since",
        "r2: reported 1 rows of predictions, but 1 are there and 1 were erased since",
        "r2: reported 0 rows of quarantine, but 0 are there and 1 were erased since",
    ]


def test_what_does_not_add_up_is_told(three_runs: Lake) -> None:
    lake = three_runs
    (lost,) = lake.keys("curated", "quarantine/run_id=r1/clean_messages")
    lake.s3.delete_object(Bucket="curated", Key=lost)
    lake.settle()
    shutil.rmtree(lake.mounts / "predictions/predictions/date=2026-01-16/run=r3")
    shutil.rmtree(lake.mounts / "predictions/predictions/date=2026-01-16/run=r2")
    inputs = lake.document("runs/score/r1/inputs.json")
    stolen = {**inputs, "objects": [*inputs["objects"], {**inputs["objects"][0], "version_id": "unclaimed"}]}
    lake.put("curated", "runs/score/r4/inputs.json", json.dumps(stolen).encode())
    found = lake.reconcile()["discrepancies"]
    assert [one.replace(inputs["objects"][0]["version_id"], "v1") for one in found] == [
        "r4: took messages/source=web/date=2026-01-15/a.jsonl, but has no claim on it",
        "r1 and r4: took claims/messages/source=web/date=2026-01-15/a.jsonl/v1.json both",
        "r1: reported 2 rows of quarantine, but 1 are there",
        "r2: reported 1 rows of predictions, but 0 are there",
        "r3: reported 2 rows of predictions, but 1 are there",
        "1 messages of complete runs have no current prediction and are not refused as unscorable",
    ]
