"""Triggers: everything that starts a workflow by itself: three schedules, and rules on what happens."""

from collections.abc import Sequence

from aws_cdk import aws_events as events
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from pipeline_code.contracts import DRIFT_DETECTED, EVENT_SOURCE, MARKER, SCORE_REQUESTED, TRAIN_REQUESTED
from stacks.config import Settings
from stacks.constructs.trigger import DeadLetters, EventTrigger, ScheduleTrigger
from stacks.storage import StorageStack
from stacks.workflows.launch import SCHEDULED


class Triggers(Construct):
    """All of them start **launch**, but for the one that hears of failed runs and starts **close**."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        settings: Settings,
        storage: StorageStack,
        bus: events.EventBus,
        launch: sfn.StateMachine,
        close: sfn.StateMachine,
        runs: Sequence[sfn.StateMachine],
    ) -> None:
        super().__init__(scope, id_)
        self.dead_letters = DeadLetters(self, "DeadLetters", key=storage.keys.services)
        self._schedules(settings, storage, launch)
        self._on("MessagesLanded", _marker(storage), launch, "A source has landed all messages of a date")
        self._on("ModelApproved", _approval(storage), launch, "An ML Engineer approved a model package")
        self._on("RunEnded", _failures(runs), close, "A run failed, timed out or was aborted")
        business = events.EventPattern(source=[EVENT_SOURCE], detail_type=[SCORE_REQUESTED, TRAIN_REQUESTED])
        self._on("BusinessEvent", business, launch, "Someone asks for a run", bus=bus)
        if settings.drift_retraining:
            paged = events.EventPattern(
                source=[EVENT_SOURCE], detail_type=[DRIFT_DETECTED], detail={"severity": ["page"]}
            )
            self._on("DriftPaged", paged, launch, "Messages or predictions have drifted far", bus=bus)

    def _on(
        self,
        id_: str,
        pattern: events.EventPattern,
        machine: sfn.StateMachine,
        description: str,
        bus: events.IEventBus | None = None,
    ) -> None:
        EventTrigger(
            self,
            id_,
            pattern=pattern,
            machine=machine,
            dead_letters=self.dead_letters,
            description=description,
            bus=bus,
        )

    def _schedules(self, settings: Settings, storage: StorageStack, launch: sfn.StateMachine) -> None:
        group = scheduler.ScheduleGroup(self, "Schedules")
        for id_, workflow, cron in (
            ("NightlyScore", "score", settings.schedules.score),
            ("WeeklyTrain", "train", settings.schedules.train),
            ("DailyMeasure", "measure", settings.schedules.measure),
        ):
            ScheduleTrigger(
                self,
                id_,
                cron=cron,
                time_zone=settings.schedules.time_zone,
                machine=launch,
                input_={"source": SCHEDULED, "workflow": workflow, "time": scheduler.ContextAttribute.scheduled_time},
                group=group,
                key=storage.keys.services,
                dead_letters=self.dead_letters,
                description=f"Starts {workflow}",
            )


def _marker(storage: StorageStack) -> events.EventPattern:
    return events.EventPattern(
        source=["aws.s3"],
        detail_type=["Object Created"],
        detail={
            "bucket": {"name": [storage.raw.bucket_name]},
            "object": {"key": [{"suffix": f"/{MARKER}"}]},
        },
    )


def _approval(storage: StorageStack) -> events.EventPattern:
    return events.EventPattern(
        source=["aws.sagemaker"],
        detail_type=["SageMaker Model Package State Change"],
        detail={
            "ModelPackageGroupName": [storage.model_packages.model_package_group_name],
            "ModelApprovalStatus": ["Approved"],
            # An approved version says so again at every later edit of its other fields.
            "$or": [
                {"UpdatedModelPackageFields": ["ModelApprovalStatus"]},
                {"UpdatedModelPackageFields": [{"exists": False}]},
            ],
        },
    )


def _failures(runs: Sequence[sfn.StateMachine]) -> events.EventPattern:
    return events.EventPattern(
        source=["aws.states"],
        detail_type=["Step Functions Execution Status Change"],
        detail={
            "stateMachineArn": [machine.state_machine_arn for machine in runs],
            "status": ["FAILED", "TIMED_OUT", "ABORTED"],
        },
    )
