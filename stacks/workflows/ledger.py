"""How a run begins, how its ledger is closed, and what it tells people on the way."""

import json
from collections.abc import Mapping

from pipeline_code.contracts import EVENT_SOURCE, RUNS, run_prefix
from stacks.workflows.states import State, States, jsonata, note, task

INPUT = "$states.context.Execution.Input"
CLOSE = "Close the ledger"


def begin(next_: str) -> States:
    """Take what the run was started with; every variable that the ledger names exists from here on."""
    return {
        "Begin": note(
            next_,
            run_id=jsonata(f"{INPUT}.run_id"),
            started_by=jsonata(f"{INPUT}.started_by"),
            steps={},
            model=jsonata("null"),
            outcome=jsonata("null"),
        )
    }


def end(workflow: str, *, bucket: str) -> States:
    """Close the ledger of a run that succeeded, whatever its outcome, and end."""
    account = ledger(
        f"'{workflow}'",
        run_id="$run_id",
        status="'SUCCEEDED'",
        outcome="$outcome",
        reason="null",
        execution_arn="$states.context.Execution.Id",
        started_at="$states.context.Execution.StartTime",
        ended_at="$states.context.State.EnteredTime",
        started_by="$started_by",
        steps="$steps",
        model="$model",
    )
    return {
        CLOSE: write_ledger(f"'{workflow}'", "$run_id", account, bucket=bucket, next_="Done"),
        "Done": {"Type": "Succeed", "Output": {"run_id": jsonata("$run_id"), "outcome": jsonata("$outcome")}},
    }


def ledger(workflow: str, **fields: str) -> str:
    """A ledger as a JSONata expression, made of expressions."""
    named = {"workflow": workflow, **fields}
    return "{" + ", ".join(f"{json.dumps(name)}: {value}" for name, value in named.items()) + "}"


def write_ledger(workflow: str, run_id: str, account: str, *, bucket: str, next_: str) -> State:
    """Write a ledger; `workflow`, `run_id` and `account` are JSONata expressions.

    The body is an object, which Step Functions writes as JSON; it would write a string in quotes.
    """
    return task(
        "aws-sdk:s3:putObject",
        {
            "Bucket": bucket,
            "Key": jsonata(f"'{RUNS}/' & {workflow} & '/' & {run_id} & '/ledger.json'"),
            "Body": jsonata(account),
            "ContentType": "application/json",
        },
        next_=next_,
    )


def run_file(workflow: str, name: str) -> str:
    """Key of a file of the run, as a JSONata expression."""
    return f"'{run_prefix(workflow, '')}' & $run_id & '/{name}.json'"


def tell(bus: str, detail_type: str, detail: Mapping[str, object], *, next_: str) -> State:
    """Put a business event on the bus; Operations turns it into mail and SMS."""
    entry = {"EventBusName": bus, "Source": EVENT_SOURCE, "DetailType": detail_type, "Detail": dict(detail)}
    return task("events:putEvents", {"Entries": [entry]}, next_=next_)
