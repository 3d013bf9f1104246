"""Dashboards: what is looked at in an incident (operations), and how well the model does (model health)."""

from collections.abc import Iterable, Mapping, Sequence

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from pipeline_code.contracts import (
    DATA_SIGNALS,
    DRIFT_VERDICTS,
    METRICS_NAMESPACE,
    MODEL_SIGNALS,
    OUTLIERS,
    QUALITY_METRICS,
    QUALITY_VERDICTS,
    stack_name,
)
from stacks.alarm_row import Watched
from stacks.config import Settings
from stacks.constructs.alarms import Alarms
from stacks.workflows.check import COMPARED, DATA_HOURS, EXPECTED, LATE, SUCCESS_HOURS

WIDTH = 24
HEIGHT = 6


class Dashboards(Construct):
    """Two CloudWatch dashboards of one environment, named after it."""

    def __init__(self, scope: Construct, id_: str, *, settings: Settings, watched: Watched, alarms: Alarms) -> None:
        super().__init__(scope, id_)
        self.settings, self.watched = settings, watched
        self._dashboard("Operations", self._operations(alarms))
        self._dashboard("ModelHealth", self._model_health())

    def _dashboard(self, name: str, rows: Sequence[Sequence[cloudwatch.IWidget]]) -> None:
        cloudwatch.Dashboard(
            self,
            name,
            dashboard_name=stack_name(self.settings.name, name),
            default_interval=Duration.days(14),
            widgets=[list(row) for row in rows],
        )

    def _operations(self, alarms: Alarms) -> Sequence[Sequence[cloudwatch.IWidget]]:
        states, sources = self.watched.machines, self.settings.sources
        hours = [self._ours(SUCCESS_HOURS, workflow, Workflow=workflow) for workflow in EXPECTED]
        late = [self._ours(LATE, workflow, Workflow=workflow) for workflow in COMPARED]
        return (
            [
                cloudwatch.AlarmStatusWidget(
                    title="Alarms: red is wrong now", alarms=list(alarms.made.values()), width=WIDTH, height=HEIGHT
                )
            ],
            [
                _graph("Runs that failed", "runs", [_of_machine("ExecutionsFailed", *one) for one in states.items()]),
                _graph(
                    "Runs that succeeded", "runs", [_of_machine("ExecutionsSucceeded", *one) for one in states.items()]
                ),
                _graph("How long runs take", "ms", [_of_machine("ExecutionTime", *one) for one in states.items()]),
            ],
            [
                _graph("Since the last success", "hours", hours),
                _graph("Runs that take too long", "runs", late),
                _graph(
                    "Since each source delivered", "hours", [self._ours(DATA_HOURS, one, Source=one) for one in sources]
                ),
            ],
            [
                _graph(
                    "Records landed, by source", "records", [self._ours("Landed", one, Source=one) for one in sources]
                ),
                _graph(
                    "Refused, by source", "share", [self._ours("QuarantineRate", one, Source=one) for one in sources]
                ),
                _graph("Scored, by run", "messages", self._each("Messages", "Review", "Quarantined", "Duplicates")),
            ],
            [
                _graph("Partial runs", "count", self._each("SecondTries", "Unscorable")),
                _graph("Events not delivered", "letters", [_of_queue(*one) for one in self.watched.queues.items()]),
                _graph(
                    "Messages that reached nobody", "messages", [_of_topic(*one) for one in self.watched.topics.items()]
                ),
            ],
        )

    def _model_health(self) -> Sequence[Sequence[cloudwatch.IWidget]]:
        verdicts = self._each(*DRIFT_VERDICTS, *QUALITY_VERDICTS)
        outliers, outlier_rate = OUTLIERS
        return (
            [_graph("Verdicts: 1 is told to people", "0 or 1", verdicts, width=WIDTH)],
            [
                _graph("Do the messages drift?", "distance or share", self._each(*DATA_SIGNALS.values()), width=12),
                _graph("Do the predictions drift?", "distance or share", self._each(*MODEL_SIGNALS.values()), width=12),
            ],
            [
                _graph("Messages far from training", "messages", self._each(outliers)),
                _graph("Their share", "share", self._each(outlier_rate)),
                _graph("Left for a person to look at", "messages", self._each("Review", "Messages")),
            ],
            [
                _graph("How right it is, by late labels", "share", self._each(*QUALITY_METRICS), width=WIDTH),
            ],
        )

    def _each(self, *metrics: str) -> list[cloudwatch.IMetric]:
        return [self._ours(name, name) for name in metrics]

    def _ours(self, metric: str, label: str, **dimensions: str) -> cloudwatch.IMetric:
        return _metric(METRICS_NAMESPACE, metric, label, {"Environment": self.settings.name, **dimensions})


def _graph(title: str, unit: str, metrics: Iterable[cloudwatch.IMetric], *, width: int = 8) -> cloudwatch.GraphWidget:
    return cloudwatch.GraphWidget(
        title=title,
        left=list(metrics),
        left_y_axis=cloudwatch.YAxisProps(label=unit, show_units=False, min=0),
        width=width,
        height=HEIGHT,
        live_data=True,
    )


def _metric(
    namespace: str, metric: str, label: str, dimensions: Mapping[str, str], statistic: str = "Maximum"
) -> cloudwatch.Metric:
    return cloudwatch.Metric(
        namespace=namespace,
        metric_name=metric,
        label=label,
        dimensions_map=dict(dimensions),
        statistic=statistic,
        period=Duration.hours(1),
    )


def _of_machine(metric: str, workflow: str, arn: str) -> cloudwatch.Metric:
    statistic = "Maximum" if metric == "ExecutionTime" else "Sum"
    return _metric("AWS/States", metric, workflow, {"StateMachineArn": arn}, statistic)


def _of_queue(name: str, queue: str) -> cloudwatch.Metric:
    return _metric("AWS/SQS", "ApproximateNumberOfMessagesVisible", name, {"QueueName": queue})


def _of_topic(name: str, topic: str) -> cloudwatch.Metric:
    return _metric("AWS/SNS", "NumberOfNotificationsFailed", name, {"TopicName": topic}, "Sum")
