"""All alarms, one row each: what is watched, above which value it is wrong, what that means, and what to do first.

`docs/alarms.md` shows the same rows. People hear of a row by its severity: all rows of one severity stand in one
composite alarm, so that an incident which raises several of them is told once. A page stays open as long as one of
its rows does, and would hide the next incident: a row that tells of something that happened is therefore back to OK
as soon as its period is over, and of what lasts only that which must not wait pages.
"""

from collections.abc import Iterator, Mapping, Sequence

from pipeline_code.contracts import METRICS_NAMESPACE
from stacks.alarm_row import Metric, Missing, Row, Severity, Watched
from stacks.config import Settings
from stacks.constructs.sensitive_actions import ACTIONS, audit_namespace
from stacks.workflows.check import COMPARED, DATA_HOURS, LATE, SILENT, SUCCESS_HOURS
from stacks.workflows.quality import RAISED, STOPPED

PAGING = ("score", "promote", "launch", "close")
"""Workflows whose failure cannot wait: nothing is scored, approved models do not arrive, or nobody would be told."""


def alarms(settings: Settings, watched: Watched) -> list[Row]:
    """Every row of one environment."""
    rows = [*_runs(watched.machines), *_late(settings), *_data(settings), *_deliveries(settings), *_partial(settings)]
    rows += [*_drift(settings), *_jobs(watched), *_undelivered(settings, watched)]
    return [*rows, *_sensitive(settings)]


def _ours(settings: Settings, name: str, *, minutes: int = 5, **dimensions: str) -> Metric:
    return Metric(METRICS_NAMESPACE, name, {"Environment": settings.name, **dimensions}, minutes=minutes)


def _runs(machines: Mapping[str, str]) -> Iterator[Row]:
    """Failed, timed out and throttled executions, which Step Functions counts."""
    for workflow, arn in machines.items():
        severity = Severity.PAGE if workflow in PAGING else Severity.WARNING

        def counted(metric: str, arn: str = arn) -> Metric:
            return Metric("AWS/States", metric, {"StateMachineArn": arn}, "Sum")

        for name, metric, past in (
            ("failed", "ExecutionsFailed", "failed"),
            ("timed-out", "ExecutionsTimedOut", "took longer than it may and was stopped"),
        ):
            yield Row(
                "failed runs",
                f"{workflow}-{name}",
                severity,
                counted(metric),
                cause=f"A run of {workflow} {past}",
                impact=IMPACTS.get(workflow, "its work is not done"),
                first="criba runs list, then criba runs show RUN",
                runbook="run-failed",
                silence="Step Functions sends it when executions end, and none has",
            )
        yield Row(
            "failed runs",
            f"{workflow}-throttled",
            Severity.WARNING,
            counted("ExecutionThrottled"),
            cause=f"Step Functions has throttled {workflow}",
            impact="its states start late",
            first="look at the Step Functions quotas of the account",
            runbook="run-throttled",
            silence="Step Functions sends it when it throttles, and it has not",
        )


IMPACTS = {
    "score": "its messages have no predictions",
    "promote": "the approved model is not in production",
    "launch": "what was asked for has not started",
    "close": "a failed run has no ledger and nobody is told of it",
    "train": "there is no new challenger; the champion goes on",
    "backfill": "some days have no new predictions",
    "measure": "nobody knows how right the predictions were",
    "check": "missed, late and silent go unnoticed",
}


def _late(settings: Settings) -> Iterator[Row]:
    """What the hourly check finds of runs: no success for too long, and running for longer than usual."""
    for workflow, hours, severity in (
        ("score", settings.schedules.overdue_hours, Severity.PAGE),
        ("train", settings.schedules.train_overdue_hours, Severity.WARNING),
    ):
        yield Row(
            "missed runs",
            f"{workflow}-overdue",
            severity,
            _ours(settings, SUCCESS_HOURS, minutes=60, Workflow=workflow),
            cause=f"No run of {workflow} has succeeded for {hours} hours",
            impact=IMPACTS[workflow],
            first="criba runs list",
            runbook="run-missed",
            limit=hours,
            missing=Missing.UNCHANGED,
            silence="the check publishes nothing before the first success, and says by an alarm of its own if it fails",
        )
    for workflow in COMPARED:
        yield Row(
            "late runs",
            f"{workflow}-late",
            Severity.WARNING,
            _ours(settings, LATE, minutes=60, Workflow=workflow),
            cause=f"A run of {workflow} takes three times as long as usual, and more than an hour",
            impact="what waits for it is late",
            first="criba runs list, then criba runs watch RUN",
            runbook="run-late",
            silence="the check has not looked, and says by an alarm of its own if it fails",
        )


