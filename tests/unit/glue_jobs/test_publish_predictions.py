"""PublishPredictions: every message gets exactly one answer, or nothing is published and the report says why."""

import shutil
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.unit.glue_jobs.lake import Lake, json_lines

NO_FAULTS = {"unanswered": 0, "doubly_answered": 0, "unknown_answers": 0, "unreadable_answers": 0}


def scored(record: str, label: str = "order", decision: str = "auto") -> dict[str, Any]:
    return {"id": record, "label": label, "confidence": 0.75, "in_scope_score": 1.5, "decision": decision}


@pytest.fixture(scope="module")
def three_messages(new_lake: Any) -> Lake:
    """Three messages of two sources and two dates, cleaned by r1; r2 found nothing left."""
    lake: Lake = new_lake()
    lake.land("a.jsonl", json_lines({"id": "1", "text": "uno"}, {"id": "2", "text": "dos"}))
    lake.land("a.jsonl", json_lines({"id": "1", "text": "one", "lang": "en"}), source="app", date="2026-01-16")
    for run_id in ("r1", "r2"):
        lake.clean(run_id)
        lake.build_batch(run_id)
    return lake


@pytest.fixture
def cleaned(three_messages: Lake) -> Lake:
    """The three messages, without answers or predictions."""
    shutil.rmtree(three_messages.mounts / "curated/batch", ignore_errors=True)
    shutil.rmtree(three_messages.mounts / "predictions/predictions", ignore_errors=True)
    return three_messages


def test_answers_are_published_by_date_and_counted(cleaned: Lake) -> None:
    cleaned.answer([scored("web:2", "refund", "review"), scored("web:1")])
    cleaned.answer([scored("app:1")], name="shard-00001")
    report = cleaned.publish(model_version="12")
    assert report == {
        "run_id": "r1",
        "model_version": "12",
        "messages": 3,
        "scored": 3,
        "unscorable": 0,
        "auto": 2,
        "review": 1,
        "published": 3,
        "labels": {"order": 2, "refund": 1},
        "faults": NO_FAULTS,
        "folders": ["predictions/date=2026-01-15/run=r1", "predictions/date=2026-01-16/run=r1"],
        "shard_lines": 3,
        "answers": 3,
        "quarantine_lines": 0,
    }
    rows = cleaned.parquet("predictions", bucket="predictions")
    assert sorted((row["folder"], row["source"], row["message_id"], row["label"]) for row in rows) == [
        ("predictions/date=2026-01-15/run=r1", "web", "1", "order"),
        ("predictions/date=2026-01-15/run=r1", "web", "2", "refund"),
        ("predictions/date=2026-01-16/run=r1", "app", "1", "order"),
    ]
    assert next(row for row in rows if row["source"] == "app") == {
        "message_id": "1",
        "source": "app",
        "received_at": datetime(2026, 1, 16, tzinfo=UTC),
        "language": "en",
        "label": "order",
        "confidence": 0.75,
        "in_scope_score": 1.5,
        "decision": "auto",
        "model_version": "12",
        "run_id": "r1",
        "folder": "predictions/date=2026-01-16/run=r1",
    }


def test_what_the_model_cannot_score_is_quarantined(cleaned: Lake) -> None:
    cleaned.answer(
        [scored("web:1"), {"id": "web:2", "error": "text_missing"}, {"id": "app:1", "error": "text_missing"}]
    )
    report = cleaned.publish()
    assert (report["messages"], report["scored"], report["unscorable"], report["published"]) == (3, 1, 2, 1)
    assert report["quarantine_lines"] == 2
    assert [(reason, record) for reason, _, record in cleaned.quarantine("r1")] == [
        ("unscorable", b'{"id":"app:1","text":"one","language":"en"}'),
        ("unscorable", b'{"id":"web:2","text":"dos","language":"pt"}'),
    ]
    cleaned.answer([scored("web:1"), scored("web:2"), scored("app:1")])
    assert cleaned.publish()["published"] == 3
    assert cleaned.quarantine("r1") == []


