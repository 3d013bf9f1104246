"""Audit: who trained, approved, deployed and scored, with which data and code, put together from what is on record.

Three records that different hands keep: the registry's lineage, the ledgers of runs, and CloudTrail.
"""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from criba import ledgers, registry
from criba.aws import LAPTOP, Aws
from criba.errors import CribaError
from criba.executions import latest_everywhere
from pipeline_code.contracts import RUNS, WORKFLOWS

Record = dict[str, Any]

DECIDING = "UpdateModelPackage"
AROUND = timedelta(minutes=5)
"""How far from the registry's own time a decision is looked for in CloudTrail."""


def of_model(aws: Aws, version: int) -> Record:
    """All that is on record of one version. Raises CribaError when there is none of that number."""
    told = aws.sagemaker.describe_model_package(ModelPackageName=registry.package(aws, version).arn)
    lineage = told.get("CustomerMetadataProperties", {})
    training = ledgers.ledger(aws, "train", lineage.get("run_id", "")) or {}
    return {
        "version": version,
        "package": told["ModelPackageArn"],
        "trained": {
            "run_id": lineage.get("run_id"),
            "by": lineage.get("started_by"),
            "at": told["CreationTime"].isoformat(),
            "data_hash": lineage.get("data_hash"),
            "inputs": (training.get("inputs") or {}).get("list"),
            "code_version": lineage.get("code_version"),
            "image": lineage.get("image_digest"),
        },
        "decided": _decision(told),
        "on_record": list(in_cloudtrail(aws, told)),
        "deployed": [_deployment(one) for one in _ledgers(aws, "promote") if _of_version(one, version)],
        "scored": [_scoring(one) for one in _ledgers(aws, "score") if _of_version(one, version)],
    }


def of_run(aws: Aws, run_id: str) -> Record:
    """All that is on record of one run. Raises CribaError when there is no ledger of it."""
    for workflow in WORKFLOWS:
        if found := ledgers.ledger(aws, workflow, run_id):
            model = found.get("model") or {}
            return {
                "run_id": run_id,
                "workflow": workflow,
                "status": found["status"],
                "started": {"by": found["started_by"], "at": found["started_at"]},
                "ended_at": found["ended_at"],
                "data": (found.get("inputs") or {}).get("list"),
                "code_version": found["code_version"],
                "image": found["image"],
                "accepted_quality": found.get("accepted_quality"),
                "model": model,
                "counts": found.get("counts"),
            }
    under_way = latest_everywhere(aws, run_id)
    what = "has not ended yet" if under_way else "is not known"
    raise CribaError(f"run {run_id} {what}, so it has no ledger. See all runs with: criba runs list")


def _decision(told: Record) -> Record | None:
    if told["ModelApprovalStatus"] == registry.PENDING:
        return None
    return {
        "what": told["ModelApprovalStatus"],
        "by": told.get("LastModifiedBy", {}).get("IamIdentity", {}).get("Arn"),
        "at": told["LastModifiedTime"].isoformat() if "LastModifiedTime" in told else None,
        "why": told.get("ApprovalDescription"),
    }


def in_cloudtrail(aws: Aws, told: Record) -> Iterator[Record]:
    """Decisions on a package as CloudTrail has them, of the last 90 days: who, when, from where, and what."""
    if aws.environment == LAPTOP or "LastModifiedTime" not in told:
        return
    pages = aws.cloudtrail.get_paginator("lookup_events").paginate(
        LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": DECIDING}],
        StartTime=told["CreationTime"],
        EndTime=told["LastModifiedTime"] + AROUND,
    )
    for one in (event for page in pages for event in page["Events"]):
        event = json.loads(one["CloudTrailEvent"])
        given = event.get("requestParameters") or {}
        if given.get("modelPackageArn") == told["ModelPackageArn"]:
            yield {
                "what": given.get("modelApprovalStatus"),
                "by": event["userIdentity"].get("arn"),
                "at": event["eventTime"],
                "from": event.get("sourceIPAddress"),
                "refused": event.get("errorCode"),
            }


def _ledgers(aws: Aws, workflow: str) -> Iterator[Record]:
    """Every closed ledger of a workflow, by the names of its runs."""
    bucket = aws.deployment.curated_bucket
    pages = aws.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{RUNS}/{workflow}/")
    for key in (one["Key"] for page in pages for one in page.get("Contents", [])):
        if key.endswith("/ledger.json") and (found := ledgers.read_json(aws, bucket, key)):
            yield found


def _of_version(ledger: Record, version: int) -> bool:
    return ledger["status"] == "SUCCEEDED" and str((ledger.get("model") or {}).get("version")) == str(version)


def _deployment(ledger: Record) -> Record:
    return {
        "run_id": ledger["run_id"],
        "at": ledger["ended_at"],
        "started_by": ledger["started_by"],
        "approved_by": ledger["model"].get("approved_by"),
    }


def _scoring(ledger: Record) -> Record:
    return {
        "run_id": ledger["run_id"],
        "at": ledger["ended_at"],
        "started_by": ledger["started_by"],
        "published": (ledger.get("counts") or {}).get("published"),
    }
