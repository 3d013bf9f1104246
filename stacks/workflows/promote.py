"""promote: an approved model package in, the champion out. Started directly on an earlier package, it rolls back."""

from aws_cdk import Stack
from constructs import Construct

from pipeline_code.contracts import (
    BASELINE,
    BASELINE_FILES,
    EVALUATIONS,
    QUALITY_FILES,
    RUNS,
    baseline_prefix,
    evaluation_prefix,
)
from stacks.workflows import model_monitor
from stacks.workflows.ledger import CLOSE, INPUT, begin, end, tell
from stacks.workflows.platform import Platform
from stacks.workflows.states import State, States, choice, fail, jsonata, note, read_package, task

APPROVER = "$package.LastModifiedBy.IamIdentity.Arn"
TRAINED_BY = "$package.CustomerMetadataProperties.run_id"
NAME = "$package.LastModifiedBy.IamIdentity.SourceIdentity"
"""The person's name, where the session that approved bears it."""
STARTER = "$package.CustomerMetadataProperties.started_by"
CONTAINER = "$package.InferenceSpecification.Containers[0]"


class PromoteWorkflow(Construct):
    """The state machine of **promote** and what its role may do."""

    def __init__(self, scope: Construct, id_: str, *, platform: Platform) -> None:
        super().__init__(scope, id_)
        self.platform = platform
        states = {**begin("Read the package"), **self._approval(), **self._model(), **self._champion()}
        if platform.settings.model_monitor_schedules:
            states |= model_monitor.schedules(platform, next_="Tell people")
        states |= end("promote", platform)
        self.workflow = platform.workflow(
            self, "Promote", states, start="Begin", comment="Promote an approved model", timeout_seconds=3600
        )
        self._grant()

    def _approval(self) -> States:
        """Read the package again, since events repeat and arrive late, and see that its approval is in order."""
        return {
            "Read the package": read_package(f"{INPUT}.model_package_arn", next_="May it be promoted?"),
            "May it be promoted?": choice(
                (
                    f"$package.ModelApprovalStatus != 'Approved' and {INPUT}.trigger.kind = 'approval'",
                    "Approval withdrawn",
                ),
                ("$package.ModelApprovalStatus != 'Approved'", "Refuse an unapproved model"),
                (
                    "$not($exists($package.ApprovalDescription)) or $trim($package.ApprovalDescription) = ''",
                    "Refuse without a reason",
                ),
                (
                    f"$exists({NAME}) and {NAME} = {_person(STARTER)} or {_person(APPROVER)} = {_person(STARTER)}",
                    "Refuse a self-approval",
                ),
                default="Look for the model",
            ),
            "Approval withdrawn": note(CLOSE, outcome="Approval withdrawn"),
            "Refuse an unapproved model": fail(
                "Criba.NotApproved",
                "'version ' & $string($package.ModelPackageVersion) & ' is ' & $package.ModelApprovalStatus"
                " & ': approve it first'",
            ),
            "Refuse without a reason": fail(
                "Criba.NoReason",
                "'version ' & $string($package.ModelPackageVersion)"
                " & ' was approved without a reason: approve it again and say why'",
            ),
            "Refuse a self-approval": fail(
                "Criba.SelfApproval",
                f"{APPROVER} & ' started the training run of version ' & $string($package.ModelPackageVersion)"
                " & ' and cannot approve it: ask another ML Engineer'",
            ),
        }

    def _model(self) -> States:
        """Make the version's model, once: a roll back finds it there."""
        here = self.platform
        name = f"'{here.prefix}v' & $string($package.ModelPackageVersion)"
        found = {
            "model_name": jsonata(name),
            "existing": jsonata("$states.result.PrimaryContainer.ModelPackageName"),
        }
        return {
            "Look for the model": task(
                "aws-sdk:sagemaker:describeModel",
                {"ModelName": jsonata(name)},
                assign=found,
                # SageMaker has no error of its own for a model that is not there.
                catch={"SageMaker.SageMakerException": "Create the model"},
                next_="Is it this model?",
            ),
            "Create the model": task(
                "sagemaker:createModel",
                {
                    "ModelName": jsonata(name),
                    "ExecutionRoleArn": here.model_role.role_arn,
                    "PrimaryContainer": {"ModelPackageName": jsonata("$package.ModelPackageArn")},
                    "EnableNetworkIsolation": True,
                    **here.vpc_config,
                },
                assign={"model_name": jsonata(name)},
                # It may have been made by a call whose answer was lost.
                catch={"SageMaker.AmazonSageMakerException": "Look for the model again"},
                next_="Keep its figures",
            ),
            "Look for the model again": task(
                "aws-sdk:sagemaker:describeModel",
                {"ModelName": jsonata(name)},
                assign=found,
                next_="Is it this model?",
            ),
            "Is it this model?": choice(
                ("$existing = $package.ModelPackageArn", "Keep its figures"), default="Refuse another's model"
            ),
            "Refuse another's model": fail(
                "Criba.ModelExists", "$model_name & ' exists and is made of ' & $existing & ': delete it, then redrive'"
            ),
        }

    def _champion(self) -> States:
        here = self.platform
        (statistics, constraints), (figures, bounds) = BASELINE_FILES, QUALITY_FILES
        return {
            "Keep its figures": self._copied(figures, next_="Keep its bounds"),
            "Keep its bounds": self._copied(bounds, next_="Keep its baseline"),
            "Keep its baseline": self._copied(statistics, next_="Keep its limits"),
            "Keep its limits": {
                **self._copied(constraints, next_="Point to the champion"),
                "Assign": {"model": self._pointer(), "outcome": "Model promoted"},
            },
            "Point to the champion": task(
                "aws-sdk:ssm:putParameter",
                {"Name": here.champion, "Type": "String", "Overwrite": True, "Value": jsonata("$string($model)")},
                next_=model_monitor.FIRST if here.settings.model_monitor_schedules else "Tell people",
            ),
            "Tell people": tell(
                here.bus.event_bus_name,
                "ModelPromoted",
                {
                    "run_id": jsonata("$run_id"),
                    "version": jsonata("$string($model.version)"),
                    "approved_by": jsonata("$model.approved_by"),
                },
                next_=CLOSE,
            ),
        }

    def _copied(self, file: str, *, next_: str) -> State:
        """Copy a file of the baseline that the evaluation has made to where the monitor looks for the version's."""
        storage = self.platform.storage
        evaluated = evaluation_prefix(f"' & {TRAINED_BY} & '")
        kept = baseline_prefix("' & $string($package.ModelPackageVersion) & '")
        return task(
            "aws-sdk:s3:copyObject",
            {
                "CopySource": jsonata(f"'{storage.models.bucket_name}/{evaluated}/{BASELINE}/{file}'"),
                "Bucket": storage.monitoring.bucket_name,
                "Key": jsonata(f"'{kept}/{file}'"),
            },
            next_=next_,
        )

    def _pointer(self) -> State:
        """What the champion parameter says."""
        return {
            "version": jsonata("$string($package.ModelPackageVersion)"),
            "package_arn": jsonata("$package.ModelPackageArn"),
            "model_name": jsonata("$model_name"),
            "model_data": jsonata(f"{CONTAINER}.ModelDataUrl"),
            "image": jsonata(f"{CONTAINER}.Image"),
            "promoted_at": jsonata("$states.context.State.EnteredTime"),
            "approved_by": jsonata(f"$exists({APPROVER}) ? {APPROVER} : 'unknown'"),
            "run_id": jsonata("$run_id"),
            "trained_by": jsonata(TRAINED_BY),
        }

    def _grant(self) -> None:
        here, work, stack = self.platform, self.workflow, Stack.of(self)
        group = here.storage.model_packages.model_package_group_name
        package = stack.format_arn(service="sagemaker", resource="model-package", resource_name=f"{group}/*")
        model = stack.format_arn(service="sagemaker", resource="model", resource_name=f"{here.prefix}*")
        work.allow("sagemaker:DescribeModelPackage", on=[package])
        work.allow("sagemaker:CreateModel", "sagemaker:DescribeModel", "sagemaker:AddTags", on=[model])
        work.allow_passing(here.model_role, to="sagemaker.amazonaws.com")
        work.allow_reading(here.storage.models, f"{EVALUATIONS}/*/{BASELINE}/*")
        work.allow_writing(here.storage.monitoring, f"{BASELINE}/*")
        work.allow_writing(here.storage.curated, f"{RUNS}/promote/*/ledger.json")
        work.allow_looking_back()
        work.allow("kms:Decrypt", "kms:GenerateDataKey", on=[here.storage.keys.data.key_arn])
        work.allow("ssm:PutParameter", on=[here.champion_arn])
        if here.settings.model_monitor_schedules:
            model_monitor.grant(self, work, here)
        here.bus.grant_put_events_to(work.role)


def _person(arn: str) -> str:
    """The person whom an ARN names, as contracts.same_person has it: sessions of two roles may be one person's."""
    return f"($parts := $split({arn}, '/'); $parts[-1] = 'local' ? {arn} : $parts[-1])"
