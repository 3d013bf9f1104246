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
