"""The table of all alarms of one environment, made from the rows that the stack makes them from."""

from collections.abc import Iterator

from generators.markdown import code, table
from generators.stacks import Stacks, synthesized
from stacks.alarm_row import Missing, Row, Watched
from stacks.alarms import alarms
from stacks.config import load

ENVIRONMENT = "prod"


def alarms_table(stacks: Stacks | None = None) -> str:
    """Every alarm: who is told, when it goes off, what it means and what no data means."""
    header = ("alarm", "of", "severity", "goes off when", "says", "without data")
    return table(header, (_cells(row) for row in _rows(stacks or synthesized(ENVIRONMENT))))


def _rows(stacks: Stacks) -> list[Row]:
    """The rows of production; what AWS counts goes by the names that the deployed alarms have."""
    found = [one["AlarmName"].split("-", 2)[2] for one in stacks.of_type("AWS::CloudWatch::Alarm").values()]
    metrics = [one["MetricName"] for one in stacks.of_type("AWS::CloudWatch::Alarm").values()]

    def named(metric: str, ending: str) -> dict[str, str]:
        return {name.removesuffix(ending): ending for name, of in zip(found, metrics, strict=True) if of == metric}

    watched = Watched(
        machines=named("ExecutionsFailed", "-failed"),
        queues=named("ApproximateNumberOfMessagesVisible", "-dead-letters"),
        topics=named("NumberOfNotificationsFailed", "-undelivered"),
        job_rules={name.capitalize(): rule for name, rule in named("TriggeredRules", "-job-failed").items()},
    )
    return alarms(load(ENVIRONMENT), watched)


def _cells(row: Row) -> Iterator[str]:
    yield code(row.name)
    yield row.family
    yield str(row.severity)
    yield f"{code(row.metric.name)} {'below' if row.is_least else 'above'} {row.limit:g} in {_period(row)}"
    yield f"{row.cause}. [Runbook](runbooks/{row.runbook}.md)"
    yield f"{'OK' if row.missing is Missing.FINE else 'unchanged'}: {row.silence}"


def _period(row: Row) -> str:
    return f"{row.metric.minutes} minutes" if row.metric.minutes < 60 else "an hour"
