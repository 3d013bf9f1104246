"""How a run begins, how its ledger is closed, and what it tells people on the way."""

import json
from collections.abc import Mapping

from pipeline_code.contracts import EVENT_SOURCE, RUNS, run_prefix
from stacks.workflows.accounts import HISTORY_EVENTS, cost
from stacks.workflows.platform import Platform
from stacks.workflows.states import State, States, jsonata, note, task

INPUT = "$states.context.Execution.Input"
CLOSE = "Count the transitions"
"""The first state of the end: whatever closes a run goes on to it."""

TOTALS = {
    **{name: f"$steps.clean.{name}" for name in ("landed", "redriven", "erased", "kept")},
    "duplicates": "$steps.clean.duplicate_kinds",
    "quarantined": "$merge([$steps.clean.quarantine_reasons, $steps.training_set.quarantine_reasons,"
    " $steps.published.unscorable > 0 ? {'unscorable': $steps.published.unscorable}])",
    **{name: f"$steps.training_set.{name}" for name in ("examples", "repeats")},
    **{name: f"$steps.published.{name}" for name in ("scored", "auto", "review", "unscorable", "published")},
}
"""The counts of a run by what became of its records; those of a step that did not run are left out."""

LABELS = {
    **{name: f"$steps.matched.{name}" for name in ("landed", "joined", "unknown", "outside", "duplicates")},
    **{name: f"$steps.matched.{name}" for name in ("conflicting", "refused", "predictions", "missing")},
}
"""The counts of a run of **measure**."""

FIELDS = {
    "workflow": "`train`, `promote`, `score`, `measure` or `backfill`",
    "run_id": "the run",
    "status": "`SUCCEEDED` or `FAILED`",
    "outcome": "what came of it, such as `Messages scored`; of a failed run what Step Functions says",
    "reason": "why it failed, `<error>: <cause>`; else null",
    "execution_arn": "the attempt that closed it",
    "started_at": "ISO 8601, UTC",
    "ended_at": "ISO 8601, UTC",
    "started_by": "who or what started it",
    "accepted_quality": "`by` and `reason` of who accepted what the quality gate had stopped; else null",
    "seconds": "from start to end",
    "code_version": "fingerprint of `pipeline_code`",
    "image": "the container image, by digest",
    "model": "**score**, **promote**: the model, as the champion parameter names it; **train**: the new package",
    "inputs": "`list` (the S3 address of `inputs.json`), `objects`, `bytes`, `records`; null if nothing was read",
    "counts": "records by what became of them: `landed`, `redriven` (of those, out of a quarantine), `erased`, `kept`,"
    " `duplicates` by kind, `quarantined` by reason, `examples`, `repeats`, `scored`, `auto`, `review`, `unscorable`,"
    " `published`; those of steps that did not run are left out. Of **measure** labels: `landed`, `joined` to a"
    " prediction, `unknown`, `outside` the window, `duplicates`, `conflicting`, `refused`; `predictions`, `missing`",
    "discrepancies": "a sentence for each equation that does not hold; empty in a sound run",
    "steps": "what each step reported, as in its own file",
    "jobs": "for each Glue run and SageMaker job: `step`, `service`, `job`, `status`, `started_at`, `ended_at` and"
    " `seconds` as the service reports them, `dpu_seconds` or `instance_type` and `instances`",
    "transitions": "states that the execution entered, of its latest 1,000 events",
    "cost": "`estimate` and its `parts` (`glue`, `sagemaker`, `step_functions`) in `currency` at list prices of"
    " `prices_region` on `prices_as_of` (`stacks/prices.toml`), instance types `without_price`, what is `not_counted`",
}
"""What a ledger says, by field."""


def begin(next_: str) -> States:
    """Take what the run was started with; every variable that the ledger names exists from here on."""
    return {
        "Begin": note(
            next_,
            run_id=jsonata(f"{INPUT}.run_id"),
            started_by=jsonata(f"{INPUT}.started_by"),
            steps={},
            jobs=[],
            discrepancies=[],
            model=jsonata("null"),
            outcome=jsonata("null"),
        )
    }


def end(workflow: str, platform: Platform, *, then: str = "Done") -> States:
    """Close the ledger of a run that succeeded, whatever its outcome, and end; `then` may be a state before the end."""
    account = ledger(
        f"'{workflow}'",
        platform,
        run_id="$run_id",
        status="'SUCCEEDED'",
        outcome="$outcome",
        reason="null",
        execution_arn="$states.context.Execution.Id",
        started_at="$states.context.Execution.StartTime",
        ended_at="$states.context.State.EnteredTime",
        started_by="$started_by",
        accepted_quality=accepted_quality(INPUT),
    )
    bucket = platform.storage.curated.bucket_name
    return {
        CLOSE: count_transitions("$states.context.Execution.Id", next_="Close the ledger"),
        "Close the ledger": write_ledger(f"'{workflow}'", "$run_id", account, bucket=bucket, next_=then),
        "Done": {"Type": "Succeed", "Output": {"run_id": jsonata("$run_id"), "outcome": jsonata("$outcome")}},
    }


def accepted_quality(request: str) -> str:
    """Who accepted the quality of the run's records, and why: JSONata, null if nobody had to."""
    return f"$exists({request}.accept_quality) ? {request}.accept_quality : null"


def count_transitions(execution: str, *, next_: str) -> State:
    """Keep how many states an execution has entered as `$transitions`: each is billed. `execution` is JSONata."""
    return task(
        "aws-sdk:sfn:getExecutionHistory",
        {
            "ExecutionArn": jsonata(execution),
            "IncludeExecutionData": False,
            "ReverseOrder": True,
            "MaxResults": HISTORY_EVENTS,
        },
        assign={"transitions": jsonata("$count($states.result.Events[$contains(Type, 'StateEntered')])")},
        next_=next_,
    )


def ledger(workflow: str, platform: Platform, **fields: str) -> str:
    """A ledger as a JSONata expression, made of expressions and of the variables that every run has.

    Those are `$steps`, `$jobs`, `$model`, `$discrepancies` and `$transitions`; what was read is told by reference.
    """
    named = {
        "workflow": workflow,
        **fields,
        "seconds": f"($toMillis({fields['ended_at']}) - $toMillis({fields['started_at']})) / 1000",
        "code_version": f"'{platform.code_version}'",
        "image": f"'{platform.image.uri}'",
        "model": "$model",
        "inputs": _inputs(workflow, fields["run_id"], platform.storage.curated.bucket_name),
        "counts": f"$exists($steps.clean) ? {_object(TOTALS)} : $exists($steps.matched) ? {_object(LABELS)} : {{}}",
        "discrepancies": "$discrepancies",
        "steps": "$steps",
        "jobs": "$jobs",
        "transitions": "$transitions",
        "cost": cost(),
    }
    return _object(named)


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


def _inputs(workflow: str, run_id: str, bucket: str) -> str:
    """The object versions that the run took: where their list lies, how many, how large, how many records."""
    taken = "($exists($steps.clean) ? $steps.clean : $steps.matched)"
    described = {
        "list": f"'s3://{bucket}/{RUNS}/' & {workflow} & '/' & {run_id} & '/inputs.json'",
        "objects": f"{taken}.objects",
        "bytes": f"{taken}.bytes",
        "records": f"{taken}.landed",
    }
    return f"$exists({taken}) ? {_object(described)} : null"


def _object(fields: Mapping[str, str]) -> str:
    return "{" + ", ".join(f"{json.dumps(name)}: {value}" for name, value in fields.items()) + "}"
