"""Backfills: found again by their days; what is missing is done and no more; on demand days are scored once more."""

import json

import pytest

from criba import backfills
from criba.aws import Aws
from criba.errors import BadInput
from pipeline_code.contracts import RunFiles
from tests.unit.criba.fake_states import FakeStates

RUN = "backfill-2026-03-01-2026-03-04"
MARCH = backfills.backfill(None, "2026-03-01", "2026-03-04", 2)


@pytest.fixture
def states(dev):
    return FakeStates(dev)


@pytest.fixture
def aws(dev):
    return Aws("dev", dev)


def start(aws, again=False):
    """The action and the generation of what was started."""
    started = backfills.start(aws, MARCH, again=again)
    return started and (started.action, started.attempt)


def test_a_backfill_is_named_after_its_days_and_source():
    assert (MARCH.run_id, MARCH.days) == (RUN, 4)
    of_source = backfills.backfill("web-form", "2026-03-01", "2026-03-04", 2)
    assert of_source.run_id.startswith(f"{RUN}-")
    assert len(of_source.run_id) <= 40


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        ("2026-03-04", "2026-03-01", "--from 2026-03-04 is later than --to 2026-03-01"),
        ("yesterday", "2026-03-01", "'yesterday' is not a date"),
        ("2024-01-01", "2026-03-01", "are 791 days, a backfill has 366 at most: split it"),
    ],
)
def test_days_that_cannot_be_are_refused(first, last, said):
    with pytest.raises(BadInput, match=said):
        backfills.backfill(None, first, last, 2)


def test_it_is_started_with_its_days_and_who_asked(aws, states):
    assert start(aws) == ("started", 1)
    given = states.started[f"{RUN}-1"]
    assert given["scope"] == {"source": "*", "date_from": "2026-03-01", "date_to": "2026-03-04"}
    assert (given["concurrency"], given["generation"], given["run_id"]) == (2, 0, RUN)
    assert given["started_by"].endswith("/ines")


def test_one_that_is_under_way_is_left_alone(aws, states):
    start(aws)
    assert start(aws) == ("already running", 1)


def test_one_that_failed_goes_on_with_the_same_days(aws, states):
    start(aws)
    states.end(f"{RUN}-1", "FAILED", error="Criba.DaysFailed", cause="1 of 4 days failed")
    assert start(aws) == ("new attempt", 2)
    assert states.started[f"{RUN}-2"]["generation"] == 0


def test_of_a_finished_one_nothing_is_missing(aws, states):
    start(aws)
    states.end(f"{RUN}-1", "SUCCEEDED")
    assert start(aws) is None


def test_a_finished_one_is_remembered_when_its_execution_is_forgotten(aws, states, dev):
    body = json.dumps({"status": "SUCCEEDED"})
    dev.client("s3").put_object(Bucket="curated-bucket", Key=RunFiles("backfill", RUN).ledger, Body=body)
    assert start(aws) is None
    assert start(aws, again=True) == ("started", 1)
    assert states.started[f"{RUN}-1"]["generation"] == 1


def test_again_scores_finished_days_once_more_and_goes_on_with_that_where_it_broke_off(aws, states):
    start(aws)
    states.end(f"{RUN}-1", "SUCCEEDED")
    assert start(aws, again=True) == ("new attempt", 2)
    states.end(f"{RUN}-2", "ABORTED")
    assert start(aws, again=True) == ("new attempt", 3)
    states.end(f"{RUN}-3", "SUCCEEDED")
    start(aws, again=True)
    assert [given["generation"] for given in states.started.values()] == [0, 1, 1, 2]


def test_the_command_says_what_was_started_and_when_nothing_is_missing(criba, dev, aws):
    given = ("--env", "dev", "backfill", "--from", "2026-03-01", "--to", "2026-03-04", "--no-watch")
    assert f"{RUN}, attempt 1: started" in criba(*given).out
    body = json.dumps({"status": "SUCCEEDED"})
    dev.client("s3").put_object(
        Bucket="curated-bucket", Key=RunFiles("backfill", "backfill-2026-01-01-2026-01-02").ledger, Body=body
    )
    done = criba("--env", "dev", "backfill", "--from", "2026-01-01", "--to", "2026-01-02")
    said = "backfill-2026-01-01-2026-01-02: all 2 days are scored. Once more: --again\n"
    assert (done.code, done.out) == (0, said)
