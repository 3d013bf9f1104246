"""launch: the one target of every schedule, rule and business event; it names the run, which their targets cannot."""

from collections.abc import Mapping

from aws_cdk import Stack
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from pipeline_code.contracts import DRIFT_DETECTED, SCORE_REQUESTED, TRAIN_REQUESTED
from stacks.workflows.platform import Platform
from stacks.workflows.states import State, States, choice, fail, jsonata, note, read_package, task

EVENT = "$states.context.Execution.Input"
DETAIL = f"{EVENT}.detail"
DAY = 86_400_000
MARKED = r"/^messages\/(source=[^\/]+\/)?date=[0-9-]{10}\/_SUCCESS$/"
SCHEDULED = "criba.schedule"
"""`source` of what the schedules send: {"source", "workflow", "time"}."""


class LaunchWorkflow(Construct):
    """The state machine of **launch**: from what happened to a named run of another workflow."""

    def __init__(
        self, scope: Construct, id_: str, *, platform: Platform, workflows: Mapping[str, sfn.StateMachine]
    ) -> None:
        super().__init__(scope, id_)
        self.platform = platform
        self.workflows = workflows
        self.workflow = platform.workflow(
            self,
            "Launch",
            {**self._triggers(), **(self._retraining() if self._retrains else {}), **self._start()},
            start="What happened?",
            comment="Name a run after its trigger and start it once",
            timeout_seconds=600,
        )
        self._grant()

    @property
    def _retrains(self) -> bool:
        return self.platform.settings.drift_retraining

    def _triggers(self) -> States:
        drift = (
            [(f"{EVENT}.`detail-type` = '{DRIFT_DETECTED}'", "Look for the last training")] if self._retrains else []
        )
        return {
            "What happened?": choice(
                (f"{EVENT}.source = '{SCHEDULED}' and {EVENT}.workflow = 'score'", "Nightly score"),
                (f"{EVENT}.source = '{SCHEDULED}' and {EVENT}.workflow = 'train'", "Weekly train"),
                (f"{EVENT}.source = '{SCHEDULED}' and {EVENT}.workflow = 'measure'", "Daily measure"),
                (f"{EVENT}.source = 'aws.s3' and $contains({DETAIL}.object.key, {MARKED})", "Messages landed"),
                (f"{EVENT}.source = 'aws.s3'", "Not a marker of messages"),
                (f"{EVENT}.source = 'aws.sagemaker'", "Read the package"),
                (f"{EVENT}.`detail-type` = '{SCORE_REQUESTED}'", "Score requested"),
                (f"{EVENT}.`detail-type` = '{TRAIN_REQUESTED}'", "Train requested"),
                *drift,
                default="Refuse the event",
            ),
            "Refuse the event": fail(
                "Criba.UnknownEvent",
                f"'no workflow is started by ' & $string({EVENT}.source) & ': see the rules of this stack'",
            ),
            "Not a marker of messages": {"Type": "Succeed", "Output": {"execution": None}},
            "Nightly score": self._nightly(),
            "Weekly train": self._run("train", self._dated("train"), kind="schedule", id_=f"{EVENT}.time"),
            "Daily measure": self._run("measure", self._dated("measure"), kind="schedule", id_=f"{EVENT}.time"),
            "Messages landed": self._landed(),
            "Score requested": self._requested("score", {"scope": self._requested_scope()}),
            "Train requested": self._requested("train", {}),
            "Read the package": read_package(f"{DETAIL}.ModelPackageArn", next_="Model approved"),
            "Model approved": self._run(
                "promote",
                "'promote-v' & $string($package.ModelPackageVersion) & '-'"
                " & $substring($hash($string($package.LastModifiedTime), 'SHA-256'), 0, 10)",
                kind="approval",
                id_="$string($package.LastModifiedTime)",
                more={"model_package_arn": jsonata("$package.ModelPackageArn")},
            ),
        }

    def _retraining(self) -> States:
        """Drift starts a training, unless one began lately or a challenger of an earlier one waits for a person.

        All drift of a day asks for the same run, so two events at once start one.
        """
        last, days = "$states.result.Executions[0]", self.platform.settings.retraining.cooldown_days
        since = f"($toMillis($states.context.State.EnteredTime) - $toMillis({last}.StartDate)) / {DAY}"
        date = f"$substring({EVENT}.time, 0, 10)"
        return {
            "Look for the last training": task(
                "aws-sdk:sfn:listExecutions",
                {"StateMachineArn": self.workflows["train"].state_machine_arn, "MaxResults": 1},
                assign={
                    "training": jsonata(f"$exists({last}) ? {last}.Status : 'NONE'"),
                    "days": jsonata(f"$exists({last}) ? {since} : {days}"),
                },
                next_="Trained lately?",
            ),
            "Trained lately?": choice(
                ("$training in ['RUNNING', 'PENDING_REDRIVE']", "A challenger waits"),
                (f"$days < {days}", "Cooling down"),
                default="Look for a challenger",
            ),
            "Look for a challenger": task(
                "aws-sdk:sagemaker:listModelPackages",
                {
                    "ModelPackageGroupName": self.platform.storage.model_packages.model_package_group_name,
                    "ModelApprovalStatus": "PendingManualApproval",
                    "MaxResults": 1,
                },
                assign={"waiting": jsonata("$count($states.result.ModelPackageSummaryList)")},
                next_="Does a challenger wait?",
            ),
            "Does a challenger wait?": choice(("$waiting > 0", "A challenger waits"), default="Retrain"),
            "Retrain": self._run("train", f"'train-' & {date} & '-drift'", kind="drift", id_=date),
            "Cooling down": _nothing("Cooling down"),
            "A challenger waits": _nothing("A challenger waits"),
        }

    def _dated(self, workflow: str) -> str:
        """A run named by its scheduled minute, such as `train-2026-11-22t0400`."""
        day, minute = f"$substring({EVENT}.time, 0, 10)", f"$replace($substring({EVENT}.time, 11, 5), ':', '')"
        return f"'{workflow}-' & {day} & 't' & {minute}"

    def _nightly(self) -> State:
        """The nightly run looks back some days, for what came late and is not claimed yet."""
        back = self.platform.settings.schedules.lookback_days * DAY
        since = f"$fromMillis($toMillis({EVENT}.time) - {back}, '[Y0001]-[M01]-[D01]')"
        scope = {"source": "*", "date_from": jsonata(since), "date_to": "*"}
        return self._run("score", self._dated("score"), kind="schedule", id_=f"{EVENT}.time", more={"scope": scope})

    def _landed(self) -> State:
        """A marker below `messages/[source=<s>/]date=<d>/` scopes the run to that source and date."""
        key = f"{DETAIL}.object.key"
        part = f"$match({key}, /{{}}=([^\\/]+)\\//)[0].groups[0]"
        date, source = part.replace("{}", "date"), part.replace("{}", "source")
        trigger = f"{key} & ' ' & {DETAIL}.object.`version-id`"
        scope = {
            "source": jsonata(f"$exists({source}) ? {source} : '*'"),
            "date_from": jsonata(date),
            "date_to": jsonata(date),
        }
        run_id = f"'score-' & {date} & '-m-' & $substring($hash({trigger}, 'SHA-256'), 0, 10)"
        return self._run("score", run_id, kind="marker", id_=trigger, more={"scope": scope})

    def _requested_scope(self) -> State:
        return {
            name: jsonata(f"$exists({DETAIL}.{name}) ? {DETAIL}.{name} : '*'")
            for name in ("source", "date_from", "date_to")
        }

    def _requested(self, workflow: str, more: State) -> State:
        """A business event may name its run; otherwise the event's own id does."""
        named = f"{DETAIL}.run_id"
        own = (
            f"'{workflow}-' & $substring({EVENT}.time, 0, 10) & '-e-' & $substring($hash({EVENT}.id, 'SHA-256'), 0, 10)"
        )
        return self._run(workflow, f"$exists({named}) ? {named} : {own}", kind="event", id_=f"{EVENT}.id", more=more)

    def _run(self, workflow: str, run_id: str, *, kind: str, id_: str, more: State | None = None) -> State:
        """Say which run the trigger asks for; `run_id` and `id_` are JSONata expressions."""
        request = {
            "run_id": jsonata(run_id),
            "attempt": 1,
            "trigger": {"kind": kind, "id": jsonata(id_)},
            "started_by": kind,
            **(more or {}),
        }
        return note(
            "Start the run",
            request=request,
            name=jsonata(f"({run_id}) & '-1'"),
            target=self.workflows[workflow].state_machine_arn,
        )

    def _start(self) -> States:
        """Start the run; an execution of this name that already exists is fine if the same trigger started it."""
        execution = "$replace($target, ':stateMachine:', ':execution:') & ':' & $name"
        return {
            "Start the run": task(
                "aws-sdk:sfn:startExecution",
                {
                    "StateMachineArn": jsonata("$target"),
                    "Name": jsonata("$name"),
                    "Input": jsonata("$string($request)"),
                },
                catch={"Sfn.ExecutionAlreadyExistsException": "Look at the run"},
                next_="Launched",
            ),
            "Look at the run": task(
                "aws-sdk:sfn:describeExecution",
                {"ExecutionArn": jsonata(execution)},
                assign={"existing": jsonata("$parse($states.result.Input).trigger")},
                next_="Same trigger?",
            ),
            "Same trigger?": choice(("$existing = $request.trigger", "Launched"), default="Refuse the name"),
            "Refuse the name": fail(
                "Criba.RunExists",
                "$name & ' was started by another trigger (' & $string($existing) & '): name the run otherwise'",
            ),
            "Launched": {"Type": "Succeed", "Output": {"execution": jsonata("$name")}},
        }

    def _grant(self) -> None:
        work, stack = self.workflow, Stack.of(self)
        machines = list(self.workflows.values())
        work.allow("states:StartExecution", on=[machine.state_machine_arn for machine in machines])
        work.allow_looking_into(machines, self.platform.storage.keys.services)
        group = self.platform.storage.model_packages.model_package_group_name
        work.allow(
            "sagemaker:DescribeModelPackage",
            on=[stack.format_arn(service="sagemaker", resource="model-package", resource_name=f"{group}/*")],
        )
        # Packages are encrypted: who describes one needs its key.
        work.allow("kms:Decrypt", on=[self.platform.storage.keys.data.key_arn])
        if self._retrains:
            work.allow("states:ListExecutions", on=[self.workflows["train"].state_machine_arn])
            work.allow(
                "sagemaker:ListModelPackages",
                on=[stack.format_arn(service="sagemaker", resource="model-package-group", resource_name=group)],
            )


def _nothing(outcome: str) -> State:
    """The launch succeeds and has started nothing, for a reason that its output tells."""
    return {"Type": "Succeed", "Output": {"outcome": outcome}}
