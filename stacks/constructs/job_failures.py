"""JobFailures: rules that hear of Glue and SageMaker jobs which failed, tell people, and are counted by an alarm."""

from collections.abc import Sequence

from aws_cdk import aws_events as events
from aws_cdk import aws_sns as sns
from constructs import Construct

from stacks.constructs.notice import Notice
from stacks.constructs.trigger import DeadLetters

KINDS = ("Training", "Processing", "Transform")


class JobFailures(Construct):
    """One rule for the Glue jobs and one for each kind of SageMaker job, of this environment only.

    The reason stays where it is: what a job says of its failure may hold a message's text.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        glue_jobs: Sequence[str],
        prefix: str,
        topic: sns.ITopic,
        environment: str,
        dead_letters: DeadLetters,
    ) -> None:
        super().__init__(scope, id_)

        def notice(service: str, words: str, source: str, detail_type: str, detail: dict[str, object]) -> events.Rule:
            return Notice(
                self,
                service.replace(" ", ""),
                pattern=events.EventPattern(source=[source], detail_type=[detail_type], detail=detail),
                topic=topic,
                words=words,
                environment=environment,
                dead_letters=dead_letters,
                description="A job failed",
            ).rule

        glue = notice(
            "Glue",
            "Glue job {jobName} ended {state}, run {jobRunId}.",
            "aws.glue",
            "Glue Job State Change",
            {"jobName": list(glue_jobs), "state": ["FAILED", "TIMEOUT", "STOPPED", "ERROR"]},
        )
        self.rules = {"Glue": glue.rule_name}
        for kind in KINDS:
            rule = notice(
                f"SageMaker {kind}",
                f"{kind} job {{{kind}JobName}} ended {{{kind}JobStatus}}.",
                "aws.sagemaker",
                f"SageMaker {kind} Job State Change",
                {f"{kind}JobName": [{"prefix": prefix}], f"{kind}JobStatus": ["Failed", "Stopped"]},
            )
            self.rules[kind] = rule.rule_name
