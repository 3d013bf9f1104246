"""Access: who people are and what each may do, and the roles under which sources land their messages."""

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import Construct

from pipeline_code.contracts import RAW_GROUND_TRUTH, RAW_LABELS, RAW_MESSAGES, WORKFLOWS
from stacks.config import Settings
from stacks.constructs.boundary import boundary
from stacks.constructs.governed_role import GovernedRole
from stacks.constructs.identity import person_trust, source_trust, studio_trust
from stacks.constructs.rights import Rights, Statements
from stacks.operations import OperationsStack
from stacks.pipeline import PipelineStack
from stacks.storage import StorageStack


class AccessStack(cdk.Stack):
    """Four personas and a role for each source, all below one permissions boundary."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        settings: Settings,
        storage: StorageStack,
        pipeline: PipelineStack,
        operations: OperationsStack,
        **kwargs: Any,
    ) -> None:
        super().__init__(scope, id_, **kwargs)
        self.settings = settings
        self.topics = [one.topic for one in (operations.pages, operations.warnings, operations.reviews)]
        self.boundary = boundary(self, "Boundary")
        self.may = Rights(self, settings.name, storage, pipeline)
        self.everybody = iam.ManagedPolicy(self, "Everybody", statements=self._everybody())
        self.data_scientist = self._persona("data-scientist", self._data_scientist(), studio=True)
        self.data_engineer = self._persona("data-engineer", self._data_engineer())
        self.ml_engineer = self._persona("ml-engineer", self._ml_engineer(), studio=True)
        self.admin = self._persona("admin", self._admin(), hours=1, break_glass=True)
        for source in settings.sources:
            GovernedRole(
                self,
                f"Source-{source}",
                name=f"criba-{settings.name}-source-{source}",
                trust=source_trust(self, source=source, principal=settings.people.sources.get(source)),
                hours=1,
                rights=[
                    *self.may.land(f"{RAW_MESSAGES}/source={source}"),
                    *self.may.never_register_or_approve(),
                ],
                boundary=self.boundary,
            )

    def _everybody(self) -> Statements:
        """What all personas see: runs, models, redacted messages, predictions."""
        may = self.may
        return [
            *may.find_the_stacks(),
            *may.see_runs(WORKFLOWS),
            *may.see_models(),
            *may.read_results(),
            *may.query(),
            *may.reconcile(),
            *may.see_alarms(),
        ]

    def _data_scientist(self) -> Statements:
        may = self.may
        return [
            *may.land(RAW_LABELS, RAW_GROUND_TRUTH),
            *may.start("train", "measure"),
            *may.register_for_approval(),
        ]

    def _data_engineer(self) -> Statements:
        may = self.may
        return [
            *may.read_raw(),
            *may.land(RAW_MESSAGES, RAW_LABELS, RAW_GROUND_TRUTH),
            *may.bring_back(),
            *may.ask_for_erasure(),
            *may.start("score", "backfill", "measure"),
            *may.never_register_or_approve(),
        ]

    def _ml_engineer(self) -> Statements:
        """Starting **promote** is what a roll back is."""
        may = self.may
        return [
            *may.start("train", "score", "backfill", "measure", "promote"),
            *may.approve_as_somebody_else(),
        ]

    def _admin(self) -> Statements:
        may = self.may
        return [
            *may.read_raw(break_glass=True),
            *may.bring_back(),
            *may.land_redriven(),
            *may.ask_for_erasure(),
            *may.erase(),
            *may.start("train", "score", "backfill", "measure"),
            *may.check_and_audit(self.topics),
            *may.deploy(),
            *may.delete_buckets_and_keys(),
            *may.never_register_or_approve(),
        ]

    def _persona(
        self,
        persona: str,
        rights: list[iam.PolicyStatement],
        *,
        hours: int | None = None,
        studio: bool = False,
        break_glass: bool = False,
    ) -> iam.Role:
        people, name = self.settings.people, f"criba-{self.settings.name}-{persona}"
        trust = person_trust(self, role_name=name, provider=people.identity_provider, break_glass=break_glass)
        id_ = "".join(word.capitalize() for word in persona.split("-"))
        role = GovernedRole(
            self,
            id_,
            name=name,
            trust=[*trust, *(studio_trust(self) if studio else [])],
            hours=hours or people.session_hours,
            rights=rights,
            boundary=self.boundary,
        ).role
        role.add_managed_policy(self.everybody)
        cdk.CfnOutput(self, f"{id_}Role", value=role.role_arn)
        return role
