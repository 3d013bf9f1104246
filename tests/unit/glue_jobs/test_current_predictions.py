"""Which predictions are current: each message's once, of the latest run that succeeded, whatever ran again."""

from collections.abc import Iterator
from threading import Thread
from typing import Any

import pytest

from glue_jobs.lake.store import write_json
from glue_jobs.raw import claims
from glue_jobs.raw.claims import RawObject, Scope, take_messages
from pipeline_code.contracts import RunFiles
from tests.unit.glue_jobs.lake import Lake, json_lines

MORNING, NOON, EVENING = "2026-01-16T02:00:00Z", "2026-01-16T12:00:00Z", "2026-01-16T20:00:00.500Z"


def scored(*ids: str, label: str = "refund") -> list[dict[str, Any]]:
    return [{"id": id_, "label": label, "confidence": 0.75, "in_scope_score": 1.5, "decision": "auto"} for id_ in ids]


def test_every_message_has_the_prediction_of_the_latest_run_that_published_it(lake: Lake) -> None:
    lake.put_predictions("r1", {"web:1": "refund", "web:2": "refund", "app:1": "refund"})
    lake.put_predictions("r3", {"web:2": "order"}, date="2026-01-16")
    lake.put_predictions("r2", {"web:2": "delivery", "web:3": "delivery"})
    for run_id, started_at in (("r1", MORNING), ("r3", NOON), ("r2", EVENING)):
        lake.succeed(run_id, started_at)
    assert lake.current() == [
        ("app", "1", "refund", "r1"),
        ("web", "1", "refund", "r1"),
        ("web", "2", "delivery", "r2"),
        ("web", "3", "delivery", "r2"),
    ]


def test_predictions_of_a_run_that_has_not_succeeded_are_not_current(lake: Lake) -> None:
    assert lake.current() == []
    lake.put_predictions("r1", {"web:1": "refund"})
    lake.put_predictions("r2", {"web:1": "order", "web:2": "order"})
    assert lake.current() == []
    lake.succeed("r1", MORNING)
    assert lake.current() == [("web", "1", "refund", "r1")]


def test_of_two_runs_that_started_at_once_one_is_taken(lake: Lake) -> None:
    for run_id, label in (("r1", "refund"), ("r2", "order")):
        lake.put_predictions(run_id, {"web:1": label})
        lake.succeed(run_id, NOON)
    assert lake.current() == [("web", "1", "order", "r2")]


def score(lake: Lake, *answers: dict[str, Any], **scope: str) -> None:
    lake.clean(**scope)
    lake.build_batch()
    lake.answer(answers)
    lake.publish()
    lake.succeed()


def test_a_further_attempt_is_not_current_before_it_succeeds_too(lake: Lake) -> None:
    lake.land("a.jsonl", json_lines({"id": "1", "text": "one"}, {"id": "2", "text": "two"}))
    score(lake, *scored("web:1", "web:2"))
    lake.clean()
    lake.answer(scored("web:1"))
    assert lake.publish()["published"] == 0
    assert lake.current() == [("web", "1", "refund", "r1"), ("web", "2", "refund", "r1")]
    lake.answer(scored("web:1", "web:2", label="order"))
    assert lake.publish()["published"] == 2
    assert lake.current() == []
    lake.succeed()
    assert lake.current() == [("web", "1", "order", "r1"), ("web", "2", "order", "r1")]


def test_a_further_attempt_leaves_no_folder_of_an_earlier_one(lake: Lake) -> None:
    """Its rules refuse now all messages of one date."""
    lake.land("a.jsonl", json_lines({"id": "1", "text": "short"}))
    lake.land("b.jsonl", json_lines({"id": "2", "text": "much longer"}), date="2026-01-16")
    score(lake, *scored("web:1", "web:2"))
    score(lake, *scored("web:1"), max_text_bytes="6")
    assert lake.current() == [("web", "1", "refund", "r1")]
    for bucket, folder in (("curated", "messages"), ("predictions", "predictions")):
        assert [row["message_id"] for row in lake.parquet(folder, bucket)] == ["1"]


def take(run_id: str, *, again: bool = False) -> list[str]:
    taken = take_messages("raw", "curated", RunFiles("score", run_id), Scope(again=again))
    return [one.key.rpartition("/")[2] for one in taken]


def test_a_run_that_scores_once_more_takes_what_others_have_taken_and_claims_what_is_new(lake: Lake) -> None:
    lake.land("a.jsonl", b"{}")
    assert take("r1") == ["a.jsonl"]
    lake.land("late.jsonl", b"{}")
    assert take("again", again=True) == ["a.jsonl", "late.jsonl"]
    assert take("r2") == []
    lake.land("later.jsonl", b"{}")
    assert take("again", again=True) == ["a.jsonl", "late.jsonl"]
    assert take("r1") == ["a.jsonl"]


def test_the_slower_of_two_attempts_releases_no_claim_of_another_run(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It wanted to read what another run has, and finds that the faster attempt has settled on nothing."""
    lake.land("a.jsonl", b"{}")
    assert take("r1") == ["a.jsonl"]
    known = claims.known_objects

    def overtaken(raw: str, curated: str, prefix: str) -> Iterator[RawObject]:
        write_json("curated", RunFiles("score", "again").inputs, {"run_id": "again", "objects": []})
        return known(raw, curated, prefix)

    monkeypatch.setattr(claims, "known_objects", overtaken)
    assert take("again", again=True) == []
    monkeypatch.undo()
    assert take("r2") == []


def test_two_runs_of_one_date_at_once_share_its_objects_out(lake: Lake) -> None:
    for n in range(12):
        lake.land(f"{n}.jsonl", json_lines({"id": str(n), "text": f"text {n}"}))
    threads = [Thread(target=lake.clean, args=(run_id,)) for run_id in ("r1", "r2")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kept = [lake.document(f"runs/score/{run_id}/clean.json")["kept"] for run_id in ("r1", "r2")]
    assert sum(kept) == 12
    assert sorted(int(row["message_id"]) for row in lake.parquet("messages")) == list(range(12))
