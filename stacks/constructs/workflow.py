"""Workflow: a state machine written in JSONata, logged, traced and encrypted, and the statements its role needs."""

from collections.abc import Mapping, Sequence
from typing import Any

from aws_cdk import ArnFormat, Duration, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct


class Workflow(Construct):
    """One Standard state machine; what it may do is granted beside the states that do it."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        definition: Mapping[str, Any],
        key: kms.IKey,
        log_retention: logs.RetentionDays,
    ) -> None:
        super().__init__(scope, id_)
        self.name = name = f"{Stack.of(self).stack_name}-{id_}"
        self.role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal(
                "states.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": Stack.of(self).account}}
            ),
        )
        self.machine = sfn.StateMachine(
            self,
            "Machine",
            # Named: CDK writes the name into the role's own right to the key, where a generated one would be empty.
            state_machine_name=name,
            role=self.role,
            definition_body=sfn.DefinitionBody.from_string(Stack.of(self).to_json_string(definition)),
            tracing_enabled=True,
            encryption_configuration=sfn.CustomerManagedEncryptionConfiguration(key, Duration.minutes(5)),
            logs=sfn.LogOptions(
                # Execution data stay out of the logs: inputs name people.
                level=sfn.LogLevel.ALL,
                include_execution_data=False,
                destination=logs.LogGroup(
                    self,
                    "Log",
                    # Groups below this prefix do not fill the account's one resource policy of log delivery.
                    log_group_name=f"/aws/vendedlogs/states/{name}",
                    encryption_key=key,
                    retention=log_retention,
                    removal_policy=RemovalPolicy.DESTROY,
                ),
            ),
        )
        self.states: Mapping[str, Any] = definition["States"]

    def allow(self, *actions: str, on: Sequence[str], when: Mapping[str, Any] | None = None) -> None:
        """Add one statement to the role."""
        self.role.add_to_policy(
            iam.PolicyStatement(actions=list(actions), resources=list(on), conditions=dict(when) if when else None)
        )

    def allow_reading(self, bucket: s3.IBucket, *patterns: str) -> None:
        self.allow("s3:GetObject", on=[bucket.arn_for_objects(pattern) for pattern in patterns])

    def allow_writing(self, bucket: s3.IBucket, *patterns: str) -> None:
        self.allow("s3:PutObject", on=[bucket.arn_for_objects(pattern) for pattern in patterns])

    def allow_sagemaker_job(self, kind: str, prefix: str) -> None:
        """What `.sync` needs for one kind of job: create, watch, stop, tag, and the managed rule that wakes it."""
        stack = Stack.of(self)
        noun = f"{kind.capitalize()}Job"
        self.allow(
            f"sagemaker:Create{noun}",
            f"sagemaker:Describe{noun}",
            f"sagemaker:Stop{noun}",
            "sagemaker:AddTags",
            "sagemaker:ListTags",
            on=[stack.format_arn(service="sagemaker", resource=f"{kind}-job", resource_name=f"{prefix}*")],
        )
        self.allow_waking(f"SageMaker{noun}s")

    def allow_waking(self, by: str) -> None:
        """Let Step Functions keep the managed rule that wakes a state which waits with `.sync`."""
        rule = Stack.of(self).format_arn(
            service="events",
            resource="rule",
            resource_name=f"StepFunctionsGetEventsFor{by}Rule",
            arn_format=ArnFormat.SLASH_RESOURCE_NAME,
        )
        self.allow("events:PutTargets", "events:PutRule", "events:DescribeRule", on=[rule])

    def allow_looking_back(self) -> None:
        """Read the history of its own executions; by its name, for the machine waits for this very policy."""
        self._allow_history([self.name])

    def allow_reading_history(self, machines: Sequence[sfn.StateMachine]) -> None:
        """Read the history of other machines' executions, beside `allow_looking_into`."""
        self._allow_history([machine.state_machine_name for machine in machines])

    def _allow_history(self, names: Sequence[str]) -> None:
        self.allow("states:GetExecutionHistory", on=[self._executions_of(name) for name in names])

    def _executions_of(self, name: str) -> str:
        return Stack.of(self).format_arn(
            service="states",
            resource="execution",
            resource_name=f"{name}:*",
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )

    def allow_looking_into(self, machines: Sequence[sfn.StateMachine], key: kms.IKey) -> None:
        """Describe executions of other machines; what an encrypted one was given is read with its key."""
        self.allow(
            "states:DescribeExecution", on=[self._executions_of(machine.state_machine_name) for machine in machines]
        )
        arns = [machine.state_machine_arn for machine in machines]
        self.allow(
            "kms:Decrypt",
            on=[key.key_arn],
            when={"StringEquals": {"kms:EncryptionContext:aws:states:stateMachineArn": arns}},
        )

    def allow_encrypting_volumes(self, key: kms.IKey) -> None:
        """Let SageMaker use `key` for the volumes of the jobs that this workflow asks for."""
        self.allow("kms:DescribeKey", on=[key.key_arn])
        self.allow("kms:CreateGrant", on=[key.key_arn], when={"Bool": {"kms:GrantIsForAWSResource": "true"}})

    def allow_publishing_metrics(self, namespace: str) -> None:
        self.allow(
            "cloudwatch:PutMetricData",
            on=["*"],  # AWS gives this action no resource type; the namespace narrows it
            when={"StringEquals": {"cloudwatch:namespace": namespace}},
        )

    def allow_passing(self, role: iam.IRole, *, to: str) -> None:
        """Let the workflow hand `role` to one service, and to no other."""
        self.allow("iam:PassRole", on=[role.role_arn], when={"StringEquals": {"iam:PassedToService": to}})
