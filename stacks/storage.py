"""Storage: what must outlive every other stack: keys, buckets, catalog, model registry, image repository."""

from typing import Any

import aws_cdk as cdk
from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sagemaker as sagemaker
from constructs import Construct

from pipeline_code.contracts import BATCH, MEASURING, QUERY_RESULTS, TRAINING
from stacks.config import Settings
from stacks.constructs.access_logs import log_access
from stacks.constructs.catalog import Catalog
from stacks.constructs.data_bucket import DataBucket
from stacks.constructs.keys import Keys
from stacks.constructs.quality_ruleset import QualityRuleset


class StorageStack(cdk.Stack):
    """Keys, the five buckets, the Glue Catalog, the model package group and the ECR repository of one environment."""

    def __init__(
        self, scope: Construct, id_: str, *, settings: Settings, access_logs: s3.IBucket, **kwargs: Any
    ) -> None:
        keep = not settings.retention.destroy_data
        super().__init__(scope, id_, termination_protection=keep, **kwargs)
        self.settings = settings
        self.access_logs = access_logs
        self.lasting = RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE if keep else RemovalPolicy.DESTROY

        self.keys = Keys(self, "Keys", removal_policy=self.lasting)
        self.raw = self._bucket("Raw", announce_objects=True)
        self.curated = self._bucket("Curated", temporary=[BATCH, TRAINING, MEASURING])
        self.models = self._bucket("Models")
        self.predictions = self._bucket("Predictions", temporary=[QUERY_RESULTS])
        self.monitoring = self._bucket("Monitoring")
        self.catalog = Catalog(
            self,
            "Catalog",
            name=f"criba_{settings.name}",
            curated=self.curated,
            predictions=self.predictions,
            monitoring=self.monitoring,
            key=self.keys.data,
            sources=settings.sources,
            first_year=2024,
        )
        QualityRuleset(self, "QualityRuleset", settings=settings, table=self.catalog.messages)
        self.model_packages = sagemaker.CfnModelPackageGroup(
            self,
            "ModelPackages",
            model_package_group_name=f"criba-{settings.name}",
            model_package_group_description="Message classifiers; an ML Engineer approves or rejects each version",
        )
        self.model_packages.apply_removal_policy(self.lasting)
        self.repository = self._repository()
        self._outputs()

    def _bucket(self, id_: str, *, announce_objects: bool = False, temporary: list[str] | None = None) -> s3.IBucket:
        made = DataBucket(
            self,
            id_,
            key=self.keys.data,
            noncurrent_days=self.settings.retention.noncurrent_days,
            removal_policy=self.lasting,
            announce_objects=announce_objects,
            temporary=temporary or [],
            temporary_days=self.settings.retention.batch_days,
        ).bucket
        log_access(made, self.access_logs, id_.lower())
        return made

    def _repository(self) -> ecr.Repository:
        """Images are tagged by content; a tagged one never expires, for an approved package may name it."""
        return ecr.Repository(
            self,
            "Images",
            encryption=ecr.RepositoryEncryption.KMS,
            encryption_key=self.keys.data,
            image_scan_on_push=True,
            image_tag_mutability=ecr.TagMutability.IMMUTABLE,
            removal_policy=self.lasting,
            lifecycle_rules=[
                ecr.LifecycleRule(tag_status=ecr.TagStatus.UNTAGGED, max_image_age=Duration.days(14), rule_priority=1)
            ],
        )

    def _outputs(self) -> None:
        outputs = {
            "RawBucket": self.raw.bucket_name,
            "CuratedBucket": self.curated.bucket_name,
            "ModelsBucket": self.models.bucket_name,
            "PredictionsBucket": self.predictions.bucket_name,
            "MonitoringBucket": self.monitoring.bucket_name,
            "ModelPackageGroup": self.model_packages.model_package_group_name,
            "RepositoryUri": self.repository.repository_uri,
        }
        for name, value in outputs.items():
            cdk.CfnOutput(self, name, value=value)
