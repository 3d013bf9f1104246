"""Alarms: one CloudWatch alarm a row of the table, and one composite alarm a severity, which alone tells people."""

from collections.abc import Mapping, Sequence

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from constructs import Construct

from pipeline_code.contracts import stack_name
from stacks.alarm_row import Missing, Row, Severity

TELLS = {
    Severity.PAGE: (
        "Something is wrong that cannot wait. Impact: messages are not scored, or wrongly. "
        "First: criba alerts list shows which alarms it is, with cause and runbook. Runbook: docs/alarms.md"
    ),
    Severity.WARNING: (
        "Something should be looked at today. Impact: none yet, or a small one. "
        "First: criba alerts list shows which alarms it is, with cause and runbook. Runbook: docs/alarms.md"
    ),
}


class Alarms(Construct):
    """All rows; an alarm's name says the environment and what is wrong, as in `Criba-prod-score-failed`."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        rows: Sequence[Row],
        environment: str,
        topics: Mapping[Severity, sns.ITopic],
    ) -> None:
        super().__init__(scope, id_)
        self.rows = rows
        self.environment = environment
        self.made = made = {row.name: self._alarm(row) for row in rows}
        self.composites = {
            severity: self._composite(
                severity, {row.name: made[row.name] for row in rows if row.severity is severity}, topic
            )
            for severity, topic in topics.items()
        }

    def _alarm(self, row: Row) -> cloudwatch.Alarm:
        over = cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD
        under = cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD
        return cloudwatch.Alarm(
            self,
            "".join(word.capitalize() for word in row.name.split("-")),
            alarm_name=stack_name(self.environment, row.name),
            alarm_description=row.description,
            metric=metric_of(row),
            threshold=row.limit,
            comparison_operator=under if row.is_least else over,
            evaluation_periods=1,
            treat_missing_data=WORDS[row.missing],
        )

    def _composite(
        self, severity: Severity, alarms: Mapping[str, cloudwatch.Alarm], topic: sns.ITopic
    ) -> cloudwatch.CompositeAlarm:
        """In ALARM while any of them is. It names them, since 100 ARNs would be longer than a rule may be."""
        rule = " OR ".join(f'ALARM("{stack_name(self.environment, name)}")' for name in alarms)
        composite = cloudwatch.CompositeAlarm(
            self,
            severity.capitalize(),
            composite_alarm_name=stack_name(self.environment, severity),
            alarm_description=TELLS[severity],
            alarm_rule=cloudwatch.AlarmRule.from_string(rule),
        )
        composite.node.add_dependency(*alarms.values())
        composite.add_alarm_action(actions.SnsAction(topic))
        return composite


WORDS = {
    Missing.FINE: cloudwatch.TreatMissingData.NOT_BREACHING,
    Missing.UNCHANGED: cloudwatch.TreatMissingData.IGNORE,
}


def metric_of(row: Row) -> cloudwatch.Metric:
    """What a row watches."""
    return cloudwatch.Metric(
        namespace=row.metric.namespace,
        metric_name=row.metric.name,
        dimensions_map=dict(row.metric.dimensions),
        statistic=row.metric.statistic,
        period=Duration.minutes(row.metric.minutes),
    )
