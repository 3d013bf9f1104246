"""PublishPredictions: every message gets exactly one answer, or the job fails with counts."""

import shutil
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.unit.glue_jobs.lake import Lake, json_lines


def scored(record: str, label: str = "order", decision: str = "auto") -> dict[str, Any]:
    return {"id": record, "label": label, "confidence": 0.75, "in_scope_score": 1.5, "decision": decision}


@pytest.fixture(scope="module")
def three_messages(new_lake: Any) -> Lake:
    """Three messages of two sources and two dates, cleaned by r1; r2 found nothing left."""
    lake: Lake = new_lake()
    lake.land("a.jsonl", json_lines({"id": "1", "text": "uno"}, {"id": "2", "text": "dos"}))
    lake.land("a.jsonl", json_lines({"id": "1", "text": "one", "lang": "en"}), source="app", date="2026-01-16")
    lake.clean("r1")
    lake.clean("r2")
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
        "kept": 3,
        "scored": 3,
        "unscorable": 0,
        "auto": 2,
        "review": 1,
        "published": 3,
        "labels": {"order": 2, "refund": 1},
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
    assert (report["kept"], report["scored"], report["unscorable"], report["published"]) == (3, 1, 2, 1)
    assert [(reason, record) for reason, _, record in cleaned.quarantine("r1")] == [
        ("unscorable", b'{"id":"app:1","text":"one","language":"en"}'),
        ("unscorable", b'{"id":"web:2","text":"dos","language":"pt"}'),
    ]
    cleaned.answer([scored("web:1"), scored("web:2"), scored("app:1")])
    assert cleaned.publish()["published"] == 3
    assert cleaned.quarantine("r1") == []


@pytest.mark.parametrize(
    ("answers", "fault"),
    [
        ([scored("web:1")], "2 without an answer"),
        ([], "3 without an answer"),
        ([scored("web:1"), scored("web:1"), scored("web:2"), scored("app:1")], "1 answered more than once"),
        ([scored("web:1"), scored("web:2"), scored("app:1"), scored("app:9")], "1 answers to no message"),
        (
            [scored("web:1"), scored("web:2"), {**scored("app:1"), "decision": "maybe"}],
            "1 answers that cannot be read",
        ),
        ([scored("web:1"), scored("web:2"), {"id": "app:1"}], "1 answers that cannot be read"),
        (["uno", scored("web:1")], "2 without an answer, 1 answers that cannot be read"),
    ],
)
def test_answers_that_do_not_match_fail_the_job_with_counts(cleaned: Lake, answers: list[Any], fault: str) -> None:
    cleaned.answer(answers)
    with pytest.raises(RuntimeError) as failure:
        cleaned.publish()
    assert str(failure.value) == f"the batch output does not match the 3 messages of the run: {fault}"
    assert cleaned.parquet("predictions", bucket="predictions") == []


def test_a_batch_without_output_fails_the_job(cleaned: Lake) -> None:
    with pytest.raises(RuntimeError, match="3 without an answer"):
        cleaned.publish()


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
    assert (report["kept"], report["published"], report["labels"]) == (0, 0, {})
