"""The deployed definition of backfill, run by the platform over a score machine that does next to nothing."""

import json
from typing import Any

import pytest

from tests.local.conftest import Aws
from tests.local.machines import ROLE, call, ended, machine
from tests.workflows.conftest import definitions

BUCKET = "backfilled"


@pytest.fixture(scope="module")
def score(aws: Aws) -> str:
    """ARN of a score machine that fails for the day that `bad-day` holds, and else leaves a ledger."""
    aws("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    day, run_id = "$states.context.Execution.Input.scope.date_from", "$states.context.Execution.Input.run_id"
    ledger = {"Bucket": BUCKET, "Key": f"{{% 'runs/score/' & {run_id} & '/ledger.json' %}}"}
    states = {
        "Read the bad day": call(
            "aws-sdk:s3:getObject",
            {"Bucket": BUCKET, "Key": "bad-day"},
            Assign={"bad": "{% $parse($states.result.Body) %}"},
            Next="Is it bad?",
        ),
        "Is it bad?": {
            "Type": "Choice",
            "Choices": [{"Condition": f"{{% $bad = {day} %}}", "Next": "Fail"}],
            "Default": "Close",
        },
        "Fail": {"Type": "Fail", "Error": "Criba.NotReconciled", "Cause": "1 record is missing"},
        "Close": call("aws-sdk:s3:putObject", {**ledger, "Body": {"status": "SUCCEEDED"}}),
    }
    return machine(aws, states)


@pytest.fixture(scope="module")
def backfill(aws: Aws, score: str) -> str:
    definition = definitions()["backfill"]
    day = definition["States"]["Score the days"]["ItemProcessor"]["States"]
    machine_name, bucket = (
        day["Score the day"]["Arguments"]["StateMachineArn"],
        day["Read its ledger"]["Arguments"]["Bucket"],
    )
    text = json.dumps(definition).replace(machine_name, score).replace(bucket, BUCKET)
    return str(
        aws("stepfunctions").create_state_machine(name="backfill", roleArn=ROLE, definition=text)["stateMachineArn"]
    )


def run(aws: Aws, backfill: str, attempt: int, *, last: str, bad: str = "", generation: int = 0) -> dict[str, Any]:
    """One execution, ended."""
    aws("s3").put_object(Bucket=BUCKET, Key="bad-day", Body=json.dumps(bad).encode())
    given = {
        "run_id": "march",
        "attempt": attempt,
        "started_by": "ines",
        "scope": {"source": "*", "date_from": "2026-03-01", "date_to": last},
        "concurrency": 2,
        "generation": generation,
    }
    started = aws("stepfunctions").start_execution(
        stateMachineArn=backfill, name=f"march-{attempt}", input=json.dumps(given)
    )
    return ended(aws, started["executionArn"], within=60)


def scored(aws: Aws, score: str) -> list[str]:
    """The executions of score, in order of their names."""
    return sorted(one["name"] for one in aws("stepfunctions").list_executions(stateMachineArn=score)["executions"])


def days(aws: Aws) -> dict[str, int]:
    """What the ledger of the latest attempt that succeeded tells of its days."""
    body = aws("s3").get_object(Bucket=BUCKET, Key="runs/backfill/march/ledger.json")["Body"].read()
    return dict(json.loads(body)["steps"]["days"])


def test_a_bad_day_stops_no_other_and_the_end_names_it(aws: Aws, backfill: str, score: str) -> None:
    found = run(aws, backfill, 1, last="2026-03-03", bad="2026-03-02")
    assert (found["status"], found["error"]) == ("FAILED", "Criba.DaysFailed")
    assert found["cause"].startswith("1 of 3 days failed: 2026-03-02. ")
    assert scored(aws, score) == [f"backfill-2026-03-0{day}-1" for day in (1, 2, 3)]


def test_started_again_it_does_what_is_missing_and_no_more(aws: Aws, backfill: str, score: str) -> None:
    found = run(aws, backfill, 2, last="2026-03-04")
    assert found["status"] == "SUCCEEDED", found
    assert days(aws) == {"scored": 2, "skipped": 2, "failed": 0}
    assert scored(aws, score)[-3:] == ["backfill-2026-03-02-2", "backfill-2026-03-03-1", "backfill-2026-03-04-1"]


def test_a_day_that_succeeded_without_a_ledger_is_known_by_its_execution(aws: Aws, backfill: str, score: str) -> None:
    before = scored(aws, score)
    aws("s3").delete_object(Bucket=BUCKET, Key="runs/score/backfill-2026-03-01/ledger.json")
    assert run(aws, backfill, 3, last="2026-03-02")["status"] == "SUCCEEDED"
    assert days(aws) == {"scored": 0, "skipped": 2, "failed": 0}
    assert scored(aws, score) == before


def test_once_more_means_runs_of_other_names_that_take_all(aws: Aws, backfill: str, score: str) -> None:
    before = set(scored(aws, score))
    assert run(aws, backfill, 4, last="2026-03-02", generation=1)["status"] == "SUCCEEDED"
    assert days(aws) == {"scored": 2, "skipped": 0, "failed": 0}
    again = sorted(set(scored(aws, score)) - before)
    assert [name[:18] for name in again] == ["rescore-2026-03-01", "rescore-2026-03-02"]
    arn = f"{score.replace(':stateMachine:', ':execution:')}:{again[0]}"
    given = json.loads(aws("stepfunctions").describe_execution(executionArn=arn)["input"])
    assert (given["again"], given["scope"]["date_from"], given["scope"]["date_to"]) == (
        True,
        "2026-03-01",
        "2026-03-01",
    )
