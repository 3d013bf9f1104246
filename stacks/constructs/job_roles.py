"""JobRoles: what the container runs as: one role for training, evaluation and monitor, one for the model."""

from aws_cdk import Aws, Stack
from aws_cdk import aws_iam as iam
from constructs import Construct

from pipeline_code import contracts as names
from stacks.constructs.reach import Reach
from stacks.network import NetworkStack
from stacks.storage import StorageStack


class JobRoles(Construct):
    """Both read and write through SageMaker only: the containers themselves are isolated from the network."""

    def __init__(
        self, scope: Construct, id_: str, *, storage: StorageStack, network: NetworkStack | None = None
    ) -> None:
        super().__init__(scope, id_)
        self.job = self._role("Job", storage)
        Reach(storage.curated, reads=[names.TRAINING, names.BATCH, names.MEASURING]).grant(self.job)
        Reach(storage.models, reads=[names.TRAINED], writes=[names.TRAINED, names.EVALUATIONS]).grant(self.job)
        Reach(storage.monitoring, reads=[names.BASELINE, names.REPORTS], writes=[names.REPORTS]).grant(self.job)

        self.model = self._role("Model", storage)
        Reach(storage.models, reads=[names.TRAINED]).grant(self.model)
        Reach(storage.curated, reads=[names.BATCH], writes=[names.BATCH]).grant(self.model)
        if network:
            for role in (self.job, self.model):
                network.grant_join(
                    role,
                    *("NetworkInterfaces", "Vpcs", "DhcpOptions", "Subnets", "SecurityGroups"),
                    also=["ec2:CreateNetworkInterfacePermission", "ec2:DeleteNetworkInterfacePermission"],
                )
        if storage.settings.model_monitor_schedules:
            # What Model Monitor has merged lies beside its reports, and is read by the next job.
            captured = [names.CAPTURED, names.MERGED_LATER, names.BASELINE, names.SCHEDULED]
            Reach(storage.monitoring, reads=captured, writes=[names.SCHEDULED]).grant(self.job)
            Reach(storage.monitoring, writes=[names.CAPTURED]).grant(self.model)

    def _role(self, id_: str, storage: StorageStack) -> iam.Role:
        """A role that SageMaker takes for this account: pull our image, use the data key, write logs and metrics."""
        stack = Stack.of(self)
        role = iam.Role(
            self,
            id_,
            assumed_by=iam.ServicePrincipal(
                "sagemaker.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": stack.account}}
            ),
        )
        storage.repository.grant_pull(role)
        key = storage.keys.data.key_arn
        logs = f"arn:{Aws.PARTITION}:logs:{Aws.REGION}:{Aws.ACCOUNT_ID}:log-group:/aws/sagemaker"
        for statement in (
            iam.PolicyStatement(
                sid="UseDataKey",
                actions=["kms:Decrypt", "kms:GenerateDataKey", "kms:DescribeKey"],
                resources=[key],
            ),
            iam.PolicyStatement(
                sid="EncryptVolumes",
                actions=["kms:CreateGrant"],
                resources=[key],
                conditions={"Bool": {"kms:GrantIsForAWSResource": "true"}},
            ),
            iam.PolicyStatement(
                sid="WriteLogs",
                actions=["logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
                resources=[f"{logs}/*"],
            ),
            iam.PolicyStatement(
                sid="PublishJobMetrics",
                actions=["cloudwatch:PutMetricData"],
                resources=["*"],  # AWS gives this action no resource type; the namespace narrows it
                conditions={"StringLike": {"cloudwatch:namespace": "/aws/sagemaker/*"}},
            ),
        ):
            role.add_to_policy(statement)
        return role
