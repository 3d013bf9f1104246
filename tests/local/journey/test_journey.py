"""The whole journey on the deployed templates: first days, a model, an approval, messages, a failure and its redrive.

The tests stand in the order of the story, and each leaves the platform as the next one finds it.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from criba import alerts, executions, inbox, landing, quarantine, registry, reports, runs
from criba.errors import CribaError
from criba.quarantine import Chosen
from tests.ledgers import problems
from tests.local.journey.conftest import LABELS, Person, examples, histories, predictions, running

People = Callable[[str], Person]
DAY = "2026-03-02"


def counts(report: dict[str, Any], step: str) -> dict[str, Any]:
    return dict(report["steps"][step])


def test_on_the_first_day_there_is_no_champion_and_no_message_is_claimed(person: People) -> None:
    engineer = person("data-engineer")
    engineer.land(engineer.file("early.jsonl", [{"message_id": "e-1", "text": "hola"}]), "email", "2026-01-01")
    report = engineer.run("score", wanted={"scope": {"source": "email", "date_from": "*", "date_to": "*"}})
    assert (report["status"], report["outcome"]) == ("SUCCEEDED", "No champion yet")
    assert engineer.keys(engineer.aws.deployment.curated_bucket, "claims/") == []


def test_without_labels_there_is_nothing_to_train_on(person: People) -> None:
    report = person("data-scientist").run("train")
    assert (report["status"], report["outcome"]) == ("SUCCEEDED", "Nothing to train on")
    assert counts(report, "training_set")["examples"] == 0


def test_one_label_only_fails_with_a_reason_that_names_it_and_people_are_told(person: People) -> None:
    scientist = person("data-scientist")
    scientist.land_labels("one.jsonl", examples(60, "refund"))
    heard = scientist.listen("WarningTopic")
    report = scientist.run("train")
    assert report["status"] == "FAILED"
    assert report["reason"] == (
        "Criba.DataGate: the training set has one label only (refund): land examples of another"
    )
    key = f"runs/train/{report['run_id']}/ledger.json"
    curated = scientist.aws.deployment.curated_bucket
    scientist.soon(lambda: scientist.keys(curated, key), key)
    ledger = scientist.json(curated, key)
    assert problems(ledger) == []
    assert ledger["status"] == "FAILED"
    assert "one label only" in ledger["reason"]
    assert (ledger["counts"]["landed"], ledger["counts"]["examples"]) == (60, 60)
    assert [one["step"] for one in ledger["jobs"]] == ["Clean messages", "Build the training set"]
    (said,) = scientist.soon(lambda: [one for one in heard() if "of train ended" in one], "a notice")
    assert said.strip('"').startswith(f"[local] Run {report['run_id']} of train ended FAILED. Say: criba runs show")
    assert (said, "oncall@example.com", "email") in [
        (one["text"], one["to"], one["protocol"]) for one in inbox.messages(str(scientist.aws.endpoint))
    ]
    assert scientist.soon(
        lambda: [one for one in alerts.alarms(scientist.aws, every=False) if one["name"] == "Criba-local-train-failed"],
        "the alarm of the failed run",
    )


def test_a_challenger_is_registered_with_its_figures_and_waits(person: People) -> None:
    scientist = person("data-scientist")
    scientist.land_labels("all.jsonl", examples(60, "delivery", "account"))
    report = scientist.run("train")
    assert (report["status"], report["outcome"]) == ("SUCCEEDED", "Challenger registered"), report
    assert counts(report, "training_set")["labels"] == ["account", "delivery", "refund"]
    assert counts(report, "training_set")["examples"] == 180
    (challenger,) = registry.packages(scientist.aws)
    assert (challenger.version, challenger.approval) == (1, "PendingManualApproval")
    figures = registry.evaluation(scientist.aws, challenger)
    assert figures is not None and figures["challenger"]["accuracy"] >= 0.9
    told = scientist.aws.sagemaker.describe_model_package(ModelPackageName=challenger.arn)
    card = json.loads(told["ModelCard"]["ModelCardContent"])
    assert card["model_overview"]["model_creator"] == f"Criba, training run {report['run_id']}"
    assert challenger.card is not None and challenger.card.endswith(f"run_id={report['run_id']}/model_card.html")
    models = scientist.aws.deployment.models_bucket
    assert challenger.card.removeprefix(f"s3://{models}/") in scientist.keys(models, "evaluations/")
    assert registry.champion(scientist.aws) is None


def test_who_started_the_training_cannot_approve_it(person: People) -> None:
    scientist = person("data-scientist")
    one = registry.decide(scientist.aws, 1, registry.APPROVED, "I like my own work")
    run = scientist.started("promote", lambda given: given.get("model_package_arn") == one.arn)
    report = scientist.end(run.run_id, "promote")
    assert report["status"] == "FAILED"
    assert "started the training run of version 1 and cannot approve it" in report["reason"]
    assert registry.champion(scientist.aws) is None


def test_an_ml_engineers_approval_makes_the_champion(person: People) -> None:
    reviewer = person("ml-engineer")
    registry.decide(reviewer.aws, 1, registry.REJECTED, "approved by its author")
    one = registry.decide(reviewer.aws, 1, registry.APPROVED, "good on every label")
    refused = {one["run_id"] for one in executions.recent(reviewer.aws, "promote", 20) if one["status"] == "FAILED"}
    run = reviewer.started(
        "promote", lambda given: given["model_package_arn"] == one.arn and given["run_id"] not in refused
    )
    report = reviewer.end(run.run_id, "promote")
    assert report["status"] == "SUCCEEDED", report
    champion = registry.champion(reviewer.aws)
    assert champion is not None
    assert (champion["version"], champion["approved_by"]) == (
        "1",
        "arn:aws:sts::000000000000:assumed-role/ml-engineer/local",
    )
    kept = reviewer.keys(reviewer.aws.deployment.monitoring_bucket, "baseline/1/")
    names = " ".join(key.removeprefix("baseline/1/") for key in kept)
    assert names == "constraints.json quality.json quality_constraints.json statistics.json"


def test_a_marker_starts_score_and_every_record_is_accounted_for(person: People) -> None:
    engineer = person("data-engineer")
    good = [{"message_id": f"m-{n}", "text": LABELS["refund"].format(f"A{n}"), "language": "es"} for n in range(40)]
    bad: list[Any] = [
        good[0],  # the same again: a duplicate
        {"message_id": "m-1", "text": "otro texto con el mismo identificador"},
        b'{"message_id": "m-90", "text": "sin cerrar',
        b'{"message_id": "m-91", "text": "\xff\xfe"}',
        {"message_id": "m-92", "text": "   "},
        {"message_id": "m-93", "text": 7},
        {"message_id": "m-94"},
        {"message_id": "m-95", "text": "cuándo llega", "received_at": "ayer"},
        {"message_id": "m-96", "text": "x" * 30_000},
        {"message_id": "m-97", "text": LABELS["account"].format("B"), "colour": "blue"},  # an unknown column is fine
    ]
    engineer.land(engineer.file("web.jsonl", good + bad), "web-form", DAY)
    rows = engineer.folder / "calls.csv"
    rows.write_text('id,message,agent\nc-1,el paquete 7 no ha llegado,Ana\nc-2,"no puedo entrar,\nen mi cuenta",Eva\n')
    engineer.land(rows, "call-center", DAY)
    header = engineer.folder / "header.csv"
    header.write_text("id,message,agent\n")
    engineer.land(header, "call-center", DAY)

    landing.write_marker(engineer.aws, DAY, None)
    run = engineer.started("score", lambda given: given.get("scope", {}).get("date_from") == DAY)
    report = engineer.end(run.run_id, "score")
    assert (report["status"], report["outcome"]) == ("SUCCEEDED", "Messages scored"), report
    cleaned, published = counts(report, "clean"), counts(report, "published")
    assert (cleaned["landed"], cleaned["kept"], cleaned["duplicates"], cleaned["quarantined"]) == (52, 43, 1, 8)
    assert cleaned["quarantine_reasons"] == {
        "bad_timestamp": 1,
        "blank_text": 1,
        "id_clash": 1,
        "missing_text": 1,
        "not_utf8": 1,
        "too_long": 1,
        "unparsable": 1,
        "wrong_type": 1,
    }
    assert (published["messages"], published["shard_lines"], published["answers"]) == (43, 43, 43)
    assert (published["scored"], published["published"], published["unscorable"]) == (43, 43, 0)
    assert report["counts"]["quarantined"] == cleaned["quarantine_reasons"]
    assert published["quarantine_lines"] == 8
    assert [one["step"] for one in report["jobs"]] == [
        *("Clean messages", "Build the batch", "Score", "Publish predictions", "Monitor")
    ]
    assert report["cost"]["parts"]["glue"] > 0 and report["cost"]["parts"]["sagemaker"] > 0
    table = predictions(engineer, DAY, run.run_id)
    assert len(table) == 43
    assert {(row["source"], row["message_id"]) for row in table} == {
        *(("web-form", f"m-{n}") for n in range(40)),
        ("web-form", "m-97"),
        ("call-center", "c-1"),
        ("call-center", "c-2"),
    }
    assert {row["model_version"] for row in table} == {"1"}
    right = [row for row in table if row["label"] == "refund" and row["message_id"] in {f"m-{n}" for n in range(40)}]
    assert len(right) == 40


def test_redriven_records_are_scored_once_although_a_shard_loses_one_at_first(person: People) -> None:
    """The clash of m-1 is redriven as it is; the message without an end is replaced by its source."""
    engineer = person("data-engineer")
    aws, bucket = engineer.aws, engineer.aws.deployment.curated_bucket
    first = engineer.started("score", lambda given: given.get("scope", {}).get("date_from") == DAY).run_id
    ledger_before = engineer.json(bucket, f"runs/score/{first}/ledger.json")
    refused = {one.reason: one for one in quarantine.refused(aws, first)}
    (clash,) = quarantine.redrive(aws, first, Chosen(reason="id_clash"))
    assert clash.asked_by.endswith("/data-engineer/local")
    corrected = engineer.file("corrected.jsonl", [{"message_id": "m-90", "text": "sin cerrar"}])
    quarantine.replace(aws, first, refused["unparsable"].id, corrected)

    def cut_the_shard(state: str) -> None:
        if state == "Score":
            (key,) = engineer.keys(bucket, "batch/run_id=redriven/in/")
            whole = engineer.tools.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
            engineer.tools.s3.put_object(Bucket=bucket, Key=key, Body=whole[whole.index(b"\n") + 1 :])

    scope = {"source": "*", "date_from": DAY, "date_to": DAY}
    runs.start(aws, "score", run_id="redriven", wanted={"scope": scope})
    executions.follow(aws, executions.attempts(aws, "score", "redriven")[-1], cut_the_shard)
    report = reports.report(aws, "score", "redriven")
    assert report["status"] == "FAILED"
    assert report["reason"].startswith("Criba.NotReconciled: Build the batch: 2 records, but 1 shard lines")
    assert predictions(engineer, DAY, "redriven") == []

    assert runs.redrive(aws, "redriven").action == "new attempt"
    report = engineer.end("redriven", "score")
    assert report["outcome"] == "Messages scored", report
    assert (report["counts"]["landed"], report["counts"]["redriven"], report["counts"]["published"]) == (2, 1, 2)
    table = predictions(engineer, DAY, "redriven")
    assert {(row["source"], row["message_id"]) for row in table} == {("web-form", "m-1"), ("web-form", "m-90")}
    assert quarantine.redrive(aws, first, Chosen(reason="id_clash")) == []
    assert len(quarantine.gone(aws, first)) == 2
    assert engineer.json(bucket, f"runs/score/{first}/ledger.json") == ledger_before


def test_the_same_messages_are_never_scored_twice(person: People) -> None:
    engineer = person("data-engineer")
    report = engineer.run("score", wanted={"scope": {"source": "*", "date_from": DAY, "date_to": DAY}})
    assert (report["status"], report["outcome"]) == ("SUCCEEDED", "Nothing to score")
    assert counts(report, "clean")["landed"] == 0


def test_a_business_event_starts_the_run_that_it_names(person: People) -> None:
    engineer = person("data-engineer")
    event = {
        "EventBusName": engineer.output("Pipeline", "BusinessEventBus"),
        "Source": "criba",
        "DetailType": "ScoreRequested",
        "Detail": json.dumps({"run_id": "campaign-7", "source": "app", "date_from": DAY, "date_to": DAY}),
    }
    engineer.client("events").put_events(Entries=[event])
    run = engineer.started("score", lambda given: given["run_id"] == "campaign-7")
    assert run.input["scope"] == {"source": "app", "date_from": DAY, "date_to": DAY}
    assert engineer.end("campaign-7", "score")["outcome"] == "Nothing to score"


def test_a_run_that_fails_halfway_is_redriven_to_exact_counts(person: People) -> None:
    engineer = person("data-engineer")
    aws = engineer.aws
    engineer.land(engineer.file("late.jsonl", [{"message_id": "l-1", "text": "quiero mi dinero"}]), "app", DAY)
    started = runs.start(
        aws, "score", run_id="late-run", wanted={"scope": {"source": "app", "date_from": DAY, "date_to": DAY}}
    )
    glue = engineer.client("glue")
    job = next(one["Name"] for one in glue.get_jobs()["Jobs"] if "PublishPredictions" in one["Name"])
    first = executions.attempts(aws, "score", started.run_id)[-1]
    visited: list[str] = []

    def stop_when_publishing(state: str) -> None:
        visited.append(state)
        if state == "Publish predictions" and visited.count(state) == 1:
            active = engineer.soon(lambda: running(glue, job), "a run of PublishPredictions")
            glue.batch_stop_job_run(JobName=job, JobRunIds=[active[0]])

    executions.follow(aws, first, stop_when_publishing)
    assert reports.report(aws, "score", "late-run")["status"] == "FAILED"
    assert visited[-1] == "Publish predictions"

    again = runs.redrive(aws, "late-run")
    assert again.action == "redriven"
    report = engineer.end("late-run", "score")
    assert (report["status"], report["outcome"]) == ("SUCCEEDED", "Messages scored"), report
    assert report["visited"].count("Clean messages") == 1
    assert [row["message_id"] for row in predictions(engineer, DAY, "late-run")] == ["l-1"]


def test_a_delivery_that_is_mostly_refused_stops_until_a_person_accepts_it(person: People) -> None:
    engineer = person("data-engineer")
    heard = engineer.listen("WarningTopic")
    good = [{"message_id": f"q-{n}", "text": LABELS["refund"].format(f"Q{n}")} for n in range(24)]
    bad = [{"message_id": f"b-{n}", "texto": "canary"} for n in range(36)]
    engineer.land(engineer.file("changed.jsonl", [*good, *bad]), "email", DAY)
    scope = {"scope": {"source": "email", "date_from": DAY, "date_to": DAY}}
    stopped = engineer.run("score", run_id="changed", wanted=scope)
    assert stopped["status"] == "FAILED"
    assert stopped["visited"][-1] == "Refuse the quality"
    assert "email: quarantine_rate 0.6 is above 0.5 (36 quarantined of 60 records)" in stopped["reason"]
    assert "criba runs accept changed --reason" in stopped["reason"]
    assert predictions(engineer, DAY, "changed") == []
    curated = engineer.aws.deployment.curated_bucket
    claimed = engineer.json(curated, "runs/score/changed/inputs.json")
    assert engineer.soon(lambda: [one for one in heard() if "quarantine_rate 0.6" in one], "a notice")

    assert runs.accept(engineer.aws, "changed", "the rest is lost anyway").attempt == 2
    report = engineer.end("changed", "score")
    assert (report["status"], report["outcome"]) == ("SUCCEEDED", "Messages scored"), report
    assert report["accepted_quality"] == {"by": engineer.aws.caller, "reason": "the rest is lost anyway"}
    assert engineer.json(curated, "runs/score/changed/inputs.json") == claimed
    assert sorted(row["message_id"] for row in predictions(engineer, DAY, "changed")) == sorted(
        one["message_id"] for one in good
    )
    again = engineer.run("score", wanted=scope)
    assert counts(again, "clean")["landed"] == 0


def test_a_run_that_succeeded_is_refused_unless_it_is_asked_for_again(person: People) -> None:
    engineer = person("data-engineer")
    with pytest.raises(CribaError, match="run late-run already succeeded"):
        runs.start(engineer.aws, "score", run_id="late-run")
    started = runs.start(engineer.aws, "score", run_id="late-run", again=True)
    assert (started.action, started.attempt) == ("new attempt", 2)
    report = engineer.end("late-run", "score")
    assert report["status"] == "SUCCEEDED", report
    assert counts(report, "published")["published"] == 1
    assert [row["message_id"] for row in predictions(engineer, DAY, "late-run")] == ["l-1"]


def test_a_roll_back_promotes_an_earlier_version_any_number_of_times(person: People) -> None:
    reviewer = person("ml-engineer")
    for reason in ("the newer one was worse", "and again"):
        run = runs.start(
            reviewer.aws,
            "promote",
            kind="rollback",
            wanted={"model_package_arn": registry.package(reviewer.aws, 1).arn, "reason": reason},
        )
        report = reviewer.end(run.run_id, "promote")
        assert (report["status"], report["outcome"]) == ("SUCCEEDED", "Model promoted"), report
        assert "Create the model" not in report["visited"]
    history = reviewer.client("ssm").get_parameter_history(Name=reviewer.output("Pipeline", "ChampionParameter"))
    assert [json.loads(one["Value"])["version"] for one in history["Parameters"]] == ["1", "1", "1"]


def test_every_run_has_left_a_ledger_that_keeps_the_contract(person: People) -> None:
    engineer = person("data-engineer")
    bucket = engineer.aws.deployment.curated_bucket
    keys = [key for key in engineer.keys(bucket, "runs/") if key.endswith("/ledger.json")]
    assert len(keys) >= 12
    assert {key: found for key in keys if (found := problems(engineer.json(bucket, key)))} == {}


def test_no_text_of_a_message_stands_outside_the_folders_for_messages(person: People, platform_folder: Path) -> None:
    texts = [text.rpartition(" {}")[0].encode()[:24] for text in LABELS.values()]
    assert any(text in path.read_bytes() for path in platform_folder.rglob("*.jsonl") for text in texts)
    files = [path for path in platform_folder.rglob("*") if path.is_file() and not may_hold_text(path.parts)]
    assert [str(path) for path in files if any(text in path.read_bytes() for text in texts)] == []
    names = {path.name for path in files}
    assert names >= {"ledger.json", "clean.json", "evaluation.json", "summary.json", "platform.log", "log.txt"}
    told = histories(person("admin").client("stepfunctions"))
    assert "TaskSucceeded" in told
    assert [text for text in texts if text.decode() in told] == []


def may_hold_text(parts: tuple[str, ...]) -> bool:
    folders = ("messages", "labels", "labelled", "quarantine", "training", "batch")
    return any(folder in parts for folder in folders)
