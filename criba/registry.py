"""The model registry: which versions there are, their figures, which one is in production, and deciding on them."""

import json
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from criba import runs
from criba.aws import Aws
from criba.errors import BadInput, CribaError
from criba.ledgers import read_json
from criba.runs import Started

APPROVED, REJECTED, PENDING = "Approved", "Rejected", "PendingManualApproval"
_LONGEST_REASON = 1024


@dataclass(frozen=True)
class Package:
    """One version of the model: who decided what about it and why, and where its evaluation and its card lie."""

    version: int
    arn: str
    approval: str
    reason: str | None
    decided_by: str | None
    created_at: str
    evaluation: str | None
    card: str | None

    def summary(self) -> dict[str, Any]:
        """What `models show --json` tells."""
        return asdict(self)


def packages(aws: Aws) -> list[Package]:
    """Every version, the newest one first."""
    pages = aws.sagemaker.get_paginator("list_model_packages").paginate(
        ModelPackageGroupName=aws.deployment.model_package_group, SortBy="CreationTime", SortOrder="Descending"
    )
    arns = [one["ModelPackageArn"] for page in pages for one in page["ModelPackageSummaryList"]]
    return sorted((_read(aws, arn) for arn in arns), key=lambda one: one.version, reverse=True)


def package(aws: Aws, version: int) -> Package:
    """One version. Raises CribaError when there is none of that number."""
    for one in packages(aws):
        if one.version == version:
            return one
    raise CribaError(f"there is no version {version} of the model. See them all with: criba models list")


def champion(aws: Aws) -> dict[str, Any] | None:
    """What the champion parameter says of the version in production, or None before the first promotion."""
    try:
        value = aws.ssm.get_parameter(Name=aws.deployment.champion_parameter)["Parameter"]["Value"]
    except ClientError as error:
        if error.response["Error"]["Code"] == "ParameterNotFound":
            return None
        raise
    return dict(json.loads(value))


def evaluation(aws: Aws, one: Package) -> dict[str, Any] | None:
    """How the version did on its test set, beside the champion of that day; None when the file is not there."""
    if one.evaluation is None:
        return None
    where = urlsplit(one.evaluation)
    found = read_json(aws, where.netloc, where.path.lstrip("/"))
    return dict(found) if found is not None else None


def decide(aws: Aws, version: int, approval: str, reason: str) -> Package:
    """Approve or reject a version, with the reason on record. Raises BadInput and CribaError."""
    reason = check_reason(reason)
    one = package(aws, version)
    if one.approval == approval:
        raise CribaError(
            f"version {version} is {approval} already, by {one.decided_by or 'unknown'}. To decide anew, first: "
            f"criba models {'reject' if approval == APPROVED else 'approve'} {version}"
        )
    aws.sagemaker.update_model_package(
        ModelPackageArn=one.arn, ModelApprovalStatus=approval, ApprovalDescription=reason
    )
    return _read(aws, one.arn)


def roll_back(aws: Aws, version: int, reason: str) -> Started:
    """Start **promote** on an earlier approved version; the reason goes into the execution's input."""
    reason = check_reason(reason)
    one = package(aws, version)
    if one.approval != APPROVED:
        raise CribaError(f"version {version} is {one.approval}: only an approved version can be put into production")
    now = champion(aws)
    if now and now["package_arn"] == one.arn:
        raise CribaError(f"version {version} is in production already")
    return runs.start(aws, "promote", kind="rollback", wanted={"model_package_arn": one.arn, "reason": reason})


def check_reason(reason: str) -> str:
    """`reason` without the spaces around it. Raises BadInput when nothing is left, or more than SageMaker keeps."""
    if not reason.strip():
        raise BadInput("the reason is empty: say in a few words why, others will read it")
    if len(reason.strip()) > _LONGEST_REASON:
        raise BadInput(f"the reason has {len(reason.strip())} characters: SageMaker keeps {_LONGEST_REASON} at most")
    return reason.strip()


def _read(aws: Aws, arn: str) -> Package:
    told = aws.sagemaker.describe_model_package(ModelPackageName=arn)
    quality = told.get("ModelMetrics", {}).get("ModelQuality", {}).get("Statistics", {}).get("S3Uri")
    decided_by = told.get("LastModifiedBy", {}).get("IamIdentity", {}).get("Arn")
    return Package(
        version=int(told["ModelPackageVersion"]),
        arn=arn,
        approval=told["ModelApprovalStatus"],
        reason=told.get("ApprovalDescription"),
        decided_by=decided_by if told["ModelApprovalStatus"] != PENDING else None,
        created_at=told["CreationTime"].isoformat(),
        evaluation=quality and f"{quality.rpartition('/')[0]}/evaluation.json",
        card=told.get("CustomerMetadataProperties", {}).get("model_card"),
    )
