"""Rights: what people may do, each right a few statements for one thing that they do in their work."""

from collections.abc import Mapping, Sequence
from typing import Any

from aws_cdk import ArnFormat, Aws, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from pipeline_code import contracts as names
from stacks.constructs.identity import BREAK_GLASS
from stacks.pipeline import PipelineStack
from stacks.storage import StorageStack

Statements = list[iam.PolicyStatement]

RAW = (names.RAW_MESSAGES, names.RAW_LABELS, names.RAW_GROUND_TRUTH)
RESULTS = (names.CURATED_MESSAGES, names.CURATED_LABELLED, names.TRAINING, names.RUNS)
"""What everybody reads of the curated bucket: redacted messages, and what runs counted."""

BOOTSTRAP = "cdk-hnb659fds"
"""How the roles begin that `cdk bootstrap` makes."""

LINEAGE = ("started_by", "run_id", "data_hash", "code_version", "image_digest")
"""What a training run has said of a version, and nobody may say otherwise; `started_by` decides who may approve."""


class Rights:
    """The rights of one environment; each method's name says what its statements let a person do."""

    def __init__(self, scope: Construct, environment: str, storage: StorageStack, pipeline: PipelineStack) -> None:
        self._stack = Stack.of(scope)
        self._environment = environment
        self._storage, self._pipeline = storage, pipeline

    def find_the_stacks(self) -> Statements:
        stacks = self._arn("cloudformation", "stack", names.stack_name(self._environment, "*/*"))
        return [_allow("FindTheStacks", "cloudformation:DescribeStacks", on=[stacks])]

    def see_runs(self, workflows: Sequence[str]) -> Statements:
        """List and describe executions, read their histories, and what they were given, which our key encrypts."""
        machines = [self._machine(name) for name in workflows]
        arns = [one.state_machine_arn for one in machines]
        context = {"StringEquals": {"kms:EncryptionContext:aws:states:stateMachineArn": arns}}
        return [
            _allow("ListRuns", "states:ListExecutions", on=arns),
            _allow(
                "SeeRuns",
                "states:DescribeExecution",
                "states:GetExecutionHistory",
                on=[self._executions(one) for one in machines],
            ),
            _allow("ReadRunsInput", "kms:Decrypt", on=[self._storage.keys.services.key_arn], when=context),
        ]

    def see_models(self) -> Statements:
        return [
            _allow("SeeModels", "sagemaker:DescribeModelPackage", "sagemaker:ListModelPackages", on=[self._packages()]),
            self._use_key("ReadEncryptedModels", "kms:Decrypt", service="sagemaker"),
            _allow("SeeTheChampion", "ssm:GetParameter", on=[self._pipeline.platform.champion_arn]),
        ]

    def read_results(self) -> Statements:
        """Redacted messages, predictions, models and reports."""
        here = self._storage
        read = [here.curated.arn_for_objects(f"{prefix}/*") for prefix in RESULTS]
        read += [one.arn_for_objects("*") for one in (here.predictions, here.models, here.monitoring)]
        return [
            _allow("ReadResults", "s3:GetObject", on=read),
            self._list("ListCurated", here.curated, RESULTS),
            _allow(
                "ListResults",
                "s3:ListBucket",
                on=[one.bucket_arn for one in (here.predictions, here.models, here.monitoring)],
            ),
            self._use_key("ReadEncrypted", "kms:Decrypt"),
        ]

    def see_alarms(self) -> Statements:
        # CloudWatch tells of composite alarms only to those who may describe all alarms.
        return [_allow("SeeAlarms", "cloudwatch:DescribeAlarms", on=["*"])]

    def check_and_audit(self, topics: Sequence[sns.ITopic]) -> Statements:
        """See whether people are reached, and who did what by the trail."""
        numbers = (
            *("CheckIfPhoneNumberIsOptedOut", "GetSMSAttributes", "GetSMSSandboxAccountStatus"),
            *("ListOriginationNumbers", "ListSMSSandboxPhoneNumbers"),
        )
        return [
            _allow("SeeSubscriptions", "sns:ListSubscriptionsByTopic", on=[one.topic_arn for one in topics]),
            # AWS gives these actions no type of resource.
            _allow("SeeSms", *(f"sns:{name}" for name in numbers), on=["*"]),
            _allow("LookUpEvents", "cloudtrail:LookupEvents", on=["*"]),
        ]

    def query(self) -> Statements:
        """Ask Athena, in the one workgroup, which leaves its results where they expire."""
        catalog = self._storage.catalog
        database = [self._arn("glue", "catalog", None), self._arn("glue", "database", catalog.database.ref)]
        tables = self._arn("glue", "table", f"{catalog.database.ref}/*")
        return [
            _allow(
                "Query",
                *(f"athena:{name}QueryExecution" for name in ("Get", "Start", "Stop")),
                "athena:GetQueryResults",
                "athena:GetWorkGroup",
                on=[self._arn("athena", "workgroup", catalog.workgroup.name)],
            ),
            _allow("SeeDatabase", "glue:GetDatabase", on=database),
            _allow("SeeTables", "glue:GetTable", "glue:GetTables", on=[*database, tables]),
            _allow(
                "KeepResults",
                "s3:PutObject",
                "s3:AbortMultipartUpload",
                on=[self._storage.predictions.arn_for_objects(f"{names.QUERY_RESULTS}/*")],
            ),
            _allow("FindResults", "s3:GetBucketLocation", on=[self._storage.predictions.bucket_arn]),
            self._use_key("WriteEncryptedResults", "kms:GenerateDataKey"),
        ]

    def reconcile(self) -> Statements:
        """Set what all runs counted against the lake: the job writes nothing but what it found."""
        return [self._run_job("ReconcileRuns", self._pipeline.reconcile.name)]

    def start(self, *workflows: str) -> Statements:
        machines = [self._machine(name) for name in workflows]
        return [
            _allow("StartRuns", "states:StartExecution", on=[one.state_machine_arn for one in machines]),
            _allow("RedriveRuns", "states:RedriveExecution", on=[self._executions(one) for one in machines]),
        ]

    def read_raw(self, *, break_glass: bool = False) -> Statements:
        """Messages and labels as the sources wrote them; `break_glass`: only in a session that was tagged for it."""
        tagged = {"StringEquals": {f"aws:PrincipalTag/{BREAK_GLASS}": "yes"}} if break_glass else {}
        raw = self._storage.raw
        return [
            _allow("ReadRaw", "s3:GetObject", on=[raw.arn_for_objects(f"{one}/*") for one in RAW], when=tagged),
            self._list("ListRaw", raw, RAW, when=tagged),
        ]

    def land(self, *prefixes: str) -> Statements:
        """Upload below these prefixes of the raw bucket, in pieces where a file is large."""
        return [
            _allow(
                "Land",
                "s3:PutObject",
                "s3:AbortMultipartUpload",
                on=[self._storage.raw.arn_for_objects(f"{prefix}/*") for prefix in prefixes],
            ),
            # The pieces of an upload are decrypted when they are put together.
            self._use_key("LandEncrypted", "kms:GenerateDataKey", "kms:Decrypt"),
        ]

    def land_redriven(self) -> Statements:
        """Land records out of a quarantine again, and nothing else."""
        again = self._storage.raw.arn_for_objects(f"{names.RAW_MESSAGES}/source=*/date=*/redriven-*")
        return [
            _allow("LandRedriven", "s3:PutObject", on=[again]),
            self._use_key("LandEncrypted", "kms:GenerateDataKey", "kms:Decrypt"),
        ]

    def bring_back(self) -> Statements:
        """Read the quarantine, and write the tickets of records that leave it."""
        curated, kept = self._storage.curated, (names.QUARANTINE, names.REDRIVEN)
        return [
            _allow("ReadQuarantine", "s3:GetObject", on=[curated.arn_for_objects(f"{one}/*") for one in kept]),
            self._list("ListQuarantine", curated, kept),
            _allow("WriteTickets", "s3:PutObject", on=[curated.arn_for_objects(f"{names.REDRIVEN}/*")]),
        ]

    def ask_for_erasure(self) -> Statements:
        """Write a request and its ids, and see what has become of it."""
        curated = self._storage.curated
        papers = [f"{names.ERASURES}/*/{name}" for name in ("ids.json", "request.json")]
        return [
            _allow("AskForErasure", "s3:PutObject", on=[curated.arn_for_objects(one) for one in papers]),
            _allow("SeeErasures", "s3:GetObject", on=[curated.arn_for_objects(f"{names.ERASURES}/*")]),
            self._list("ListErasures", curated, (names.ERASURES,)),
            self._use_key("WriteEncryptedRequests", "kms:GenerateDataKey"),
        ]

    def erase(self) -> Statements:
        """Approve a request and run the job that carries it out."""
        approval = self._storage.curated.arn_for_objects(f"{names.ERASURES}/*/approval.json")
        return [
            _allow("ApproveErasures", "s3:PutObject", on=[approval]),
            self._run_job("Erase", self._pipeline.erase.name),
        ]

    def register_for_approval(self) -> Statements:
        """Register a version, which waits for an ML Engineer; reading its artefact and its image is part of that."""
        pending = {"StringEquals": {"sagemaker:ModelApprovalStatus": "PendingManualApproval"}}
        other = {"StringNotEquals": {"sagemaker:ModelApprovalStatus": "PendingManualApproval"}}
        return [
            _allow(
                "RegisterPending",
                "sagemaker:CreateModelPackage",
                on=[self._packages()],
                when=pending,
            ),
            _allow("NameTheImage", "ecr:BatchGetImage", on=[self._storage.repository.repository_arn]),
            _deny("NeverRegisterApproved", "sagemaker:CreateModelPackage", when=other),
            _deny("NeverApprove", "sagemaker:UpdateModelPackage"),
        ]

    def approve_as_somebody_else(self) -> Statements:
        """Approve or reject, under one's own name, no version of a run that one has started, and change nothing else.

        The name of the run's starter is the session's, at the end of an ARN.
        """
        decision = {"StringEquals": {"sagemaker:ModelApprovalStatus": ["Approved", "Rejected"]}}
        nameless = {"Null": {"aws:SourceIdentity": "true"}}
        own = {"StringLike": {"sagemaker:CurrentCustomerMetadataProperties/started_by": "*/${aws:SourceIdentity}"}}
        removing = {"ForAnyValue:StringEquals": {"sagemaker:CustomerMetadataPropertiesToRemove": list(LINEAGE)}}
        return [
            _allow("Decide", "sagemaker:UpdateModelPackage", on=[self._packages()], when=decision),
            _deny("NeverWithoutAName", "sagemaker:UpdateModelPackage", when=nameless),
            _deny("NeverOnesOwnRun", "sagemaker:UpdateModelPackage", when=own),
            *(
                _deny(
                    f"NeverRewrite{name.title().replace('_', '')}",
                    "sagemaker:UpdateModelPackage",
                    when={"Null": {f"sagemaker:CustomerMetadataProperties/{name}": "false"}},
                )
                for name in LINEAGE
            ),
            _deny("NeverRemoveLineage", "sagemaker:UpdateModelPackage", when=removing),
            _deny("NeverRegister", "sagemaker:CreateModelPackage"),
        ]

    def never_register_or_approve(self) -> Statements:
        return [_deny("NeverRegisterOrApprove", "sagemaker:CreateModelPackage", "sagemaker:UpdateModelPackage")]

    def deploy(self) -> Statements:
        """Change jobs, workflows and roles the one way there is: as the roles that `cdk bootstrap` made."""
        tail = f"{Aws.ACCOUNT_ID}-{Aws.REGION}"
        roles = [
            f"arn:{Aws.PARTITION}:iam::{Aws.ACCOUNT_ID}:role/{BOOTSTRAP}-{name}-role-{tail}"
            for name in ("deploy", "file-publishing", "lookup")
        ]
        # A session's source identity goes with it, so the role that it takes must be let to bear it.
        return [_allow("Deploy", "sts:AssumeRole", "sts:SetSourceIdentity", on=roles)]

    def delete_buckets_and_keys(self) -> Statements:
        """End what deployments keep for good; a key can still be saved for thirty days."""
        here = self._storage
        keys = [here.keys.data.key_arn, here.keys.services.key_arn]
        slowly = {"NumericGreaterThanEquals": {"kms:ScheduleKeyDeletionPendingWindowInDays": "30"}}
        buckets = (here.raw, here.curated, here.models, here.predictions, here.monitoring)
        return [
            _allow("DeleteBuckets", "s3:DeleteBucket", on=[one.bucket_arn for one in buckets]),
            _allow("DeleteKeys", "kms:ScheduleKeyDeletion", on=keys, when=slowly),
            _allow("SaveKeys", "kms:CancelKeyDeletion", on=keys),
        ]

    def _use_key(self, sid: str, *actions: str, service: str = "s3") -> iam.PolicyStatement:
        """The data key, through one service only."""
        through = {"StringEquals": {"kms:ViaService": f"{service}.{Aws.REGION}.amazonaws.com"}}
        return _allow(sid, *actions, on=[self._storage.keys.data.key_arn], when=through)

    def _run_job(self, sid: str, job: str) -> iam.PolicyStatement:
        return _allow(sid, "glue:StartJobRun", "glue:GetJobRun", on=[self._arn("glue", "job", job)])

    def _list(
        self, sid: str, bucket: s3.IBucket, prefixes: Sequence[str], *, when: Mapping[str, Any] | None = None
    ) -> iam.PolicyStatement:
        """List below these prefixes; who may list is told 404 of a missing key, and that look names no prefix."""
        below = {"StringLikeIfExists": {"s3:prefix": [f"{one}{end}" for one in prefixes for end in ("", "/*")]}}
        return _allow(sid, "s3:ListBucket", on=[bucket.bucket_arn], when={**below, **(when or {})})

    def _machine(self, workflow: str) -> sfn.StateMachine:
        machine: sfn.StateMachine = getattr(self._pipeline, workflow)
        return machine

    def _executions(self, machine: sfn.StateMachine) -> str:
        name = f"{machine.state_machine_name}:*"
        return self._arn("states", "execution", name, ArnFormat.COLON_RESOURCE_NAME)

    def _packages(self) -> str:
        group = self._storage.model_packages.model_package_group_name
        return self._arn("sagemaker", "model-package", f"{group}/*")

    def _arn(self, service: str, kind: str, name: str | None, form: ArnFormat = ArnFormat.SLASH_RESOURCE_NAME) -> str:
        if name is None:
            return self._stack.format_arn(service=service, resource=kind, arn_format=ArnFormat.NO_RESOURCE_NAME)
        return self._stack.format_arn(service=service, resource=kind, resource_name=name, arn_format=form)


def _allow(sid: str, *actions: str, on: Sequence[str], when: Mapping[str, Any] | None = None) -> iam.PolicyStatement:
    return iam.PolicyStatement(sid=sid, actions=list(actions), resources=list(on), conditions=dict(when or {}))


def _deny(sid: str, *actions: str, when: Mapping[str, Any] | None = None) -> iam.PolicyStatement:
    return iam.PolicyStatement(
        sid=sid, effect=iam.Effect.DENY, actions=list(actions), resources=["*"], conditions=dict(when or {})
    )
