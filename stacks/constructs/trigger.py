"""Triggers: rules and schedules that start one workflow, each with a role of its own and a dead-letter queue."""

from collections.abc import Mapping
from typing import Any

from aws_cdk import Duration, Stack, TimeZone
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_scheduler_targets as scheduler_targets
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

RETRIES = 8
OLDEST = Duration.hours(6)


class DeadLetters(Construct):
    """An encrypted queue for the events that could not be delivered; kept for the 14 days that SQS allows."""

    def __init__(self, scope: Construct, id_: str, *, key: kms.IKey) -> None:
        super().__init__(scope, id_)
        self.queue = sqs.Queue(
            self,
            "Queue",
            encryption=sqs.QueueEncryption.KMS,
            encryption_master_key=key,
            enforce_ssl=True,
            retention_period=Duration.days(14),
        )


class EventTrigger(Construct):
    """A rule on a bus that starts `machine` with the event as its input."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        pattern: events.EventPattern,
        machine: sfn.IStateMachine,
        dead_letters: DeadLetters,
        description: str,
        bus: events.IEventBus | None = None,
    ) -> None:
        super().__init__(scope, id_)
        self.rule = events.Rule(
            self,
            "Rule",
            event_bus=bus,
            event_pattern=pattern,
            description=description,
            targets=[
                targets.SfnStateMachine(
                    machine,
                    role=_starter(self, machine, "events"),
                    dead_letter_queue=dead_letters.queue,
                    retry_attempts=RETRIES,
                    max_event_age=OLDEST,
                )
            ],
        )


class ScheduleTrigger(Construct):
    """A schedule in a time zone that starts `machine` with `input_`."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        cron: str,
        time_zone: str,
        machine: sfn.IStateMachine,
        input_: Mapping[str, Any],
        group: scheduler.IScheduleGroup,
        key: kms.IKey,
        dead_letters: DeadLetters,
        description: str,
    ) -> None:
        super().__init__(scope, id_)
        role = _starter(self, machine, "scheduler")
        # The schedule's own role writes to the encrypted dead-letter queue.
        role.add_to_policy(iam.PolicyStatement(actions=["kms:GenerateDataKey", "kms:Decrypt"], resources=[key.key_arn]))
        self.schedule = scheduler.Schedule(
            self,
            "Schedule",
            schedule=scheduler.ScheduleExpression.expression(cron, TimeZone.of(time_zone)),
            schedule_group=group,
            key=key,
            description=description,
            target=scheduler_targets.StepFunctionsStartExecution(
                machine,
                input=scheduler.ScheduleTargetInput.from_object(dict(input_)),
                role=role,
                dead_letter_queue=dead_letters.queue,
                retry_attempts=RETRIES,
                max_event_age=OLDEST,
            ),
        )
        self.schedule.node.add_dependency(group)  # named, not referred to: CloudFormation would not wait for it


def _starter(scope: Construct, machine: sfn.IStateMachine, service: str) -> iam.Role:
    """A role that `service` takes to start this machine and nothing else."""
    role = iam.Role(
        scope,
        "Role",
        assumed_by=iam.ServicePrincipal(
            f"{service}.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": Stack.of(scope).account}}
        ),
    )
    role.add_to_policy(iam.PolicyStatement(actions=["states:StartExecution"], resources=[machine.state_machine_arn]))
    return role
