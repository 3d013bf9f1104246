"""`criba runs`: what is listed, shown and followed, and the reason of a failure in words."""

import json

import pytest

from criba.failures import in_words, reason_in_words
from pipeline_code.contracts import RunFiles

CLEAN = {"run_id": "spring", "landed": 1_234, "kept": 1_230, "quarantined": 4, "quarantine_reasons": {"blank_text": 4}}


@pytest.fixture
def ask(criba, dev):
    return lambda *arguments: criba("--env", "dev", *arguments)


def close_ledger(dev, workflow, run_id, **fields):
    body = {
        "workflow": workflow,
        "run_id": run_id,
        "outcome": None,
        "reason": None,
        "steps": {},
        "model": None,
        **fields,
    }
    dev.client("s3").put_object(Bucket="curated-bucket", Key=RunFiles(workflow, run_id).ledger, Body=json.dumps(body))


def test_watching_follows_every_state_and_ends_with_the_outcome(ask):
    answer = ask("train", "start", "--run-id", "spring", "--watch")
    assert answer.code == 0
    assert [line.split(" s  ")[1] for line in answer.err.splitlines()] == ["Clean messages", "Train"]
    assert "train run spring: SUCCEEDED" in answer.out


def test_watching_a_run_that_fails_tells_why_and_leaves_with_one(ask):
    answer = ask("score", "start", "--run-id", "night", "--watch")
    assert answer.code == 1
    assert "score run night: FAILED" in answer.out
    assert "Glue job criba-dev-CleanMessages failed: 1,000 records landed, 990 accounted for" in answer.out


def test_watching_in_json_prints_one_document(ask):
    answer = ask("score", "start", "--run-id", "night", "--watch", "--json")
    assert answer.document["status"] == "FAILED"
    assert answer.document["reason"].startswith("Glue job criba-dev-CleanMessages failed")


def test_a_closed_ledger_tells_what_each_step_counted(ask, dev):
    arn = ask("train", "start", "--run-id", "spring", "--json").document["execution_arn"]
    ask("runs", "watch", "spring")
    close_ledger(
        dev,
        "train",
        "spring",
        status="SUCCEEDED",
        outcome="Challenger registered",
        execution_arn=arn,
        steps={"clean": CLEAN, "evaluation": {"challenger": {"accuracy": 0.98125, "per_label": {"a": {}}}}},
        model={"package_arn": "arn:package/7"},
    )
    answer = ask("runs", "show", "spring")
    assert answer.code == 0
    lines = [" ".join(line.split()) for line in answer.out.splitlines()]
    assert "train run spring: SUCCEEDED, Challenger registered" in lines
    assert "clean landed 1,234" in lines
    assert "clean blank_text 4" in lines
    assert "evaluation accuracy 0.9812" in lines
    assert "model arn:package/7" in lines
    assert ask("runs", "show", "spring", "--json").document["steps"]["clean"] == CLEAN


def test_the_ledger_of_an_earlier_attempt_is_not_taken_for_the_latest(ask, dev):
    ask("score", "start", "--run-id", "night", "--watch")
    close_ledger(dev, "score", "night", status="SUCCEEDED", outcome="Messages scored", execution_arn="arn:another")
    shown = ask("runs", "show", "night", "--json").document
    assert (shown["status"], shown["outcome"]) == ("FAILED", None)


def test_a_run_that_step_functions_forgot_is_told_from_its_ledger(ask, dev):
    close_ledger(
        dev, "score", "old", status="FAILED", reason="Criba.DataGate: one label only", execution_arn="arn:gone"
    )
    shown = ask("runs", "show", "old", "--json").document
    assert (shown["workflow"], shown["status"], shown["reason"]) == (
        "score",
        "FAILED",
        "Criba.DataGate: one label only",
    )
    assert shown["attempts"] == []


def test_an_unknown_run_is_an_error(ask):
    answer = ask("runs", "show", "never")
    assert (answer.code, answer.out) == (1, "")
    assert answer.err == "criba: no run 'never' is known. See them all with: criba runs list\n"


def test_the_list_holds_all_workflows(ask):
    ask("train", "start", "--run-id", "spring", "--watch")
    ask("score", "start", "--run-id", "night", "--watch")
    rows = ask("runs", "list", "--json").document
    assert [(row["run_id"], row["attempt"], row["workflow"], row["status"]) for row in rows] == [
        ("night", 1, "score", "FAILED"),
        ("spring", 1, "train", "SUCCEEDED"),
    ]
    assert "spring" in ask("runs", "list").out


@pytest.mark.parametrize(
    ("error", "cause", "words"),
    [
        (
            "States.TaskFailed",
            '{"JobName": "Clean", "JobRunState": "FAILED", "ErrorMessage": "RuntimeError: lost"}',
            "Glue job Clean failed: RuntimeError: lost",
        ),
        (
            "States.TaskFailed",
            '{"TrainingJobName": "t-1", "FailureReason": "AlgorithmError: one label only, exit code: 1"}',
            "training job t-1 failed: AlgorithmError: one label only, exit code: 1",
        ),
        (
            "States.TaskFailed",
            '{"ProcessingJobName": "p-1", "FailureReason": "AlgorithmError", "ExitMessage": "no test set"}',
            "processing job p-1 failed: no test set",
        ),
        ("States.TaskFailed", '{"TransformJobName": "x"}', "transform job x failed: it gave no reason"),
        ("States.Timeout", None, "a step took longer than it may"),
        ("Criba.DataGate", "one label only", "Criba.DataGate: one label only"),
        ("States.TaskFailed", "{cut", "a step failed: {cut"),
        (None, None, "no reason was given"),
    ],
)
def test_a_failure_is_told_in_words(error, cause, words):
    assert in_words(error, cause) == words


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ('States.TaskFailed: {"JobName": "Clean", "ErrorMessage": "lost"}', "Glue job Clean failed: lost"),
        (
            "Criba.NoReason: version 3 was approved without a reason",
            "Criba.NoReason: version 3 was approved without a reason",
        ),
        ("the ledger said: so", "the ledger said: so"),
    ],
)
def test_a_ledgers_reason_is_told_in_words(reason, words):
    assert reason_in_words(reason) == words


