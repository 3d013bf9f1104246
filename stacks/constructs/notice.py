"""Notice: an event told to people in one sentence."""

import re

from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_sns as sns
from constructs import Construct

from stacks.constructs.trigger import OLDEST, RETRIES, DeadLetters


class Notice(Construct):
    """A rule that publishes `words` to a topic; names in braces become fields of the event's detail."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        pattern: events.EventPattern,
        topic: sns.ITopic,
        words: str,
        environment: str,
        dead_letters: DeadLetters,
        bus: events.IEventBus | None = None,
        description: str | None = None,
    ) -> None:
        super().__init__(scope, id_)
        told = re.sub(r"\{(\w+)\}", lambda field: events.EventField.from_path(f"$.detail.{field[1]}"), words)
        self.rule = events.Rule(
            self,
            "Rule",
            event_bus=bus,
            description=description,
            event_pattern=pattern,
            targets=[
                targets.SnsTopic(
                    topic,
                    message=events.RuleTargetInput.from_text(f"[{environment}] {told}"),
                    dead_letter_queue=dead_letters.queue,
                    retry_attempts=RETRIES,
                    max_event_age=OLDEST,
                )
            ],
        )
