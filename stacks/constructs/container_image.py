"""ContainerImage: the one image of all SageMaker jobs: given by digest, or built by CodeBuild at deploy."""

from pathlib import Path

import aws_cdk as cdk
from aws_cdk import CustomResource, Duration, Stack
from aws_cdk import aws_codebuild as codebuild
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3_assets as assets
from constructs import Construct

STARTER = Path(__file__).with_name("image_build_starter.py")

# The build answers CloudFormation itself when it ends, with the digest that ECR gave the pushed image: no function
# waits for it, and a failed build fails the deployment with the build's own log address.
BUILDSPEC = {
    "version": "0.2",
    # SageMaker wants an image, not the index that attestations would make of it.
    "env": {"shell": "bash", "variables": {"BUILDX_NO_DEFAULT_ATTESTATIONS": "1"}},
    "phases": {
        "build": {  # post_build, which answers, runs after a failed build but not after a failed pre_build
            "commands": [
                'aws ecr get-login-password | docker login --username AWS --password-stdin "${REPOSITORY%%/*}"',
                'if ! aws ecr describe-images --repository-name "${REPOSITORY#*/}" --image-ids imageTag="$TAG"; then '
                'docker build --tag "$REPOSITORY:$TAG" . '
                '&& docker push "$REPOSITORY:$TAG"; fi',
            ]
        },
        "post_build": {
            "commands": [
                'DIGEST=$(aws ecr describe-images --repository-name "${REPOSITORY#*/}" --image-ids imageTag="$TAG" '
                "--query 'imageDetails[0].imageDigest' --output text || true)",
                'STATUS=$([ -n "$DIGEST" ] && echo SUCCESS || echo FAILED)',
                'jq -n --arg status "$STATUS" --arg digest "$DIGEST" \'{Status: $status, '
                'Reason: ("image build, log " + env.CODEBUILD_LOG_PATH), PhysicalResourceId: env.PHYSICAL_ID, '
                "StackId: env.STACK_ID, RequestId: env.REQUEST_ID, LogicalResourceId: env.LOGICAL_ID, "
                "Data: {Digest: $digest}}' > answer.json",
                'curl --fail --silent --show-error --retry 5 --request PUT --upload-file answer.json "$RESPONSE_URL"',
            ]
        },
    },
}


class ContainerImage(Construct):
    """An image in our repository, named by digest: what SageMaker runs cannot change under its name."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        repository: ecr.IRepository,
        digest: str | None,
        source: Path,
        data_key: kms.IKey,
        logs_key: kms.IKey,
    ) -> None:
        super().__init__(scope, id_)
        self.digest = digest or self._build(repository, source, data_key, logs_key)
        self.uri = f"{repository.repository_uri}@{self.digest}"

    def _build(self, repository: ecr.IRepository, source: Path, data_key: kms.IKey, logs_key: kms.IKey) -> str:
        """Build `source` once for each content; returns the pushed image's digest, a token."""
        context = assets.Asset(
            self, "Source", path=str(source), exclude=["__pycache__"], ignore_mode=cdk.IgnoreMode.GIT
        )
        role = self._role("BuildRole", "codebuild")
        log = self._log("BuildLogs", logs_key)
        project = codebuild.Project(
            self,
            "Build",
            source=codebuild.Source.s3(bucket=context.bucket, path=context.s3_object_key),
            build_spec=codebuild.BuildSpec.from_object(BUILDSPEC),
            environment=codebuild.BuildEnvironment(
                build_image=codebuild.LinuxBuildImage.AMAZON_LINUX_2023_5,
                privileged=True,  # docker build needs it
            ),
            environment_variables={
                "REPOSITORY": codebuild.BuildEnvironmentVariable(value=repository.repository_uri),
                "TAG": codebuild.BuildEnvironmentVariable(value=context.asset_hash),
            },
            encryption_key=data_key,
            timeout=Duration.minutes(30),
            logging=codebuild.LoggingOptions(cloud_watch=codebuild.CloudWatchLoggingOptions(log_group=log)),
            # CDK would add rights to reports, to the key of artefacts and to the whole bucket of assets.
            role=role.without_policy_updates(),
        )
        self._allow_building(role, log, repository, context)
        starter = self._starter(project, logs_key)
        image = CustomResource(
            self,
            "Image",
            service_token=starter.function_arn,
            resource_type="Custom::ContainerImage",
            properties={"Project": project.project_name, "Content": context.asset_hash},
            service_timeout=Duration.minutes(40),
        )
        image.node.add_dependency(project, role)
        cdk.CfnOutput(Stack.of(self), "ImageDigest", value=image.get_att_string("Digest"))
        return image.get_att_string("Digest")

    def _starter(self, project: codebuild.Project, logs_key: kms.IKey) -> lambda_.Function:
        """The function that CloudFormation calls; it starts the build and writes its own log, nothing else."""
        log = self._log("StarterLogs", logs_key)
        role = self._role("StarterRole", "lambda")
        for actions, resource in (
            (["codebuild:StartBuild"], project.project_arn),
            (["logs:CreateLogStream", "logs:PutLogEvents"], log.log_group_arn),
        ):
            role.add_to_policy(iam.PolicyStatement(actions=actions, resources=[resource]))
        starter = lambda_.Function(
            self,
            "Starter",
            runtime=lambda_.Runtime.PYTHON_3_14,
            memory_size=256,
            handler="index.handler",
            code=lambda_.Code.from_inline(STARTER.read_text(encoding="utf-8")),
            timeout=Duration.minutes(1),
            log_group=log,
            role=role.without_policy_updates(),
        )
        starter.node.add_dependency(role)  # its rights too, which CDK does not wait for by itself
        return starter

    def _allow_building(
        self, role: iam.Role, log: logs.LogGroup, repository: ecr.IRepository, source: assets.Asset
    ) -> None:
        """Fetch the source, write the build's log, and push an image layer by layer."""
        pushing = [
            *("BatchCheckLayerAvailability", "BatchGetImage", "CompleteLayerUpload", "DescribeImages"),
            *("InitiateLayerUpload", "PutImage", "UploadLayerPart"),
        ]
        for actions, resource in (
            (["s3:GetObject"], source.bucket.arn_for_objects(source.s3_object_key)),
            (["logs:CreateLogStream", "logs:PutLogEvents"], log.log_group_arn),
            ([f"ecr:{name}" for name in pushing], repository.repository_arn),
            (["ecr:GetAuthorizationToken"], "*"),  # AWS gives this action no resource type
        ):
            role.add_to_policy(iam.PolicyStatement(actions=actions, resources=[resource]))

    def _role(self, id_: str, service: str) -> iam.Role:
        """A role that the service takes for this account only."""
        conditions = {"StringEquals": {"aws:SourceAccount": Stack.of(self).account}}
        return iam.Role(self, id_, assumed_by=iam.ServicePrincipal(f"{service}.amazonaws.com", conditions=conditions))

    def _log(self, id_: str, key: kms.IKey) -> logs.LogGroup:
        return logs.LogGroup(self, id_, retention=logs.RetentionDays.ONE_MONTH, encryption_key=key)
