"""What people look at in their work, each under their own name, after the journey and the later days."""

import base64
from collections.abc import Callable

import pytest

from criba import backfills, erasures, executions, quality, quarantine, reconciliation, registry, reports, runs
from criba.errors import CribaError
from criba.quarantine import Chosen
from tests.local.journey.conftest import Person

People = Callable[[str], Person]
EVERYBODY = ("data-scientist", "data-engineer", "ml-engineer", "admin")


@pytest.fixture
def a_day(champion: None, person: People) -> str:
    """A finished score run with one record in its quarantine, whatever ran before."""
    engineer = person("data-engineer")
    day = {"source": "app", "date_from": "2026-01-05", "date_to": "2026-01-05"}
    if not executions.attempts(engineer.aws, "score", "looked-at"):
        landed = engineer.file("seen.jsonl", [{"message_id": "s-1", "text": "dónde está mi pedido"}, b"{no json"])
        engineer.land(landed, "app", "2026-01-05")
        assert engineer.run("score", run_id="looked-at", wanted={"scope": day})["status"] == "SUCCEEDED"
    return "looked-at"


@pytest.mark.parametrize("name", EVERYBODY)
def test_everybody_sees_runs_models_and_whether_all_adds_up(person: People, a_day: str, name: str) -> None:
    aws = person(name).aws
    assert any(one["run_id"] == a_day for one in executions.recent(aws, "score", 100))
    assert reports.report(aws, reports.workflow_of(aws, a_day, None), a_day)["counts"]["published"] == 1
    assert quality.report(aws, "score", a_day)["verdict"] in ("pass", "warn")
    newest = registry.packages(aws)[0]
    figures, champion = registry.evaluation(aws, newest), registry.champion(aws)
    assert figures is not None and champion is not None
    assert reconciliation.reconcile(aws, lambda _: None)["discrepancies"] == []


@pytest.mark.parametrize("name", ["data-scientist", "ml-engineer", "admin"])
def test_who_may_train_starts_and_redrives_it(person: People, champion: None, name: str) -> None:
    someone = person(name)
    run_id = f"by-{name}"
    assert runs.start(someone.aws, "train", run_id=run_id).action == "started"
    arn = executions.attempts(someone.aws, "train", run_id)[-1].arn
    someone.client("stepfunctions").stop_execution(executionArn=arn)
    assert runs.redrive(someone.aws, run_id).action == "redriven"
    someone.client("stepfunctions").stop_execution(executionArn=arn)


@pytest.mark.parametrize("name", ["data-engineer", "ml-engineer", "admin"])
def test_who_may_score_starts_redrives_accepts_and_backfills(person: People, a_day: str, name: str) -> None:
    someone, run_id = person(name), f"by-{name}"
    nothing = {"scope": {"source": "email", "date_from": "2025-01-01", "date_to": "2025-01-01"}}
    assert runs.start(someone.aws, "score", run_id=run_id, wanted=nothing).action == "started"
    arn = executions.attempts(someone.aws, "score", run_id)[-1].arn
    someone.client("stepfunctions").stop_execution(executionArn=arn)
    assert runs.redrive(someone.aws, run_id).action == "redriven"
    assert someone.end(run_id, "score")["outcome"] == "Nothing to score"
    with pytest.raises(CribaError, match="was not stopped by the quality gate"):
        runs.accept(someone.aws, run_id, "because")
    year = 2020 + EVERYBODY.index(name)
    wanted = backfills.backfill("email", f"{year}-01-01", f"{year}-01-01", 1)
    started = backfills.start(someone.aws, wanted)
    assert started is not None
    assert someone.end(started.run_id, "backfill")["status"] == "SUCCEEDED"


@pytest.mark.parametrize("name", ["data-engineer", "admin"])
def test_who_may_see_the_quarantine_brings_records_back(person: People, a_day: str, name: str) -> None:
    someone = person(name)
    assert a_day in quarantine.runs(someone.aws)
    (refused,) = quarantine.refused(someone.aws, a_day)
    assert base64.b64encode(refused.record) == b"e25vIGpzb24="
    ticket = quarantine.redrive(someone.aws, a_day, Chosen(record=refused.id))
    assert len(ticket) == (1 if name == "data-engineer" else 0)
    assert quarantine.gone(someone.aws, a_day) == {refused.identity}


def test_an_admin_asks_for_an_erasure_and_a_data_engineer_sees_what_it_waits_for(person: People, a_day: str) -> None:
    asked = erasures.ask(person("admin").aws, ["app:s-1"])
    assert erasures.find(person("data-engineer").aws, asked.request)["messages"] == 1
    assert erasures.waits(person("data-engineer").aws, asked.request)
    assert erasures.certificates(person("data-engineer").aws, asked.request) == []


def test_a_rejection_is_on_record(person: People, champion: None) -> None:
    reviewer = person("ml-engineer")
    newest = registry.packages(reviewer.aws)[0]
    if newest.approval != registry.PENDING:
        pytest.skip("every version is decided on")
    assert registry.decide(reviewer.aws, newest.version, registry.REJECTED, "an older one is as good").decided_by
