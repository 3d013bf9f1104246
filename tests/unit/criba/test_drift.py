"""`criba runs drift` and `criba measure`: what a run's report says, landing labels, starting a run."""

import json

import pytest

SCORED = {
    "records": 1_500,
    "model_version": "7",
    "judged": True,
    "why_not": None,
    "warn": 1,
    "page": 1,
    "data_drift": {"warn": 1, "page": 1, "signals": ["language_mix_distance"]},
    "model_drift": {"warn": 0, "page": 0, "signals": []},
    "metrics": [{"MetricName": "LanguageMixDistance", "Value": 0.2345678, "Unit": "None"}],
    "report": "report.html",
}
MEASURED = {
    "run_id": "m1",
    "records": 1_500,
    "model_version": None,
    "judged": False,
    "why_not": "no label has arrived for any of 1500 messages since 2026-02-18",
    "warn": 0,
    "page": 0,
    "signals": [],
    "metrics": [{"MetricName": "LabelsMissing", "Value": 1.0, "Unit": "None"}],
    "report": "report.html",
}


@pytest.fixture
def ask(criba, dev):
    return lambda *arguments: criba("--env", "dev", *arguments)


def leave(dev, run_id, summary):
    body = json.dumps(summary)
    dev.client("s3").put_object(Bucket="monitoring-bucket", Key=f"reports/run_id={run_id}/summary.json", Body=body)


def test_a_page_is_told_with_what_fired_the_figures_and_the_place_of_the_report(ask, dev):
    leave(dev, "night", SCORED)
    answer = ask("runs", "drift", "night")
    assert answer.code == 0
    lines = [" ".join(line.split()) for line in answer.out.splitlines()]
    assert lines[:2] == ["run night, version 7, 1,500 messages: page", "data drift: language_mix_distance"]
    assert "LanguageMixDistance 0.2346" in lines
    assert lines[-1] == "report: s3://monitoring-bucket/reports/run_id=night/report.html"


def test_what_could_not_be_judged_is_told_with_the_reason(ask, dev):
    leave(dev, "m1", MEASURED)
    lines = ask("runs", "drift", "m1").out.splitlines()
    assert lines[0].endswith(": not judged")
    assert lines[1] == "not judged: no label has arrived for any of 1500 messages since 2026-02-18"


def test_in_json_the_summary_stands_as_it_was_written(ask, dev):
    leave(dev, "night", SCORED)
    told = ask("runs", "drift", "night", "--json").document
    assert told == {**SCORED, "run_id": "night", "report": "s3://monitoring-bucket/reports/run_id=night/report.html"}


def test_a_run_without_a_report_is_an_error(ask):
    answer = ask("runs", "drift", "nothing")
    assert (answer.code, answer.out) == (1, "")
    assert answer.err.startswith("criba: run nothing has no drift report: only runs of score and measure")


def test_labels_that_come_later_land_apart_from_those_to_learn_from(ask, dev, tmp_path):
    file = tmp_path / "late labels.jsonl"
    file.write_text('{"source": "web", "message_id": "1", "label": "refund"}\n')
    landed = ask("measure", "land", str(file), "--json").document
    assert landed["key"].startswith("ground-truth/late-labels-")
    assert dev.client("s3").get_object(Bucket="raw-bucket", Key=landed["key"])["Body"].read() == file.read_bytes()
    assert "was there already" in ask("measure", "land", str(file)).out


def test_a_measuring_run_is_started_and_found(ask):
    started = ask("measure", "start", "--run-id", "late", "--json").document
    assert (started["workflow"], started["action"]) == ("measure", "started")
    assert ask("runs", "show", "late", "--json").document["workflow"] == "measure"


def test_schedules_are_fired_on_the_laptop_only(ask):
    answer = ask("local", "fire-schedules")
    assert answer.code == 2
    assert answer.err == "criba: --env dev: Model Monitor fires its schedules itself, every hour\n"
