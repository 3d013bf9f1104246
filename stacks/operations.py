"""Operations: who is told what, the alarms that tell them, and the pictures to look at then."""

from typing import Any, TypeVar

import aws_cdk as cdk
from aws_cdk import aws_events as events
from constructs import Construct

from pipeline_code.contracts import DRIFT_DETECTED, EVENT_SOURCE
from stacks.alarm_row import Severity, Watched
from stacks.alarms import alarms
from stacks.config import Settings
from stacks.constructs.alarms import Alarms
from stacks.constructs.dashboards import Dashboards
from stacks.constructs.glue_step import GlueStep
from stacks.constructs.hourly_check import HourlyCheck
from stacks.constructs.job_failures import JobFailures
from stacks.constructs.monthly_budget import MonthlyBudget
from stacks.constructs.notice import Notice
from stacks.constructs.people import People
from stacks.constructs.retention import log_retention
from stacks.constructs.trigger import DeadLetters
from stacks.constructs.workflow import Workflow
from stacks.pipeline import PipelineStack
from stacks.storage import StorageStack

C = TypeVar("C", bound=Construct)


class OperationsStack(cdk.Stack):
    """Topics for pages (mail and SMS), warnings and reviews (mail), notices of events, alarms and dashboards."""

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
        self.settings, self.pipeline = settings, pipeline
        key = storage.keys.services
        told = settings.alerts
        self.pages = People(self, "Alerts", name="Criba", key=key, mails=told.emails, phones=told.phones)
        self.warnings = People(self, "Warnings", name="Criba", key=key, mails=told.emails)
        self.reviews = People(self, "Reviews", name="Criba", key=key, mails=told.reviewers)
        self.letters = DeadLetters(self, "DeadLetters", key=key)
        self._notices()
        self.check = HourlyCheck(
            self,
            "HourlyCheck",
            settings=settings,
            machines=pipeline.workflows,
            curated=storage.curated,
            key=key,
            log_retention=log_retention(settings.retention.log_days),
            dead_letters=self.letters,
        )
        self.alarms = Alarms(
            self,
            "Alarms",
            rows=alarms(settings, self._watched()),
            environment=settings.name,
            topics={Severity.PAGE: self.pages.topic, Severity.WARNING: self.warnings.topic},
        )
        Dashboards(self, "Dashboards", settings=settings, watched=self._watched(), alarms=self.alarms)
        if settings.monthly_budget_usd:
            MonthlyBudget(self, "Budget", usd=settings.monthly_budget_usd, environment=settings.name, mails=told.emails)
        cdk.CfnOutput(self, "AlertTopic", value=self.pages.topic.topic_arn)
        cdk.CfnOutput(self, "WarningTopic", value=self.warnings.topic.topic_arn)
        cdk.CfnOutput(self, "ReviewTopic", value=self.reviews.topic.topic_arn)

    def _notices(self) -> None:
        for event, people, words in NOTICES:
            Notice(
                self,
                event,
                bus=self.pipeline.bus,
                pattern=events.EventPattern(source=[EVENT_SOURCE], detail_type=[event]),
                topic=(self.reviews if people == "reviews" else self.warnings).topic,
                words=words,
                environment=self.settings.name,
                dead_letters=self.letters,
            )
        self.failures = JobFailures(
            self,
            "JobFailures",
            glue_jobs=[step.name for step in all_of(GlueStep, self.pipeline)],
            prefix=self.pipeline.platform.prefix,
            topic=self.warnings.topic,
            environment=self.settings.name,
            dead_letters=self.letters,
        )

    def _watched(self) -> Watched:
        """What the alarms watch; of state machines all that there are."""
        workflows = [*all_of(Workflow, self.pipeline), *all_of(Workflow, self)]
        return Watched(
            machines={one.node.id.lower(): one.machine.state_machine_arn for one in workflows},
            queues={
                "triggers": self.pipeline.triggers.dead_letters.queue.queue_name,
                "notices": self.letters.queue.queue_name,
            },
            topics={
                "pages": self.pages.topic.topic_name,
                "warnings": self.warnings.topic.topic_name,
                "reviews": self.reviews.topic.topic_name,
            },
            job_rules=self.failures.rules,
        )


def all_of(kind: type[C], stack: cdk.Stack) -> list[C]:
    """All constructs of a kind in a stack."""
    return [one for one in stack.node.find_all() if isinstance(one, kind)]


NOTICES = (
    ("QualityWarned", "warnings", "Run {run_id} of {workflow}: {findings}. Say: criba runs quality {run_id}."),
    ("RunFailed", "warnings", "Run {run_id} of {workflow} ended {status}. Say: criba runs show {run_id}. {reason}"),
    ("ModelPromoted", "warnings", "Model version {version} is the champion, approved by {approved_by}."),
    (
        DRIFT_DETECTED,
        "warnings",
        "Run {run_id} of {workflow}: {kind} drift, {severity}, under model version {model_version}. Report: {report}",
    ),
    (
        "ReviewRequested",
        "reviews",
        "Run {run_id} registered {model_package_arn}: accuracy {accuracy}, macro-F1 {macro_f1}. Approve or reject it.",
    ),
)
"""Business event, who is told by mail, and in which words; names in braces are fields of the event's detail."""
