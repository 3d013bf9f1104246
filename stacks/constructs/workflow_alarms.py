"""WorkflowAlarms: a workflow that fails, times out or is throttled pages people."""

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct


class WorkflowAlarms(Construct):
    """Three alarms on one state machine, each at the first occurrence within five minutes."""

    def __init__(
        self, scope: Construct, id_: str, *, workflow: str, machine: sfn.StateMachine, topic: sns.ITopic
    ) -> None:
        super().__init__(scope, id_)
        every = Duration.minutes(5)
        for kind, metric in (
            ("Failed", machine.metric_failed(period=every)),
            ("TimedOut", machine.metric_timed_out(period=every)),
            ("Throttled", machine.metric_throttled(period=every)),
        ):
            alarm = cloudwatch.Alarm(
                self,
                kind,
                metric=metric,
                threshold=1,
                evaluation_periods=1,
                comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
                treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
                alarm_description=f"{workflow}: an execution {PAST[kind]}. What to do: {RUNBOOKS[kind]}",
            )
            alarm.add_alarm_action(actions.SnsAction(topic))


PAST = {"Failed": "failed", "TimedOut": "timed out", "Throttled": "was throttled"}
RUNBOOKS = {
    "Failed": "docs/runbooks/run-failed.md",
    "TimedOut": "docs/runbooks/run-failed.md",
    "Throttled": "docs/runbooks/run-throttled.md",
}
