"""The closed account of a run, and the other JSON files that its steps leave in the curated bucket."""

import json
from typing import Any

from botocore.exceptions import ClientError

from criba.aws import Aws
from pipeline_code.contracts import RunFiles


def read_json(aws: Aws, bucket: str, key: str) -> Any | None:
    """A JSON object of S3, or None when there is none."""
    try:
        body = aws.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    except ClientError as error:
        if error.response["Error"]["Code"] in ("NoSuchKey", "404"):
            return None
        raise
    return json.loads(body)


def ledger(aws: Aws, workflow: str, run_id: str) -> dict[str, Any] | None:
    """The ledger of a run, or None while it is open."""
    found = read_json(aws, aws.deployment.curated_bucket, RunFiles(workflow, run_id).ledger)
    return dict(found) if found is not None else None