def _data(settings: Settings) -> Iterator[Row]:
    """What the hourly check finds of the sources."""
    hours = settings.quality.freshness_hours_warn
    yield Row(
        "no data",
        "no-data",
        Severity.PAGE,
        _ours(settings, DATA_HOURS, minutes=60),
        cause=f"No source has delivered for {hours:g} hours",
        impact="there is nothing to score",
        first="ask the sources, then criba messages land",
        runbook="no-data",
        limit=hours,
        missing=Missing.UNCHANGED,
        silence="the check publishes nothing before the first delivery, and says by an alarm of its own if it fails",
    )
    yield Row(
        "no data",
        "source-silent",
        Severity.WARNING,
        _ours(settings, SILENT, minutes=60),
        cause="A source that used to deliver has not done so within its limit",
        impact="its messages are not scored",
        first="see on the dashboard which one, and ask it",
        runbook="no-data",
        silence="the check has not looked, and says by an alarm of its own if it fails",
    )


def _deliveries(settings: Settings) -> Iterator[Row]:
    """What every run finds of the records that it cleans."""
    for rule, name, cause, impact in (
        ("quarantine_rate", "quarantine-high", "A source's records are refused too often", "they are not scored"),
        ("volume", "volume-unusual", "A source sent far more or fewer records than usual", "a part may be missing"),
        ("freshness_hours", "messages-old", "A source's newest message is too old", "predictions tell of the past"),
    ):
        yield Row(
            "data quality",
            name,
            Severity.WARNING,
            _ours(settings, RAISED[rule]),
            cause=cause,
            impact=impact,
            first="criba runs quality RUN names the source and the reasons",
            runbook="quality-gate",
        )
    for workflow, severity in (("score", Severity.PAGE), ("train", Severity.WARNING)):
        yield Row(
            "data quality",
            f"{workflow}-stopped",
            severity,
            _ours(settings, STOPPED, Workflow=workflow),
            cause=f"The quality gate has stopped a run of {workflow}",
            impact=IMPACTS[workflow],
            first="criba runs quality RUN; mend the cause or accept what was found",
            runbook="quality-gate",
        )


def _partial(settings: Settings) -> Iterator[Row]:
    """Runs of score that ended well, but not at once or not with everything."""
    for name, metric, cause, impact in (
        ("score-second-try", "SecondTries", "Some shards were scored at the second try only", "the run took longer"),
        ("score-unscorable", "Unscorable", "The model could not score some messages", "they are in quarantine"),
    ):
        yield Row(
            "partial runs",
            name,
            Severity.WARNING,
            _ours(settings, metric),
            cause=cause,
            impact=impact,
            first="criba runs show RUN",
            runbook="run-partial",
        )


def _drift(settings: Settings) -> Iterator[Row]:
    """What the monitor decides of each scored batch, and measure of late labels; 0 or 1 each."""
    for family, name, prefix, what, impact, runbook in (
        ("data drift", "drift", "Drift", "The messages have", "predictions may be wrong", "drift"),
        ("model drift", "model-drift", "ModelDrift", "The predictions have", "they may be wrong", "drift"),
        (
            "model quality",
            "quality",
            "Quality",
            "Accuracy on late labels has",
            "predictions are wrong",
            "model-quality",
        ),
    ):
        for severity, much in ((Severity.PAGE, "changed much, in two batches running"), (Severity.WARNING, "changed")):
            yield Row(
                family,
                f"{name}-{severity}",
                severity,
                _ours(settings, f"{prefix}{'Page' if severity is Severity.PAGE else 'Warn'}"),
                cause=f"{what} {much}" if family != "model quality" else f"{what} fallen below its {severity} limit",
                impact=impact,
                first="read the report that the mail on DriftDetected names",
                runbook=runbook,
            )


