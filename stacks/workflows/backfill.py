"""backfill: score the days of a range, in order, some of them at once; a bad day does not stop the others.

Each day is a run of **score** of its own, whose name follows from the day. A day whose run has succeeded is passed
over, so the same backfill started again does what is missing and no more. One that scores once more (a `generation`
above 0) names its days anew, and takes what other runs have taken.
"""

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from pipeline_code.contracts import RUNS
from stacks.workflows.ledger import CLOSE, INPUT, begin, end
from stacks.workflows.platform import Platform
from stacks.workflows.states import State, States, choice, fail, jsonata, note, task

DAY = 86_400_000
EXISTS = "StepFunctions.ExecutionAlreadyExistsException"


class BackfillWorkflow(Construct):
    """The state machine of **backfill**, which starts and awaits runs of `score`."""

    def __init__(self, scope: Construct, id_: str, *, platform: Platform, score: sfn.StateMachine) -> None:
        super().__init__(scope, id_)
        self.platform, self.score = platform, score
        states = {**begin("List the days"), **self._range(), **end("backfill", platform)}
        self.workflow = platform.workflow(
            self,
            "Backfill",
            states,
            start="Begin",
            comment="Score the days of a range, each in a run of its own",
            timeout_seconds=30 * 24 * 3600,
        )
        self._grant()

    def _range(self) -> States:
        first = f"$toMillis({INPUT}.scope.date_from & 'T00:00:00Z')"
        last = f"$toMillis({INPUT}.scope.date_to & 'T00:00:00Z')"
        days = f"[[0..($last - $first) / {DAY}].$fromMillis($first + $ * {DAY}, '[Y0001]-[M01]-[D01]')]"
        ended = "{" + ", ".join(f"'{name}': {_count(name)}" for name in ("scored", "skipped", "failed")) + "}"
        return {
            "List the days": note("Score the days", days=jsonata(f"($first := {first}; $last := {last}; {days})")),
            "Score the days": {
                "Type": "Map",
                "Items": jsonata("$days"),
                "MaxConcurrency": jsonata(f"{INPUT}.concurrency"),
                "ItemSelector": {"day": jsonata("$states.context.Map.Item.Value")},
                "ItemProcessor": {
                    "ProcessorConfig": {"Mode": "INLINE"},
                    "StartAt": "Name the day's run",
                    "States": self._day(),
                },
                "Assign": {
                    "steps": {"days": jsonata(f"($ended := $states.result; {ended})")},
                    "failed_days": jsonata("[$states.result[status = 'failed'].day]"),
                    "outcome": "Days scored",
                },
                "Output": {},
                "Next": "Did every day succeed?",
            },
            "Did every day succeed?": choice(("$count($failed_days) > 0", "Tell which days failed"), default=CLOSE),
            "Tell which days failed": fail(
                "Criba.DaysFailed",
                "$string($count($failed_days)) & ' of ' & $string($count($days)) & ' days failed: ' &"
                " $join($failed_days, ', ') & '. Start the same backfill again: it does these only'",
            ),
        }

    def _day(self) -> States:
        """One day: pass it over if its run has succeeded, else run it under the first attempt that is free."""
        machine = self.score.state_machine_arn
        name = "$day_run & '-' & $string($day_attempt)"
        return {
            "Name the day's run": note(
                "Read its ledger", day=jsonata("$states.input.day"), day_run=jsonata(_run_id()), day_attempt=1
            ),
            "Read its ledger": task(
                "aws-sdk:s3:getObject",
                {
                    "Bucket": self.platform.storage.curated.bucket_name,
                    "Key": jsonata(f"'{RUNS}/score/' & $day_run & '/ledger.json'"),
                },
                assign={"day_status": jsonata("$parse($states.result.Body).status")},
                catch={"S3.NoSuchKeyException": "Score the day"},
                next_="Is the day done?",
            ),
            "Is the day done?": choice(("$day_status = 'SUCCEEDED'", "Day was done"), default="Score the day"),
            "Score the day": task(
                "states:startExecution.sync:2",
                {"StateMachineArn": machine, "Name": jsonata(name), "Input": self._request()},
                catch={EXISTS: "Look at its run", "States.ALL": "Day failed"},
                next_="Day scored",
                timeout_seconds=25 * 3600,
            ),
            "Look at its run": task(
                "aws-sdk:sfn:describeExecution",
                {"ExecutionArn": jsonata(f"'{_executions(machine)}' & {name}")},
                assign={"day_status": jsonata("$states.result.Status")},
                catch={"States.ALL": "Day failed"},
                next_="Does it run?",
            ),
            "Does it run?": choice(
                ("$day_status in ['RUNNING', 'PENDING_REDRIVE']", "Wait for it"),
                ("$day_status = 'SUCCEEDED'", "Day was done"),
                default="Try the day anew",
            ),
            "Wait for it": {"Type": "Wait", "Seconds": 30, "Next": "Look at its run"},
            "Try the day anew": note("Score the day", day_attempt=jsonata("$day_attempt + 1")),
            "Day scored": _ended("scored"),
            "Day was done": _ended("skipped"),
            "Day failed": _ended("failed"),
        }

    def _request(self) -> State:
        """What the day's run is started with: the same for every attempt of the same backfill."""
        return {
            "run_id": jsonata("$day_run"),
            "attempt": jsonata("$day_attempt"),
            "trigger": {"kind": "backfill", "id": jsonata("$run_id")},
            "started_by": jsonata("$started_by"),
            "scope": {
                "source": jsonata(f"{INPUT}.scope.source"),
                "date_from": jsonata("$day"),
                "date_to": jsonata("$day"),
            },
            "again": jsonata(f"{INPUT}.generation > 0"),
        }

    def _grant(self) -> None:
        work, here, stack = self.workflow, self.platform, Stack.of(self)
        executions = stack.format_arn(
            service="states",
            resource="execution",
            resource_name=f"{self.score.state_machine_name}:*",
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )
        work.allow("states:StartExecution", on=[self.score.state_machine_arn])
        work.allow("states:StopExecution", on=[executions])
        work.allow_looking_into([self.score], here.storage.keys.services)
        work.allow_waking("StepFunctionsExecution")
        work.allow_looking_back()
        curated = here.storage.curated
        work.allow_reading(curated, f"{RUNS}/score/*/ledger.json")
        work.allow_writing(curated, f"{RUNS}/backfill/*/ledger.json")
        # Only who may list is told that an object is missing.
        work.allow("s3:ListBucket", on=[curated.bucket_arn], when={"StringLikeIfExists": {"s3:prefix": [f"{RUNS}/*"]}})
        work.allow("kms:Decrypt", "kms:GenerateDataKey", on=[here.storage.keys.data.key_arn])


def _run_id() -> str:
    """The day's run as JSONata: the same for all backfills of its source, but for those that score once more."""
    source = f"{INPUT}.scope.source"
    of_source = f"({source} = '*' ? '' : '-' & $substring($hash({source}, 'SHA-256'), 0, 8))"
    again = f"$substring($hash($run_id & ':' & $string({INPUT}.generation), 'SHA-256'), 0, 8)"
    day = "$states.input.day"
    return f"{INPUT}.generation > 0 ? 'rescore-' & {day} & '-' & {again} : 'backfill-' & {day} & {of_source}"


def _ended(status: str) -> State:
    output = {"day": jsonata("$day"), "run_id": jsonata("$day_run"), "status": status}
    return {"Type": "Pass", "Output": output, "End": True}


def _count(status: str) -> str:
    return f"$count($ended[status = '{status}'])"


def _executions(machine: str) -> str:
    return f"' & $replace('{machine}', ':stateMachine:', ':execution:') & ':"