def test_a_very_long_reason_is_cut():
    assert len(in_words("E", "x" * 5_000)) == 2_001


LEDGER = {
    "status": "SUCCEEDED",
    "outcome": "Messages scored",
    "inputs": {"list": "s3://curated/runs/score/night/inputs.json", "objects": 3, "bytes": 4_096, "records": 1_000},
    "counts": {
        "landed": 1_000,
        "redriven": 0,
        "erased": 0,
        "kept": 990,
        "duplicates": {"same_object": 4, "other_object": 2},
        "quarantined": {"blank_text": 4, "unscorable": 1},
        "scored": 989,
        "auto": 900,
        "review": 89,
        "unscorable": 1,
        "published": 989,
    },
    "steps": {"clean": {"landed": 1_000, "quarantine_reasons": {"blank_text": 4}}, "plan": {"records": 990}},
    "jobs": [
        {
            "step": "Clean messages",
            "service": "glue",
            "job": "jr_1",
            "status": "SUCCEEDED",
            "started_at": "2026-11-23T10:00:00.000Z",
            "seconds": 90.5,
            "dpu_seconds": 160.0,
        },
        {
            "step": "Score",
            "service": "sagemaker",
            "job": "t",
            "status": "Completed",
            "started_at": "2026-11-23T10:02:00.000Z",
            "seconds": 120,
            "instance_type": "ml.x",
            "instances": 3,
        },
    ],
    "transitions": 30,
    "cost": {
        "currency": "USD",
        "estimate": 0.0312,
        "prices_as_of": "2026-11-23",
        "prices_region": "us-east-1",
        "parts": {"glue": 0.0196, "sagemaker": 0.0109, "step_functions": 0.0007},
        "without_price": ["ml.x"],
        "not_counted": ["S3 requests and storage", "KMS"],
    },
    "model": {"version": "3", "package_arn": "arn:package/3"},
}


def test_a_ledger_is_shown_as_a_funnel_with_its_jobs_and_its_cost(ask, dev):
    close_ledger(dev, "score", "night", execution_arn="arn:gone", **LEDGER)
    lines = [" ".join(line.split()) for line in ask("runs", "show", "night").out.splitlines()]
    shown = [line.rstrip("█ ") for line in lines]
    start = shown.index("records count")
    assert shown[start - 1] == "3 objects, 4,096 bytes: s3://curated/runs/score/night/inputs.json"
    assert shown[start + 1 : start + 11] == [
        "landed 1,000",
        "duplicates in the same object 4",
        "duplicates of another object 2",
        "quarantined: blank_text 4",
        "kept 990",
        "quarantined: unscorable 1",
        "scored 989",
        "auto 900",
        "review 89",
        "published 989",
    ]
    assert "Clean messages 2026-11-23 10:00:00 90.5 160 DPU-seconds SUCCEEDED" in lines
    assert "Score 2026-11-23 10:02:00 120 3 × ml.x Completed" in lines
    assert "about 0.0312 USD: Glue 0.0196, SageMaker 0.0109, Step Functions 0.0007 (30 transitions)" in lines
    assert "at list prices of us-east-1, 2026-11-23, without S3 requests and storage, KMS" in lines
    assert "no price is known of ml.x: add it to stacks/prices.toml" in lines
    assert "model version 3, arn:package/3" in lines


def test_a_bar_is_as_long_as_the_share_of_what_landed(ask, dev):
    close_ledger(dev, "score", "night", execution_arn="arn:gone", **LEDGER)
    bars = {line.strip()[:8]: line.count("█") for line in ask("runs", "show", "night").out.splitlines() if "█" in line}
    assert (bars["landed  "], bars["auto    "], bars["review  "], bars["quaranti"]) == (24, 22, 2, 1)


def test_in_json_the_ledger_stands_as_it_was_written(ask, dev):
    close_ledger(dev, "score", "night", execution_arn="arn:gone", **LEDGER)
    shown = ask("runs", "show", "night", "--json").document
    assert {name: shown[name] for name in LEDGER} == LEDGER


def test_a_measuring_run_tells_what_became_of_its_labels(ask, dev):
    counts = {"landed": 25, "joined": 20, "unknown": 1, "outside": 0, "duplicates": 1, "conflicting": 2, "refused": 1}
    ledger = {
        "workflow": "measure",
        "run_id": "late",
        "status": "SUCCEEDED",
        "outcome": "Quality measured",
        "reason": None,
        "inputs": {"list": "s3://curated-bucket/runs/measure/late/inputs.json", "objects": 1, "bytes": 900},
        "counts": {**counts, "predictions": 100, "missing": 80},
        "steps": {"matched": {**counts, "pairs": 20}},
    }
    key = "runs/measure/late/ledger.json"
    dev.client("s3").put_object(Bucket="curated-bucket", Key=key, Body=json.dumps(ledger))
    lines = [" ".join(line.split()) for line in ask("runs", "show", "late").out.splitlines()]
    assert "labels landed 25 ██████" in lines
    assert "contradict one another 2 █" in lines
    assert not [line for line in lines if "from before the window" in line]
    assert f"predictions 100 {'█' * 24}" in lines
    assert f"without a label yet 80 {'█' * 19}" in lines
