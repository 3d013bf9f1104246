"""Starting runs: which attempt a run needs next, and what is refused."""

import json
import re

import pytest

from criba import runs
from criba.aws import Aws
from criba.errors import BadInput, CribaError
from criba.runs import Scope
from pipeline_code.contracts import RunFiles
from tests.unit.criba.fake_states import FakeStates

INES = "arn:aws:sts::111111111111:assumed-role/MLEngineer/ines"


@pytest.fixture
def states(dev):
    return FakeStates(dev)


@pytest.fixture
def aws(dev):
    return Aws("dev", dev)


def close_ledger(dev, workflow, run_id, status):
    body = json.dumps({"workflow": workflow, "run_id": run_id, "status": status})
    dev.client("s3").put_object(Bucket="curated-bucket", Key=RunFiles(workflow, run_id).ledger, Body=body)


def test_a_new_run_is_named_after_its_workflow_and_date(aws, states):
    started = runs.start(aws, "train")
    assert re.fullmatch(r"train-20\d{6}-[0-9a-f]{6}", started.run_id)
    assert started.action == "started"
    assert started.execution_arn.endswith(f":execution:Train:{started.run_id}-1")


def test_the_execution_is_told_who_started_what(aws, states):
    runs.start(aws, "train", run_id="spring")
    assert states.started == {
        "spring-1": {
            "run_id": "spring",
            "attempt": 1,
            "trigger": {"kind": "person", "id": INES},
            "started_by": INES,
        }
    }


def test_a_score_run_takes_everything_that_is_open_by_default(aws, states):
    runs.start(aws, "score", run_id="night")
    assert states.started["night-1"]["scope"] == {"source": "*", "date_from": "*", "date_to": "*"}


def test_a_run_that_is_under_way_is_left_alone(aws, states):
    runs.start(aws, "train", run_id="spring")
    started = runs.start(aws, "train", run_id="spring")
    assert (started.action, started.attempt) == ("already running", 1)
    assert list(states.started) == ["spring-1"]


def test_a_failed_run_is_redriven_where_that_is_possible(aws, states):
    runs.start(aws, "train", run_id="spring")
    states.end("spring-1", "FAILED")
    started = runs.start(aws, "train", run_id="spring")
    assert (started.action, started.attempt) == ("redriven", 1)
    assert [one["redriveCount"] for one in states.executions.values()] == [1]


@pytest.mark.parametrize("status", ["FAILED", "TIMED_OUT", "ABORTED"])
def test_a_failed_run_that_cannot_be_redriven_gets_a_new_attempt_with_the_same_input(aws, states, status):
    states.redrivable = False
    scope = {"source": "app", "date_from": "2026-03-02", "date_to": "*"}
    runs.start(aws, "score", run_id="night", wanted={"scope": scope})
    states.end("night-1", status)
    started = runs.start(aws, "score", run_id="night")
    assert (started.action, started.attempt) == ("new attempt", 2)
    assert states.started["night-2"] == {**states.started["night-1"], "attempt": 2}


def test_a_verdict_is_not_redriven_but_looked_at_anew(aws, states):
    """A redrive would go on at the Fail state that ended the run, and fail again at once."""
    runs.start(aws, "score", run_id="night")
    states.end("night-1", "FAILED", error="Criba.NotReconciled", cause="Score: 7 records, but 6 answers")
    assert (runs.redrive(aws, "night").action, list(states.started)) == ("new attempt", ["night-1", "night-2"])


def test_a_run_that_succeeded_is_refused_unless_it_is_asked_for_again(aws, states):
    runs.start(aws, "train", run_id="spring")
    states.end("spring-1", "SUCCEEDED")
    with pytest.raises(CribaError, match="run spring already succeeded"):
        runs.start(aws, "train", run_id="spring")
    assert runs.start(aws, "train", run_id="spring", again=True).attempt == 2


def test_a_success_that_step_functions_forgot_is_still_refused(aws, states, dev):
    close_ledger(dev, "train", "spring", "SUCCEEDED")
    with pytest.raises(CribaError, match="already succeeded"):
        runs.start(aws, "train", run_id="spring")
    assert runs.start(aws, "train", run_id="spring", again=True).attempt == 1


def test_a_failure_that_step_functions_forgot_is_tried_anew(aws, states, dev):
    close_ledger(dev, "train", "spring", "FAILED")
    assert runs.start(aws, "train", run_id="spring").action == "started"


def test_a_run_keeps_the_scope_that_it_was_started_with(aws, states):
    runs.start(aws, "score", run_id="night", wanted={"scope": {"source": "app"}})
    states.end("night-1", "FAILED")
    with pytest.raises(BadInput, match="run night was started with scope"):
        runs.start(aws, "score", run_id="night", wanted={"scope": {"source": "email"}})


@pytest.mark.parametrize("run_id", ["Spring", "a_b", "x" * 41, "-é"])
def test_a_name_that_no_run_can_have_is_refused(aws, states, run_id):
    with pytest.raises(BadInput, match="cannot name a run"):
        runs.start(aws, "train", run_id=run_id)
    assert states.started == {}


def test_redriving_finds_the_workflow_of_the_run(aws, states):
    runs.start(aws, "score", run_id="night")
    states.end("night-1", "FAILED")
    assert runs.redrive(aws, "night").action == "redriven"


def test_what_succeeded_or_is_unknown_cannot_be_redriven(aws, states):
    runs.start(aws, "score", run_id="night")
    states.end("night-1", "SUCCEEDED")
    with pytest.raises(CribaError, match="nothing to redrive"):
        runs.redrive(aws, "night")
    with pytest.raises(CribaError, match="no run 'day' is known"):
        runs.redrive(aws, "day")


def test_a_name_that_two_workflows_know_needs_the_workflow(aws, states):
    runs.start(aws, "train", run_id="same")
    runs.start(aws, "score", run_id="same")
    with pytest.raises(CribaError, match="known to train and score: say which with --workflow"):
        runs.find(aws, "same")
    assert runs.find(aws, "same", "score").workflow == "score"


def test_a_scope_is_open_where_nothing_is_said():
    assert runs.scope(None, None, None) is None
    assert runs.scope("app", None, None) == Scope("app", "*", "*")
    assert runs.scope(None, "2026-03-02", None) == Scope("*", "2026-03-02", "*")
