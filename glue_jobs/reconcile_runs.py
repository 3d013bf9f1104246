"""ReconcileRuns: what all runs of score reported, set against what lies in the lake now; the findings as JSON."""

import sys
from collections.abc import Sequence
from typing import Any

from glue_jobs.arguments import bucket_name, job_arguments
from glue_jobs.erasing.papers import erased_since
from glue_jobs.lake.across_runs import reconcile
from glue_jobs.lake.store import write_json
from glue_jobs.session import spark_session
from pipeline_code.contracts import RECONCILIATION


def reconcile_runs(curated: str, predictions: str) -> dict[str, Any]:
    """Write the findings and return them; who started the job says what is wrong."""
    bucket = bucket_name(curated)
    report = reconcile(spark_session("ReconcileRuns"), curated, predictions, erased_since(bucket))
    write_json(bucket, RECONCILIATION, report)
    return report


def main(argv: Sequence[str]) -> None:
    """Run the job and print its report."""
    args = job_arguments(argv, "curated", "predictions")
    bucket_name(args.predictions)
    print(reconcile_runs(args.curated.rstrip("/"), args.predictions.rstrip("/")))


if __name__ == "__main__":
    main(sys.argv[1:])
