"""What comes after the journey, on the same platform: days that were missing, and a person who asks to be forgotten."""

from collections.abc import Callable
from pathlib import Path

import pytest

from criba import backfills, erasures, reconciliation, reports
from criba.errors import CribaError
from tests.local.journey.conftest import Person
from tests.unit.glue_jobs.lake import read_by_anybody

People = Callable[[str], Person]


SECRET = "la abuela de Xochitl pregunta por su pedido"


def test_a_backfill_scores_the_days_that_are_missing_and_nothing_twice(person: People, champion: None) -> None:
    engineer = person("data-engineer")
    landed = engineer.file("x.jsonl", [{"message_id": "x-1", "text": SECRET}, SECRET.encode(), {"text": "otra cosa"}])
    engineer.land(landed, "app", "2026-02-01")
    wanted = backfills.backfill("app", "2026-02-01", "2026-02-02", 2)
    started = backfills.start(engineer.aws, wanted)
    assert started is not None and started.action == "started"
    days: dict[str, dict[str, str]] = {}
    ended = backfills.follow(engineer.aws, wanted.run_id, lambda day: days.update({day["day"]: day}))
    told = {day: one["status"] for day, one in days.items()}
    assert (ended.status, told) == ("SUCCEEDED", {"2026-02-01": "scored", "2026-02-02": "scored"})
    assert reports.report(engineer.aws, "backfill", wanted.run_id)["steps"]["days"]["scored"] == 2
    run = reports.report(engineer.aws, "score", days["2026-02-01"]["run_id"])
    assert (run["counts"]["published"], run["counts"]["quarantined"]) == (2, {"unparsable": 1})
    assert backfills.start(engineer.aws, wanted) is None


def test_a_person_is_erased_by_two_others_and_all_runs_still_add_up(person: People, platform_folder: Path) -> None:
    engineer, admin = person("data-engineer"), person("admin")
    asked = erasures.ask(engineer.aws, ["app:x-1"])
    with pytest.raises(CribaError, match="another Admin has to approve"):
        erasures.run(engineer.aws, asked.request, lambda _: None)
    certificate = erasures.run(admin.aws, asked.request, lambda _: None)
    assert [one["found"] for one in certificate["messages"]] == [True]
    assert {place: sums["records"] for place, sums in certificate["places"].items()} == {
        "raw messages": 2,
        "curated messages": 1,
        "quarantine": 1,
        "batch shards": 2,
        "predictions": 1,
    }
    buckets = (getattr(admin.aws.deployment, f"{name}_bucket") for name in ("raw", "curated", "predictions"))
    assert [key for bucket in buckets for key, body in versions(admin, bucket) if "Xochitl" in body] == []
    logs = [log.read_text() for log in (platform_folder / "jobs").rglob("log.txt")]
    assert any("'raw messages'" in log for log in logs)
    assert [log for log in logs if "Xochitl" in log or "x-1" in log] == []
    assert reconciliation.reconcile(admin.aws, lambda _: None)["discrepancies"] == []


def versions(someone: Person, bucket: str) -> list[tuple[str, str]]:
    """What every version of every object says, unpacked."""
    found = []
    for page in someone.tools.s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        for one in page.get("Versions", []):
            answer = someone.tools.s3.get_object(Bucket=bucket, Key=one["Key"], VersionId=one["VersionId"])
            found.append((one["Key"], read_by_anybody(one["Key"], answer["Body"].read())))
    return found
