"""Platform: what every workflow works with: buckets, jobs, image, roles and names of one environment."""

from collections.abc import Mapping
from dataclasses import dataclass

from aws_cdk import Aws
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from constructs import Construct

from stacks.config import Settings
from stacks.constructs.container_image import ContainerImage
from stacks.constructs.glue_step import GlueStep
from stacks.constructs.workflow import Workflow
from stacks.network import NetworkStack
from stacks.storage import StorageStack
from stacks.workflows.states import State, machine


@dataclass(frozen=True)
class Platform:
    """Handed to each workflow; all fields are constructs or settings, never ARNs typed by hand."""

    settings: Settings
    storage: StorageStack
    network: NetworkStack | None
    clean: GlueStep
    build_training_set: GlueStep
    build_batch: GlueStep
    publish: GlueStep
    match_labels: GlueStep
    image: ContainerImage
    job_role: iam.Role
    model_role: iam.Role
    bus: events.EventBus
    log_retention: logs.RetentionDays
    code_version: str

    @property
    def prefix(self) -> str:
        """What the names of SageMaker jobs and models start with."""
        return f"criba-{self.settings.name}-"

    @property
    def champion(self) -> str:
        """Name of the SSM parameter that says which model is in production; **promote** alone writes it."""
        return f"/criba/{self.settings.name}/champion"

    @property
    def champion_arn(self) -> str:
        return f"arn:{Aws.PARTITION}:ssm:{Aws.REGION}:{Aws.ACCOUNT_ID}:parameter{self.champion}"

    @property
    def vpc_config(self) -> dict[str, object]:
        """The `VpcConfig` of a job or model in a private network; nothing without one."""
        return {"VpcConfig": self.network.job_config} if self.network else {}

    def cluster(self, instance_type: str) -> dict[str, object]:
        """One encrypted instance for a training or processing job."""
        return {
            "InstanceType": instance_type,
            "InstanceCount": 1,
            "VolumeSizeInGB": 30,
            "VolumeKmsKeyId": self.storage.keys.data.key_arn,
        }

    def workflow(
        self,
        scope: Construct,
        id_: str,
        states: Mapping[str, State],
        *,
        start: str,
        comment: str,
        timeout_seconds: int,
    ) -> Workflow:
        """Make the state machine of `states`, which begins at `start`."""
        return Workflow(
            scope,
            id_,
            definition=machine(start, states, comment=comment, timeout_seconds=timeout_seconds),
            key=self.storage.keys.services,
            log_retention=self.log_retention,
        )