@pytest.mark.parametrize(
    ("answers", "faults"),
    [
        ([scored("web:1")], {"unanswered": 2}),
        ([], {"unanswered": 3}),
        ([scored("web:1"), scored("web:1"), scored("web:2"), scored("app:1")], {"doubly_answered": 1}),
        ([scored("web:1"), scored("web:2"), scored("app:1"), scored("app:9")], {"unknown_answers": 1}),
        ([scored("web:1"), scored("web:2"), {**scored("app:1"), "decision": "maybe"}], {"unreadable_answers": 1}),
        ([scored("web:1"), scored("web:2"), {"id": "app:1"}], {"unreadable_answers": 1}),
        (["uno", scored("web:1")], {"unanswered": 2, "unreadable_answers": 1}),
    ],
)
def test_answers_that_do_not_match_are_not_published_but_counted(
    cleaned: Lake, answers: list[Any], faults: dict[str, int]
) -> None:
    cleaned.answer(answers)
    report = cleaned.publish()
    assert report["faults"] == {**NO_FAULTS, **faults}
    assert (report["answers"], report["published"]) == (len(answers), 0)
    assert cleaned.parquet("predictions", bucket="predictions") == []


def test_a_batch_without_output_is_not_published(cleaned: Lake) -> None:
    report = cleaned.publish()
    assert (report["faults"]["unanswered"], report["answers"], report["published"]) == (3, 0, 0)


def test_a_shard_with_a_line_too_few_or_too_many_is_not_published(cleaned: Lake) -> None:
    [shard] = cleaned.keys("curated", "batch/run_id=r1/in/")
    body = cleaned.body("curated", shard)
    cleaned.answer([scored("web:1"), scored("web:2"), scored("app:1")])
    first = body[: body.index(b"\n") + 1]
    for broken, lines in ((body.removeprefix(first), 2), (first + body, 4)):
        cleaned.put("curated", shard, broken)
        report = cleaned.publish()
        assert (report["shard_lines"], report["published"]) == (lines, 0)
    cleaned.put("curated", shard, body)
    assert cleaned.publish()["published"] == 3


def test_a_message_that_got_lost_between_cleaning_and_publishing_is_not_passed_over(cleaned: Lake) -> None:
    """Its file is gone; the two that are left would match their answers well."""
    [lost] = (cleaned.mounts / "curated/messages/source=app/date=2026-01-16/run=r1").glob("*.parquet")
    body = lost.read_bytes()
    for one in lost.parent.glob(f"*{lost.name}*"):
        one.unlink()
    cleaned.answer([scored("web:1"), scored("web:2")])
    report = cleaned.publish()
    lost.write_bytes(body)
    assert (report["messages"], report["shard_lines"], report["published"]) == (2, 3, 0)


def test_a_run_repeated_replaces_its_own_predictions_only(cleaned: Lake) -> None:
    cleaned.answer([scored("web:1"), scored("web:2"), scored("app:1")])
    cleaned.publish()
    other = cleaned.mounts / "predictions/predictions/date=2026-01-15/run=other/part.parquet"
    other.parent.mkdir()
    other.write_bytes(next((other.parent.parent / "run=r1").glob("*.parquet")).read_bytes())
    cleaned.publish("r1", model_version="8")
    rows = cleaned.parquet("predictions", bucket="predictions")
    assert sorted((row["folder"].rpartition("/")[2], row["message_id"], row["model_version"]) for row in rows) == [
        ("run=other", "1", "7"),
        ("run=other", "2", "7"),
        ("run=r1", "1", "8"),
        ("run=r1", "1", "8"),
        ("run=r1", "2", "8"),
    ]


def test_a_run_that_kept_nothing_publishes_nothing(cleaned: Lake) -> None:
    report = cleaned.publish("r2")
    assert (report["messages"], report["published"], report["labels"]) == (0, 0, {})
