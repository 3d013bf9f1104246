"""On the deployed platform: labels that come later, measured and merged by Model Monitor, and drift that trains."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from criba import drift, executions, landing, monitoring_schedules
from tests.ledgers import problems
from tests.local.journey.conftest import LABELS, Person

People = Callable[[str], Person]
DAY = datetime.now(UTC).date().isoformat()


def label(id_: str, said: str) -> dict[str, str]:
    return {"source": "web-form", "message_id": id_, "label": said}


def test_labels_that_come_later_are_joined_counted_and_measured(person: People, champion: None) -> None:
    engineer = person("data-engineer")
    texts = [{"message_id": f"t-{n}", "text": LABELS["refund"].format(f"T{n}"), "language": "es"} for n in range(30)]
    engineer.land(engineer.file("today.jsonl", texts), "web-form", DAY)
    scored = engineer.run("score", wanted={"scope": {"source": "web-form", "date_from": DAY, "date_to": DAY}})
    assert scored["outcome"] == "Messages scored", scored

    late = [label(f"t-{n}", "refund") for n in range(20)]
    odd = [label("t-0", "refund"), label("t-20", "refund"), label("t-20", "account"), label("nobody", "refund")]
    landing.land_ground_truth(engineer.aws, engineer.file("late.jsonl", [*late, *odd, b"{"]), lambda _: None)
    report = engineer.run("measure", run_id="late-labels")
    assert (report["status"], report["outcome"]) == ("SUCCEEDED", "Quality measured"), report
    counts = report["counts"]
    assert {name: counts[name] for name in ("landed", "joined", "unknown", "duplicates", "conflicting", "refused")} == {
        "landed": 25,
        "joined": 20,
        "unknown": 1,
        "duplicates": 1,
        "conflicting": 2,
        "refused": 1,
    }
    assert counts["predictions"] == counts["joined"] + counts["missing"]
    ledger = engineer.json(engineer.aws.deployment.curated_bucket, "runs/measure/late-labels/ledger.json")
    assert problems(ledger) == []
    found = drift.drift(engineer.aws, "late-labels")
    assert found["why_not"] == "version 1: 20 labels that no verdict rests on yet, of 200 needed"
    assert drift.verdict(found) == "not judged"
    assert published(engineer, "LabelsMissing") == counts["missing"] / counts["predictions"]


def published(someone: Person, name: str) -> float:
    """The latest value of a metric, which bears the environment and no other dimension."""
    now = datetime.now(UTC)
    told = someone.client("cloudwatch").get_metric_statistics(
        Namespace="Criba",
        MetricName=name,
        Dimensions=[{"Name": "Environment", "Value": "local"}],
        StartTime=now - timedelta(minutes=10),
        EndTime=now + timedelta(minutes=1),
        Period=3600,
        Statistics=["Maximum"],
    )
    (one,) = told["Datapoints"]
    return float(one["Maximum"])


def test_model_monitors_schedules_look_at_what_was_captured_and_at_the_labels_merged_into_it(person: People) -> None:
    engineer = person("data-engineer")
    ended = {one["type"]: one for one in monitoring_schedules.fire(engineer.tools)}
    assert ended.keys() == {"DataQuality", "ModelQuality"}
    assert ended["ModelQuality"]["status"] == "Completed", ended
    assert ended["DataQuality"]["status"] in ("Completed", "CompletedWithViolations"), ended
    monitoring = engineer.aws.deployment.monitoring_bucket
    (key,) = [key for key in engineer.keys(monitoring, "scheduled/model-quality/") if key.endswith("/statistics.json")]
    assert engineer.json(monitoring, key)["dataset"]["item_count"] == 20


def test_drift_that_wakes_people_starts_a_training_and_no_second_one(person: People) -> None:
    engineer = person("data-engineer")
    launches: list[dict[str, Any]] = []
    for number, kind in enumerate(("data", "model"), start=1):
        detail = {"run_id": "night", "severity": "page", "kind": kind, "signals": ["length_distance"]}
        event = {
            "EventBusName": engineer.output("Pipeline", "BusinessEventBus"),
            "Source": "criba",
            "DetailType": "DriftDetected",
            "Detail": json.dumps({**detail, "workflow": "score", "model_version": "1", "report": "s3://b/r.html"}),
        }
        engineer.client("events").put_events(Entries=[event])
        launches.append(engineer.soon(partial(launched, engineer, number), "a launch"))
    first, second = launches
    assert first["execution"].startswith("train-") and first["execution"].endswith("-drift-1")
    assert second == {"outcome": "A challenger waits"}
    run = engineer.started("train", lambda given: given["trigger"]["kind"] == "drift")
    engineer.tools.states.stop_execution(executionArn=run.arn)
    assert executions.attempts(engineer.aws, "train", run.run_id)[-1].input["started_by"] == "drift"


def launched(someone: Person, count: int) -> dict[str, Any]:
    """What the latest launch for drift put out, once so many have ended."""
    states, machine = someone.tools.states, someone.aws.deployment.launch_state_machine
    ended = states.list_executions(stateMachineArn=machine, statusFilter="SUCCEEDED", maxResults=10)["executions"]
    told = [states.describe_execution(executionArn=one["executionArn"]) for one in ended]
    ours = [json.loads(one["output"]) for one in told if "DriftDetected" in one["input"]]
    return ours[0] if len(ours) >= count else {}
