"""Reconciliation of all runs: the job that sets their reports against the lake, and what it found."""

from collections.abc import Callable
from typing import Any

from criba import glue_runs, ledgers
from criba.aws import Aws
from criba.errors import CribaError
from pipeline_code.contracts import RECONCILIATION


def reconcile(aws: Aws, told: Callable[[str], None]) -> dict[str, Any]:
    """Run the job and return what it found: runs, finished, messages, current, and `discrepancies` in words."""
    buckets = {name: f"s3://{getattr(aws.deployment, f'{name}_bucket')}" for name in ("curated", "predictions")}
    glue_runs.run(aws, aws.deployment.reconcile_job, buckets, told)
    found = ledgers.read_json(aws, aws.deployment.curated_bucket, RECONCILIATION)
    if found is None:
        raise CribaError(f"the job has left no {RECONCILIATION}: look at its log")
    return dict(found)
