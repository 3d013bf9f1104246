"""Starts the image build for CloudFormation; the build answers by itself when it has the digest. Runs in Lambda."""

import json
import urllib.request
from typing import Any

import boto3


def handler(event: dict[str, Any], context: object) -> None:
    physical_id = event.get("PhysicalResourceId", event["LogicalResourceId"])
    if event["RequestType"] == "Delete":  # images outlive the stack that built them
        answer(event, physical_id, "SUCCESS", "kept")
        return
    values = {
        "RESPONSE_URL": event["ResponseURL"],
        "STACK_ID": event["StackId"],
        "REQUEST_ID": event["RequestId"],
        "LOGICAL_ID": event["LogicalResourceId"],
        "PHYSICAL_ID": physical_id,
    }
    try:
        boto3.client("codebuild").start_build(
            projectName=event["ResourceProperties"]["Project"],
            environmentVariablesOverride=[{"name": name, "value": value} for name, value in values.items()],
        )
    except Exception as error:  # CloudFormation would wait for an hour
        answer(event, physical_id, "FAILED", f"image build not started: {error}")
        raise


def answer(event: dict[str, Any], physical_id: str, status: str, reason: str) -> None:
    names = ("StackId", "RequestId", "LogicalResourceId")
    body = {
        "Status": status,
        "Reason": reason,
        "PhysicalResourceId": physical_id,
        **{name: event[name] for name in names},
    }
    request = urllib.request.Request(event["ResponseURL"], data=json.dumps(body).encode(), method="PUT")  # noqa: S310
    urllib.request.urlopen(request, timeout=30)  # noqa: S310
