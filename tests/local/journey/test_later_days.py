"""What comes after the journey, on the same platform: days that were missing, and a person who asks to be forgotten."""

import base64
import re
from collections.abc import Callable

import pytest

from criba import backfills, erasures, reconciliation, reports
from criba.errors import CribaError
from tests.local.journey.conftest import Person

People = Callable[[str], Person]


def test_a_backfill_scores_the_days_that_are_missing_and_nothing_twice(person: People, champion: None) -> None:
    engineer = person("data-engineer")
    for day, id_ in (("2026-02-01", "f-1"), ("2026-02-03", "f-3")):
        engineer.land(engineer.file(f"{id_}.jsonl", [{"message_id": id_, "text": "quiero mi dinero"}]), "app", day)
    wanted = backfills.backfill("app", "2026-02-01", "2026-02-03", 2)
    started = backfills.start(engineer.aws, wanted)
    assert started is not None and started.action == "started"
    days: dict[str, str] = {}
    ended = backfills.follow(engineer.aws, wanted.run_id, lambda day: days.update({day["day"]: day["status"]}))
    assert (ended.status, days) == ("SUCCEEDED", dict.fromkeys(("2026-02-01", "2026-02-02", "2026-02-03"), "scored"))
    assert reports.report(engineer.aws, "backfill", wanted.run_id)["steps"]["days"]["scored"] == 3
    assert backfills.start(engineer.aws, wanted) is None

    longer = backfills.backfill("app", "2026-02-01", "2026-02-04", 2)
    backfills.start(engineer.aws, longer)
    told: list[str] = []
    backfills.follow(engineer.aws, longer.run_id, lambda day: told.append(f"{day['day'][-2:]} {day['status']}"))
    assert sorted(told) == ["01 skipped", "02 skipped", "03 skipped", "04 scored"]


def test_a_person_is_erased_by_two_others_and_all_runs_still_add_up(person: People, champion: None) -> None:
    engineer, admin = person("data-engineer"), person("admin")
    secret = "la abuela de Xochitl pregunta por su pedido"
    engineer.land(
        engineer.file("x.jsonl", [{"message_id": "x-1", "text": secret}, secret.encode()]), "app", "2026-02-07"
    )
    run = engineer.run("score", wanted={"scope": {"source": "app", "date_from": "2026-02-07", "date_to": "2026-02-07"}})
    assert (run["counts"]["published"], run["counts"]["quarantined"]) == (1, {"unparsable": 1})
    asked = erasures.ask(engineer.aws, ["app:x-1"])
    with pytest.raises(CribaError, match="another Admin has to approve"):
        erasures.run(engineer.aws, asked.request, lambda _: None)
    certificate = erasures.run(admin.aws, asked.request, lambda _: None)
    assert [one["found"] for one in certificate["messages"]] == [True]
    assert set(certificate["places"]) == {
        "raw messages",
        "curated messages",
        "quarantine",
        "batch shards",
        "predictions",
    }
    buckets = (getattr(admin.aws.deployment, f"{name}_bucket") for name in ("raw", "curated", "predictions"))
    assert [key for bucket in buckets for key, body in versions(admin, bucket) if b"Xochitl" in body] == []
    assert reconciliation.reconcile(admin.aws, lambda _: None)["discrepancies"] == []


def versions(someone: Person, bucket: str) -> list[tuple[str, bytes]]:
    """Every version of every object, with what base64 hides."""
    found = []
    for page in someone.aws.s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        for one in page.get("Versions", []):
            answer = someone.aws.s3.get_object(Bucket=bucket, Key=one["Key"], VersionId=one["VersionId"])
            body = answer["Body"].read()
            packed = re.findall(rb'"record_base64":"([^"]*)"', body)
            found.append((one["Key"], body + b"".join(map(base64.b64decode, packed))))
    return found
