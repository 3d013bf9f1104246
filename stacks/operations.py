"""Operations: who is told what, and the alarms that tell them."""

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_events as events
from constructs import Construct

from pipeline_code.contracts import EVENT_SOURCE
from stacks.config import Settings
from stacks.constructs.missed_run import MissedRun
from stacks.constructs.notice import Notice
from stacks.constructs.people import People
from stacks.constructs.quality_alarms import QualityAlarms
from stacks.constructs.retention import log_retention
from stacks.constructs.trigger import DeadLetters
from stacks.constructs.workflow_alarms import WorkflowAlarms
from stacks.pipeline import PipelineStack
from stacks.storage import StorageStack


class OperationsStack(cdk.Stack):
    """Topics for alerts (mail and SMS) and reviews (mail), notices of business events, and alarms."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        settings: Settings,
        storage: StorageStack,
        pipeline: PipelineStack,
        **kwargs: Any,
    ) -> None:
        super().__init__(scope, id_, **kwargs)
        key = storage.keys.services
        alerts = settings.alerts
        self.alerts = People(self, "Alerts", name="Criba alerts", key=key, mails=alerts.emails, phones=alerts.phones)
        self.reviews = People(self, "Reviews", name="Criba reviews", key=key, mails=alerts.reviewers)
        letters = DeadLetters(self, "DeadLetters", key=key)
        for event, people, words in NOTICES:
            Notice(
                self,
                event,
                bus=pipeline.bus,
                pattern=events.EventPattern(source=[EVENT_SOURCE], detail_type=[event]),
                topic=(self.alerts if people == "alerts" else self.reviews).topic,
                words=words,
                environment=settings.name,
                dead_letters=letters,
            )
        machines = {
            **pipeline.workflows,
            "backfill": pipeline.backfill,
            "launch": pipeline.launch,
            "close": pipeline.close,
        }
        for name, machine in machines.items():
            WorkflowAlarms(self, name.capitalize(), workflow=name, machine=machine, topic=self.alerts.topic)
        self.missed = MissedRun(
            self,
            "MissedRun",
            machine=pipeline.score,
            workflow="score",
            environment=settings.name,
            hours=settings.schedules.overdue_hours,
            topic=self.alerts.topic,
            key=key,
            log_retention=log_retention(settings.retention.log_days),
            dead_letters=letters,
        )
        QualityAlarms(self, "Quality", settings=settings, topic=self.alerts.topic)
        cdk.CfnOutput(self, "AlertTopic", value=self.alerts.topic.topic_arn)
        cdk.CfnOutput(self, "ReviewTopic", value=self.reviews.topic.topic_arn)


NOTICES = (
    ("QualityWarned", "alerts", "Run {run_id} of {workflow}: {findings}. Say: criba runs quality {run_id}."),
    ("RunFailed", "alerts", "Run {run_id} of {workflow} ended {status}. Say: criba runs show {run_id}. {reason}"),
    ("ModelPromoted", "alerts", "Model version {version} is the champion, approved by {approved_by}."),
    (
        "ReviewRequested",
        "reviews",
        "Run {run_id} registered {model_package_arn}: accuracy {accuracy}, macro-F1 {macro_f1}. Approve or reject it.",
    ),
)
"""Business event, who is told, and in which words; names in braces are fields of the event's detail."""
