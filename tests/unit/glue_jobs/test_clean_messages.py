"""CleanMessages from raw objects to curated messages: every landed record is kept, a duplicate, or quarantined."""

from datetime import UTC, datetime

from tests.unit.glue_jobs.lake import Lake, json_lines


def test_a_message_becomes_canonical(lake: Lake) -> None:
    key = lake.land(
        "a.jsonl",
        json_lines({"id": 17, "body": "  ¿Dónde está mi pedido?\n", "timestamp": "2026-01-15T09:30:00+01:00"}),
    )
    report = lake.clean()
    [row] = lake.parquet("messages")
    assert row == {
        "message_id": "17",
        "received_at": datetime(2026, 1, 15, 8, 30, tzinfo=UTC),
        "text": "¿Dónde está mi pedido?",
        "language": "es",
        "text_key": "donde esta mi pedido",
        "raw_key": key,
        "raw_version": lake.s3.head_object(Bucket="raw", Key=key)["VersionId"],
        "position": 0,
        "run_id": "r1",
        "folder": "messages/source=web/date=2026-01-15/run=r1",
    }
    assert (report["landed"], report["kept"], report["duplicates"], report["quarantined"]) == (1, 1, 0, 0)
    assert report["folders"] == ["messages/source=web/date=2026-01-15/run=r1"]
