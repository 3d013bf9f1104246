"""`criba runs quality` and `criba runs accept`: how good a run's records were, and going on with them."""

import json

import pytest

from criba import runs
from criba.aws import Aws
from criba.errors import BadInput, CribaError
from pipeline_code.contracts import RunFiles
from tests.unit.criba.fake_states import FakeStates

INES = "arn:aws:sts::111111111111:assumed-role/MLEngineer/ines"
STOPPED = {"error": "Criba.QualityGate", "cause": "web: quarantine_rate 0.6 is above 0.5 (600 of 1,000 records)"}
REPORT = {
    "run_id": "night",
    "workflow": "score",
    "judged_at": "2026-03-20T02:00:00+00:00",
    "verdict": "stop",
    "rules": [
        {
            "rule": "volume",
            "source": "web",
            "value": None,
            "warn": 4.0,
            "stop": None,
            "verdict": "not judged",
            "note": "fewer than 7 earlier ones to compare with",
        },
        {
            "rule": "quarantine_rate",
            "source": "web",
            "value": 0.6,
            "warn": 0.05,
            "stop": 0.5,
            "verdict": "stop",
            "note": "600 quarantined of 1,000 records",
        },
    ],
    "sources": [{"source": "web", "landed": 1000, "kept": 400, "duplicates": 0, "quarantined": 600}],
}


@pytest.fixture
def ask(criba, dev):
    return lambda *arguments: criba("--env", "dev", *arguments)


def judge(dev):
    """Leave the report of the run `night` where its job would."""
    key = RunFiles("score", "night").quality
    dev.client("s3").put_object(Bucket="curated-bucket", Key=key, Body=json.dumps(REPORT))


def test_the_rules_that_stopped_a_run_are_shown_first_and_the_page_is_named(ask, dev):
    ask("score", "start", "--run-id", "night", "--watch")
    judge(dev)
    answer = ask("runs", "quality", "night")
    assert answer.code == 0
    lines = [" ".join(line.split()) for line in answer.out.splitlines()]
    assert lines[0] == "score run night: stop"
    assert "web 1,000 400 0 600" in lines
    first = lines.index("web quarantine_rate 0.6 0.05 0.5 stop 600 quarantined of 1,000 records")
    assert first < lines.index("web volume — 4 — not judged fewer than 7 earlier ones to compare with")
    assert lines[-1] == "pictures: s3://curated-bucket/runs/score/night/quality.html"


def test_in_json_the_report_stands_as_it_was_written(ask, dev):
    ask("score", "start", "--run-id", "night", "--watch")
    judge(dev)
    page = "s3://curated-bucket/runs/score/night/quality.html"
    assert ask("runs", "quality", "night", "--json").document == {**REPORT, "page": page}


def test_a_run_that_has_judged_nothing_is_told_so(ask):
    ask("score", "start", "--run-id", "night", "--watch")
    answer = ask("runs", "quality", "night")
    assert answer.code == 1
    assert answer.err == "criba: score run night has not judged any records yet: see criba runs show night\n"


def test_a_ledger_is_shown_with_its_quality_and_who_accepted_it(ask, dev):
    body = {
        "workflow": "score",
        "run_id": "old",
        "status": "SUCCEEDED",
        "outcome": "Messages scored",
        "execution_arn": "arn:gone",
        "accepted_quality": {"by": INES, "reason": "a campaign"},
        "steps": {"clean": {"landed": 9, "quality": {"verdict": "stop", "findings": 2, "sources": []}}},
    }
    dev.client("s3").put_object(Bucket="curated-bucket", Key=RunFiles("score", "old").ledger, Body=json.dumps(body))
    lines = ask("runs", "show", "old").out.splitlines()
    assert (
        "quality: stop, 2 findings, accepted by MLEngineer/ines: a campaign. All of it: criba runs quality old" in lines
    )


@pytest.fixture
def aws(dev):
    return Aws("dev", dev)


@pytest.fixture
def states(dev):
    return FakeStates(dev)


def stopped(aws, states):
    """The run `night`, stopped by the gate."""
    runs.start(aws, "score", run_id="night", wanted={"scope": {"source": "web", "date_from": "*", "date_to": "*"}})
    states.end("night-1", "FAILED", **STOPPED)


def test_accepting_tries_the_run_anew_with_the_same_scope_and_says_who_and_why(aws, states):
    stopped(aws, states)
    started = runs.accept(aws, "night", " a campaign ")
    assert (started.action, started.run_id, started.attempt) == ("new attempt", "night", 2)
    assert states.started["night-2"] == {
        **states.started["night-1"],
        "attempt": 2,
        "accept_quality": {"by": INES, "reason": "a campaign"},
    }


def test_a_redrive_after_a_stop_is_a_new_attempt_that_is_judged_again(aws, states):
    stopped(aws, states)
    started = runs.redrive(aws, "night")
    assert started.action == "new attempt"
    assert "accept_quality" not in states.started["night-2"]


def test_an_accepted_run_that_fails_later_stays_accepted_by_that_person(aws, states):
    stopped(aws, states)
    runs.accept(aws, "night", "a campaign")
    states.end("night-2", "TIMED_OUT")
    states.redrivable = False
    runs.redrive(aws, "night")
    assert states.started["night-3"]["accept_quality"] == {"by": INES, "reason": "a campaign"}


def test_only_what_the_gate_has_stopped_can_be_accepted(aws, states):
    runs.start(aws, "score", run_id="night")
    with pytest.raises(CribaError, match="run night is RUNNING and was not stopped by the quality gate"):
        runs.accept(aws, "night", "a campaign")
    states.end("night-1", "FAILED", error="Criba.NotReconciled", cause="one record is missing")
    with pytest.raises(CribaError, match="run night is FAILED and was not stopped by the quality gate"):
        runs.accept(aws, "night", "a campaign")
    assert list(states.started) == ["night-1"]


def test_nothing_is_accepted_without_a_reason(aws, states):
    stopped(aws, states)
    with pytest.raises(BadInput, match="--reason is empty"):
        runs.accept(aws, "night", "  ")
