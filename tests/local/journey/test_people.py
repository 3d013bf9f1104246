"""What people do in their work, each under their own name, after the journey and the later days.

What somebody starts here is stopped at once: that they may start it is what their policies are proved against.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from criba import backfills, erasures, executions, glue_runs, quality, quarantine, registry, reports, runs
from criba.errors import CribaError
from criba.quarantine import Chosen
from criba.runs import Started
from pipeline_code.contracts import WORKFLOWS
from tests.local.journey.conftest import Person, running

People = Callable[[str], Person]
EVERYBODY = ("data-scientist", "data-engineer", "ml-engineer", "admin")


@pytest.fixture
def a_run(champion: None, person: People) -> str:
    """A finished score run with records in its quarantine: the journey's, or one made in a hurry."""
    engineer = person("data-engineer")
    for run_id in quarantine.runs(engineer.aws):
        if executions.attempts(engineer.aws, "score", run_id) and list(quarantine.refused(engineer.aws, run_id)):
            return run_id
    landed = engineer.file("seen.jsonl", [{"message_id": "s-1", "text": "dónde está mi pedido"}, b"{no", b"{no json"])
    engineer.land(landed, "app", "2026-01-05")
    day = {"source": "app", "date_from": "2026-01-05", "date_to": "2026-01-05"}
    assert engineer.run("score", run_id="looked-at", wanted={"scope": day})["status"] == "SUCCEEDED"
    return "looked-at"


@contextmanager
def stopped_at_once(someone: Person, started: Started | None) -> Iterator[None]:
    """A run that somebody has started, and that the platform's operator stops."""
    assert started is not None
    someone.client("stepfunctions").stop_execution(executionArn=started.execution_arn)
    yield


@pytest.mark.parametrize("name", EVERYBODY)
def test_everybody_sees_runs_and_models(person: People, a_run: str, name: str) -> None:
    aws = person(name).aws
    latest = [one for workflow in WORKFLOWS for one in executions.recent(aws, workflow, 100)]
    assert any(one["run_id"] == a_run for one in latest)
    assert reports.report(aws, reports.workflow_of(aws, a_run, None), a_run)["status"] == "SUCCEEDED"
    assert quality.report(aws, "score", a_run)["rules"]
    newest = registry.packages(aws)[0]
    assert registry.evaluation(aws, newest) is not None
    assert registry.champion(aws) is not None


@pytest.mark.parametrize("name", EVERYBODY)
def test_everybody_may_ask_whether_all_runs_add_up(person: People, champion: None, name: str) -> None:
    someone = person(name)
    glue, job = someone.client("glue"), someone.aws.deployment.reconcile_job
    buckets = {one: f"s3://{getattr(someone.aws.deployment, f'{one}_bucket')}" for one in ("curated", "predictions")}

    def stop(_: str) -> None:
        for run_id in running(glue, job):
            glue.batch_stop_job_run(JobName=job, JobRunIds=[run_id])

    with pytest.raises(CribaError, match="ended STOPPED"):
        glue_runs.run(someone.aws, job, buckets, stop)


@pytest.mark.parametrize(
    ("name", "workflow"),
    [
        *((name, "train") for name in ("data-scientist", "ml-engineer", "admin")),
        *((name, "score") for name in ("data-engineer", "ml-engineer", "admin")),
    ],
)
def test_who_may_start_a_run_may_redrive_it(person: People, champion: None, name: str, workflow: str) -> None:
    someone, run_id = person(name), f"by-{name}"
    with stopped_at_once(someone, runs.start(someone.aws, workflow, run_id=run_id)):
        again = runs.redrive(someone.aws, run_id, workflow)
        assert again.action == "redriven"
    with stopped_at_once(someone, again), pytest.raises(CribaError, match="was not stopped by the quality gate"):
        runs.accept(someone.aws, run_id, "because", workflow)


@pytest.mark.parametrize("name", ["data-engineer", "ml-engineer", "admin"])
def test_who_may_score_may_backfill(person: People, champion: None, name: str) -> None:
    someone, year = person(name), 2020 + EVERYBODY.index(name)
    wanted = backfills.backfill("email", f"{year}-01-01", f"{year}-01-01", 1)
    with stopped_at_once(someone, backfills.start(someone.aws, wanted)):
        again = backfills.start(someone.aws, wanted)
        assert again is not None and again.action == "new attempt"
    with stopped_at_once(someone, again):
        pass


@pytest.mark.parametrize("name", ["data-engineer", "admin"])
def test_who_may_see_the_quarantine_brings_records_back(person: People, a_run: str, name: str) -> None:
    aws = person(name).aws
    waiting = [one for one in quarantine.refused(aws, a_run) if one.identity not in quarantine.gone(aws, a_run)]
    assert waiting, "a run of the journey leaves several"
    (ticket,) = quarantine.redrive(aws, a_run, Chosen(record=waiting[0].id))
    assert ticket.records == {waiting[0].identity}
    assert waiting[0].identity in quarantine.gone(aws, a_run)


def test_an_admin_asks_for_an_erasure_and_a_data_engineer_sees_what_it_waits_for(person: People, a_run: str) -> None:
    asked = erasures.ask(person("admin").aws, ["app:nobody"])
    engineer = person("data-engineer").aws
    assert erasures.find(engineer, asked.request)["messages"] == 1
    assert erasures.waits(engineer, asked.request)
    assert erasures.certificates(engineer, asked.request) == []
