"""HourlyCheck: the state machine that looks for what did not happen, and the schedule that starts it."""

from collections.abc import Mapping

from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from pipeline_code.contracts import METRICS_NAMESPACE
from stacks.config import Settings
from stacks.constructs.trigger import DeadLetters, ScheduleTrigger
from stacks.constructs.workflow import Workflow
from stacks.workflows.check import COMPARED, HISTORIES, check_definition


class HourlyCheck(Construct):
    """Publishes hours since success and delivery, late runs and silent sources, once an hour."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        settings: Settings,
        machines: Mapping[str, sfn.StateMachine],
        curated: s3.IBucket,
        key: kms.IKey,
        log_retention: logs.RetentionDays,
        dead_letters: DeadLetters,
    ) -> None:
        super().__init__(scope, id_)
        arns = {name: machines[name].state_machine_arn for name in COMPARED}
        check = Workflow(
            self,
            "Check",
            definition=check_definition(settings, arns, curated.bucket_name),
            key=key,
            log_retention=log_retention,
        )
        self.machine = check.machine
        check.allow("states:ListExecutions", on=list(arns.values()))
        check.allow("s3:ListBucket", on=[curated.bucket_arn], when={"StringLike": {"s3:prefix": [f"{HISTORIES}*"]}})
        check.allow_publishing_metrics(METRICS_NAMESPACE)
        ScheduleTrigger(
            self,
            "Hourly",
            cron="cron(7 * * * ? *)",
            time_zone="UTC",
            machine=check.machine,
            input_={},
            group=scheduler.ScheduleGroup(self, "Schedules"),
            key=key,
            dead_letters=dead_letters,
            description="Looks for what did not happen",
        )