def _jobs(watched: Watched) -> Iterator[Row]:
    """Jobs of Glue and SageMaker: neither counts failures, so the rules that hear of them do."""
    for service, rule in watched.job_rules.items():
        yield Row(
            "failed jobs",
            f"{service.lower()}-job-failed",
            Severity.WARNING,
            Metric("AWS/Events", "TriggeredRules", {"RuleName": rule}, "Sum"),
            cause=f"A {service} job failed or was stopped",
            impact="its run tries again or fails, and an erasure or a reconciliation is not done",
            first="the mail names the job; criba runs list names its run",
            runbook="job-failed",
            silence="EventBridge sends it when the rule matches, and no job has failed",
        )


def _undelivered(settings: Settings, watched: Watched) -> Iterator[Row]:
    """Events that started nothing, and messages that reached nobody."""
    for name, queue in watched.queues.items():
        yield Row(
            "dead letters",
            f"{name}-dead-letters",
            Severity.WARNING,
            Metric("AWS/SQS", "ApproximateNumberOfMessagesVisible", {"QueueName": queue}),
            cause=f"An event of {name} could not be delivered",
            impact="a run has not started, or people were not told",
            first="look at the message in the queue: its attributes say why",
            runbook="dead-letters",
            missing=Missing.UNCHANGED,
            silence="SQS stops sending it after six idle hours, with the letters still there",
        )
    for name, topic in watched.topics.items():
        yield Row(
            "alerts not delivered",
            f"{name}-undelivered",
            Severity.WARNING,
            Metric("AWS/SNS", "NumberOfNotificationsFailed", {"TopicName": topic}, "Sum"),
            cause=f"SNS could not deliver a message of the topic for {name}",
            impact="somebody was not told",
            first="criba alerts check",
            runbook="alerts-undelivered",
            silence="SNS sends it when it delivers, and it had nothing to",
        )
    if settings.alerts.phones:
        yield from _sms(settings)


def _sensitive(settings: Settings) -> Iterator[Row]:
    """Calls that the audit trail's filters count."""
    for action in ACTIONS:
        yield Row(
            "sensitive actions",
            action.name,
            Severity.PAGE if action.pages else Severity.WARNING,
            Metric(audit_namespace(settings.name), action.metric, {}, "Sum"),
            cause=action.cause,
            impact=action.impact,
            first="see in CloudTrail's event history who it was, and ask",
            runbook="sensitive-action",
            limit=action.limit,
            silence="a filter sends it when the trail logs something, and it has not",
        )


def _sms(settings: Settings) -> Sequence[Row]:
    """SNS keeps these for the whole account, without dimensions."""
    return (
        Row(
            "alerts not delivered",
            "sms-failing",
            Severity.WARNING,
            Metric("AWS/SNS", "SMSSuccessRate", {}, "Average", 60),
            cause="Less than 90 % of the account's SMS are delivered",
            impact="pages do not reach phones",
            first="criba alerts check",
            runbook="alerts-undelivered",
            limit=0.9,
            is_least=True,
            silence="SNS sends it when it sends SMS, and it had none to",
        ),
        Row(
            "alerts not delivered",
            "sms-spend",
            Severity.WARNING,
            Metric("AWS/SNS", "SMSMonthToDateSpentUSD", {}, "Maximum", 60),
            cause=f"SMS have cost 80 % of the {settings.alerts.sms_limit_usd:g} USD that this month allows",
            impact="at the limit SNS sends no more, and says nothing",
            first="criba alerts check, then ask AWS for a higher limit",
            runbook="alerts-undelivered",
            limit=0.8 * settings.alerts.sms_limit_usd,
            silence="SNS sends it when it sends SMS, and it had none to",
        ),
    )
