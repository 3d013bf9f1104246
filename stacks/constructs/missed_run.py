"""MissedRun: an alarm on the hours since a workflow last succeeded, silent until it has succeeded once.

CloudWatch looks back a week at most and takes a metric that was never sent for one that is missing, so an alarm on
"no success" cannot tell a first day from an outage. A check therefore publishes the hours, once there is a success.
"""

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_sns as sns
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from pipeline_code.contracts import METRICS_NAMESPACE
from stacks.constructs.trigger import DeadLetters, ScheduleTrigger
from stacks.constructs.workflow import Workflow
from stacks.workflows.states import State, choice, jsonata, task
from stacks.workflows.states import machine as definition_of

METRIC = "HoursSinceSuccess"


class MissedRun(Construct):
    """An hourly check of `machine`, and the alarm when its last success is more than `hours` ago."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        machine: sfn.StateMachine,
        workflow: str,
        environment: str,
        hours: int,
        topic: sns.ITopic,
        key: kms.IKey,
        log_retention: logs.RetentionDays,
        dead_letters: DeadLetters,
    ) -> None:
        super().__init__(scope, id_)
        dimensions = {"Environment": environment, "Workflow": workflow}
        check = Workflow(
            self,
            "Check",
            definition=_check(machine.state_machine_arn, dimensions),
            key=key,
            log_retention=log_retention,
        )
        check.allow("states:ListExecutions", on=[machine.state_machine_arn])
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
            description=f"Looks for the last success of {workflow}",
        )
        self.alarm = cloudwatch.Alarm(
            self,
            "Alarm",
            metric=cloudwatch.Metric(
                namespace=METRICS_NAMESPACE,
                metric_name=METRIC,
                dimensions_map=dimensions,
                statistic="Maximum",
                period=Duration.hours(1),
            ),
            threshold=hours,
            evaluation_periods=2,
            datapoints_to_alarm=1,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.IGNORE,
            alarm_description=f"{workflow}: no success for {hours} hours. What to do: docs/runbooks/run-missed.md",
        )
        self.alarm.add_alarm_action(actions.SnsAction(topic))


def _check(arn: str, dimensions: dict[str, str]) -> State:
    last = "$states.result.Executions[0].StopDate"
    since = f"($toMillis($states.context.State.EnteredTime) - $toMillis({last})) / 3600000"
    return definition_of(
        "Look for the last success",
        {
            "Look for the last success": task(
                "aws-sdk:sfn:listExecutions",
                {"StateMachineArn": arn, "StatusFilter": "SUCCEEDED", "MaxResults": 1},
                assign={"hours": jsonata(f"$exists({last}) ? {since} : -1")},
                next_="Ever succeeded?",
            ),
            "Ever succeeded?": choice(("$hours < 0", "Checked"), default="Publish the hours"),
            "Publish the hours": task(
                "aws-sdk:cloudwatch:putMetricData",
                {
                    "Namespace": METRICS_NAMESPACE,
                    "MetricData": [
                        {
                            "MetricName": METRIC,
                            "Dimensions": [{"Name": name, "Value": value} for name, value in dimensions.items()],
                            "Value": jsonata("$hours"),
                        }
                    ],
                },
                next_="Checked",
            ),
            "Checked": {"Type": "Succeed"},
        },
        comment="Publish the hours since the last success",
        timeout_seconds=300,
    )
