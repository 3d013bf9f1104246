"""close: what happens when a run fails, times out or is aborted: its ledger says so, and people are told.

It listens to Step Functions' own events, so it also hears of what no state could catch: a timeout of the whole run, an
abort, a broken expression. The run itself fails where it stands, which is where a redrive takes it up again.
"""

from collections.abc import Mapping

from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from pipeline_code.contracts import RUNS
from stacks.workflows.ledger import ledger, tell, write_ledger
from stacks.workflows.platform import Platform
from stacks.workflows.states import choice, jsonata, task

EVENT = "$states.context.Execution.Input.detail"


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
            run_id="$request.run_id",
            status="'FAILED'",
            outcome="$run.Status",
            reason="$reason",
            execution_arn="$run.ExecutionArn",
            started_at="$run.StartDate",
            ended_at="$run.StopDate",
            started_by="$request.started_by",
            steps="{}",
            model="null",
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
                },
                next_="Still failed?",
            ),
            "Still failed?": choice(
                ("$run.Status in ['RUNNING', 'PENDING_REDRIVE', 'SUCCEEDED']", "Redriven since"),
                default="Close the ledger as failed",
            ),
            "Redriven since": {"Type": "Succeed"},
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
        self.workflow.allow_writing(curated, f"{RUNS}/*/ledger.json")
        self.workflow.allow("kms:Decrypt", "kms:GenerateDataKey", on=[platform.storage.keys.data.key_arn])
        platform.bus.grant_put_events_to(self.workflow.role)
