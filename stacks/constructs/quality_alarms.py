"""QualityAlarms: a source that is quarantined too often, and a run that the gate has stopped."""

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from constructs import Construct

from pipeline_code.contracts import METRICS_NAMESPACE
from stacks.config import Settings
from stacks.workflows.quality import STOPPED

RUNBOOK = "docs/runbooks/quality-gate.md"


class QualityAlarms(Construct):
    """One alarm a source and one a gated workflow, on the figures that every run publishes after cleaning."""

    def __init__(self, scope: Construct, id_: str, *, settings: Settings, topic: sns.ITopic) -> None:
        super().__init__(scope, id_)
        self.topic = topic
        self.environment = settings.name
        for source in settings.sources:
            limit = settings.quality.of(source).quarantine_rate_warn
            if limit < 1:  # no share is above it otherwise
                self._alarm(
                    f"Quarantine-{source}",
                    "QuarantineRate",
                    {"Source": source},
                    threshold=limit,
                    # The rate of the last run holds until another run has taken records of the source.
                    missing=cloudwatch.TreatMissingData.IGNORE,
                    cause=f"{source}: more than {limit:g} of the records were quarantined",
                    first="criba runs quality RUN names the reasons; ask the source what it changed",
                )
        for workflow in ("score", "train"):
            self._alarm(
                f"Stopped-{workflow}",
                STOPPED,
                {"Workflow": workflow},
                threshold=0,
                missing=cloudwatch.TreatMissingData.NOT_BREACHING,  # without runs nothing waits
                cause=f"{workflow}: the quality gate has stopped a run",
                first="criba runs list names it; mend the cause or accept what was found",
            )

    def _alarm(
        self,
        id_: str,
        metric: str,
        dimensions: dict[str, str],
        *,
        threshold: float,
        missing: cloudwatch.TreatMissingData,
        cause: str,
        first: str,
    ) -> None:
        alarm = cloudwatch.Alarm(
            self,
            id_,
            metric=cloudwatch.Metric(
                namespace=METRICS_NAMESPACE,
                metric_name=metric,
                dimensions_map={"Environment": self.environment, **dimensions},
                statistic="Maximum",
                period=Duration.minutes(5),
            ),
            threshold=threshold,
            evaluation_periods=1,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
            treat_missing_data=missing,
            alarm_description=f"{cause}. First: {first}. What to do: {RUNBOOK}",
        )
        alarm.add_alarm_action(actions.SnsAction(self.topic))
