"""close: what happens when a run fails, times out or is aborted: its ledger says so, and people are told.

What the run had counted by then stands in its history, as the variables that its states assigned.
It listens to Step Functions' own events, so it also hears of what no state could catch: a timeout of the whole run, an
abort, a broken expression. The run itself fails where it stands, which is where a redrive takes it up again.
"""

from collections.abc import Mapping

from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from pipeline_code.contracts import RUNS
from stacks.workflows.accounts import with_failed_job
from stacks.workflows.ledger import accepted_quality, count_transitions, ledger, tell, write_ledger
from stacks.workflows.platform import Platform
from stacks.workflows.states import choice, jsonata, note, task

EVENT = "$states.context.Execution.Input.detail"
LATEST_EVENTS = 100
"""Events, the newest first, in which a run's variables are looked for; with their data they fit into a state."""

DEFAULTS = {"steps": "{}", "jobs": "[]", "discrepancies": "[]", "model": "null"}


class CloseWorkflow(Construct):
    """The state machine of **close**, for the runs of `workflows` by name."""

    def __init__(
        self, scope: Construct, id_: str, *, platform: Platform, workflows: Mapping[str, sfn.StateMachine]
    ) -> None:
        super().__init__(scope, id_)
        names = {one.state_machine_arn: name for name, one in workflows.items()}
        which = " : ".join(f"$run.StateMachineArn = '{arn}' ? '{name}'" for arn, name in names.items())
        account = ledger(
            "$workflow",
            platform,
            run_id="$request.run_id",
            status="'FAILED'",
            outcome="$run.Status",
            reason="$reason",
            execution_arn="$run.ExecutionArn",
            started_at="$run.StartDate",
            ended_at="$run.StopDate",
            started_by="$request.started_by",
            accepted_quality=accepted_quality("$request"),
        )
        curated = platform.storage.curated
        states = {
            "Look at the run": task(
                "aws-sdk:sfn:describeExecution",
                {"ExecutionArn": jsonata(f"{EVENT}.executionArn")},
                assign={
                    "run": jsonata("$states.result"),
                    "request": jsonata("$parse($states.result.Input)"),
                    "workflow": jsonata(f"($run := $states.result; {which} : 'unknown')"),
                    "reason": jsonata(
                        "($exists($states.result.Error) ? $states.result.Error : $states.result.Status)"
                        " & ($exists($states.result.Cause) ? ': ' & $states.result.Cause : '')"
                    ),
                    "cause": jsonata("$exists($states.result.Cause) ? $states.result.Cause : ''"),
                },
                next_="Still failed?",
            ),
            "Still failed?": choice(
                ("$run.Status in ['RUNNING', 'PENDING_REDRIVE', 'SUCCEEDED']", "Redriven since"),
                default="Count its transitions",
            ),
            "Redriven since": {"Type": "Succeed"},
            "Count its transitions": count_transitions("$run.ExecutionArn", next_="Read what it had counted"),
            "Read what it had counted": task(
                "aws-sdk:sfn:getExecutionHistory",
                {
                    "ExecutionArn": jsonata("$run.ExecutionArn"),
                    "IncludeExecutionData": True,
                    "ReverseOrder": True,
                    "MaxResults": LATEST_EVENTS,
                },
                assign={
                    **{name: jsonata(_latest(name, default)) for name, default in DEFAULTS.items()},
                    "stopped_in": jsonata("($states.result.Events.StateEnteredEventDetails.Name)[0]"),
                },
                # A history too large to read is no reason to tell nobody.
                catch={"States.DataLimitExceeded": "Close without its counts"},
                next_="Add the job that failed",
            ),
            "Close without its counts": note(
                "Add the job that failed",
                **{name: jsonata(default) for name, default in DEFAULTS.items()},
                stopped_in="unknown",
            ),
            "Add the job that failed": note(
                "Close the ledger as failed",
                jobs=jsonata(with_failed_job("$substringBefore($stopped_in, ': ')", "$cause")),
            ),
            "Close the ledger as failed": write_ledger(
                "$workflow", "$request.run_id", account, bucket=curated.bucket_name, next_="Tell people"
            ),
            "Tell people": tell(
                platform.bus.event_bus_name,
                "RunFailed",
                {
                    "workflow": jsonata("$workflow"),
                    "run_id": jsonata("$request.run_id"),
                    "status": jsonata("$run.Status"),
                    "reason": jsonata("$substring($replace($reason, /[^A-Za-z0-9 .,:;()_=<>\\/-]+/, ' '), 0, 400)"),
                },
                next_="Closed",
            ),
            "Closed": {"Type": "Succeed"},
        }
        self.workflow = platform.workflow(
            self, "Close", states, start="Look at the run", comment="Account for a failed run", timeout_seconds=600
        )
        self.workflow.allow_looking_into(list(workflows.values()), platform.storage.keys.services)
        self.workflow.allow_reading_history(list(workflows.values()))
        self.workflow.allow_writing(curated, f"{RUNS}/*/ledger.json")
        self.workflow.allow("kms:GenerateDataKey", on=[platform.storage.keys.data.key_arn])
        platform.bus.grant_put_events_to(self.workflow.role)


def _latest(variable: str, default: str) -> str:
    """What a run last assigned to a variable, from its history (the newest event first), or `default`."""
    return f"""(
        $found := $states.result.Events.StateExitedEventDetails.AssignedVariables.{variable};
        $exists($found) ? $parse($found[0]) : {default}
    )"""
