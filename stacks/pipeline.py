"""Pipeline: the jobs, the image, the workflows and what starts them. Nothing here holds data: it can be rebuilt."""

from pathlib import Path
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_events as events
from constructs import Construct

from pipeline_code import contracts as names
from stacks.config import Settings
from stacks.constructs.container_image import ContainerImage
from stacks.constructs.glue_runtime import glue_runtime
from stacks.constructs.glue_step import GlueRuntime, GlueStep
from stacks.constructs.job_roles import JobRoles
from stacks.constructs.reach import Reach
from stacks.constructs.retention import log_retention
from stacks.constructs.triggers import Triggers
from stacks.network import NetworkStack
from stacks.storage import StorageStack
from stacks.workflows.backfill import BackfillWorkflow
from stacks.workflows.close import CloseWorkflow
from stacks.workflows.launch import LaunchWorkflow
from stacks.workflows.measure import MeasureWorkflow
from stacks.workflows.platform import Platform
from stacks.workflows.promote import PromoteWorkflow
from stacks.workflows.score import ScoreWorkflow
from stacks.workflows.train import TrainWorkflow

ROOT = Path(__file__).resolve().parent.parent
JOBS = ROOT / "glue_jobs"


class PipelineStack(cdk.Stack):
    """From a trigger to predictions: Glue jobs, container image, seven workflows, schedules and rules."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        settings: Settings,
        storage: StorageStack,
        network: NetworkStack | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(scope, id_, **kwargs)
        self.network = network
        self.bus = events.EventBus(self, "Business", kms_key=storage.keys.services)
        self.platform = self._platform(settings, storage)
        self.train = TrainWorkflow(self, "Training", platform=self.platform).workflow.machine
        self.promote = PromoteWorkflow(self, "Promotion", platform=self.platform).workflow.machine
        self.score = ScoreWorkflow(self, "Scoring", platform=self.platform).workflow.machine
        self.measure = MeasureWorkflow(self, "Measuring", platform=self.platform).workflow.machine
        self.workflows = {
            "train": self.train,
            "promote": self.promote,
            "score": self.score,
            "measure": self.measure,
        }
        self.launch = LaunchWorkflow(
            self, "Launching", platform=self.platform, workflows=self.workflows
        ).workflow.machine
        self.backfill = BackfillWorkflow(self, "Backfilling", platform=self.platform, score=self.score).workflow.machine
        runs = {**self.workflows, "backfill": self.backfill}
        self.close = CloseWorkflow(self, "Closing", platform=self.platform, workflows=runs).workflow.machine
        self.triggers = Triggers(
            self,
            "Triggers",
            settings=settings,
            storage=storage,
            bus=self.bus,
            launch=self.launch,
            close=self.close,
            runs=list(runs.values()),
        )
        self.erase, self.reconcile = self._upkeep(storage)
        self._outputs()

    def _platform(self, settings: Settings, storage: StorageStack) -> Platform:
        self.runtime = runtime = glue_runtime(
            self, "GlueRuntime", settings=settings, storage=storage, network=self.network, root=ROOT
        )
        image = ContainerImage(
            self,
            "Image",
            repository=storage.repository,
            digest=settings.image_digest,
            source=ROOT / "pipeline_code",
            data_key=storage.keys.data,
            logs_key=storage.keys.services,
        )
        roles = JobRoles(self, "JobRoles", storage=storage, network=self.network)
        return Platform(
            settings=settings,
            storage=storage,
            network=self.network,
            **self._glue_steps(storage, runtime),
            image=image,
            job_role=roles.job,
            model_role=roles.model,
            bus=self.bus,
            log_retention=log_retention(settings.retention.log_days),
            code_version=cdk.FileSystem.fingerprint(str(ROOT / "pipeline_code"), exclude=["__pycache__"])[:16],
        )

    def _glue_steps(self, storage: StorageStack, runtime: GlueRuntime) -> dict[str, GlueStep]:
        """The five Glue jobs and, beside each, all that it may touch."""
        curated = storage.curated

        def step(id_: str, script: str, *reach: Reach) -> GlueStep:
            return GlueStep(self, id_, script=JOBS / script, reach=reach, runtime=runtime)

        return {
            "clean": step(
                "CleanMessages",
                "clean_messages.py",
                Reach(storage.raw, reads_versions=[names.RAW_MESSAGES, names.RAW_LABELS]),
                Reach(
                    curated,
                    reads=[names.CLAIMS, names.RUNS, names.QUALITY, names.REWRITTEN],
                    writes=[names.CLAIMS, names.RUNS, names.QUARANTINE, names.QUALITY],
                    # A claim is released when another attempt of the same run settled on other inputs.
                    deletes=[names.CLAIMS, names.QUARANTINE],
                    spark_writes=[names.CURATED_MESSAGES, names.CURATED_LABELLED],
                ),
            ),
            "build_training_set": step(
                "BuildTrainingSet",
                "build_training_set.py",
                Reach(
                    curated,
                    # What was written is counted again.
                    reads=[names.CURATED_LABELLED, names.TRAINING, names.QUARANTINE],
                    writes=[names.TRAINING, names.QUARANTINE, names.RUNS],
                    deletes=[names.TRAINING, names.QUARANTINE],
                ),
            ),
            "build_batch": step(
                "BuildBatch",
                "build_batch.py",
                Reach(
                    curated,
                    reads=[names.CURATED_MESSAGES, names.RUNS],
                    writes=[names.BATCH, names.RUNS],
                    deletes=[names.BATCH],
                ),
            ),
            "publish": step(
                "PublishPredictions",
                "publish_predictions.py",
                Reach(
                    curated,
                    reads=[names.CURATED_MESSAGES, names.BATCH, names.RUNS, names.QUARANTINE],
                    writes=[names.QUARANTINE, names.RUNS],
                    deletes=[names.QUARANTINE],
                ),
                Reach(
                    storage.predictions,
                    deletes=[names.PUBLICATIONS],
                    spark_writes=[names.PREDICTIONS],
                ),
            ),
            "match_labels": self._match_labels(storage, runtime),
        }

    def _match_labels(self, storage: StorageStack, runtime: GlueRuntime) -> GlueStep:
        """It reads what a transform answered, and writes for Model Monitor, only where there are schedules."""
        scheduled = storage.settings.model_monitor_schedules
        return GlueStep(
            self,
            "MatchLabels",
            script=JOBS / "match_labels.py",
            reach=[
                Reach(storage.raw, reads_versions=[names.RAW_GROUND_TRUTH]),
                Reach(
                    storage.curated,
                    reads=[names.RUNS, names.REWRITTEN, names.MEASURING, *([names.BATCH] if scheduled else [])],
                    writes=[names.MEASURING, names.RUNS],
                    deletes=[names.MEASURING],
                ),
                Reach(storage.predictions, reads=[names.PREDICTIONS, names.PUBLICATIONS]),
                Reach(
                    storage.monitoring,
                    reads=[names.BASELINE, names.LATEST],
                    writes=[names.MERGED_LATER] if scheduled else [],
                    deletes=[names.MERGED_LATER] if scheduled else [],
                ),
            ],
            runtime=runtime,
        )

    def _upkeep(self, storage: StorageStack) -> tuple[GlueStep, GlueStep]:
        """The jobs that no workflow runs: an Admin starts EraseMessages, anybody who may look ReconcileRuns."""
        raw = [names.RAW_MESSAGES, names.RAW_LABELS, names.RAW_GROUND_TRUTH]
        tables = [names.CURATED_MESSAGES, names.CURATED_LABELLED, names.QUARANTINE, names.TRAINING, names.BATCH]
        people_read = [names.PREDICTIONS, names.QUERY_RESULTS]
        papers = [names.ERASURES, names.REWRITTEN]
        erase = GlueStep(
            self,
            "EraseMessages",
            script=JOBS / "erase_messages.py",
            # Two of them would rewrite the same objects.
            runs_at_once=1,
            reach=[
                Reach(storage.raw, lists=raw, reads_versions=raw, writes=raw, deletes_versions=raw),
                Reach(
                    storage.curated,
                    lists=[names.CLAIMS],
                    reads=[*papers, names.RUNS],
                    reads_versions=[*tables, names.ERASURES],
                    writes=[*tables, *papers],
                    deletes=[names.REWRITTEN],
                    deletes_versions=[*tables, names.ERASURES],
                ),
                Reach(
                    storage.predictions, reads_versions=people_read, writes=people_read, deletes_versions=people_read
                ),
            ],
            runtime=self.runtime,
        )
        reconcile = GlueStep(
            self,
            "ReconcileRuns",
            script=JOBS / "reconcile_runs.py",
            reach=[
                Reach(
                    storage.curated,
                    lists=[names.CLAIMS],
                    reads=[names.CURATED_MESSAGES, names.QUARANTINE, names.RUNS, names.ERASURES],
                    writes=[names.RUNS],
                ),
                Reach(storage.predictions, reads=[names.PREDICTIONS, names.PUBLICATIONS]),
            ],
            runtime=self.runtime,
        )
        return erase, reconcile

    def _outputs(self) -> None:
        outputs = {
            "LaunchStateMachine": self.launch.state_machine_arn,
            "TrainStateMachine": self.train.state_machine_arn,
            "PromoteStateMachine": self.promote.state_machine_arn,
            "BackfillStateMachine": self.backfill.state_machine_arn,
            "ScoreStateMachine": self.score.state_machine_arn,
            "MeasureStateMachine": self.measure.state_machine_arn,
            "EraseJob": self.erase.name,
            "ReconcileJob": self.reconcile.name,
            "BusinessEventBus": self.bus.event_bus_name,
            "ChampionParameter": self.platform.champion,
        }
        for name, value in outputs.items():
            cdk.CfnOutput(self, name, value=value)
