"""Step Functions in memory, answering boto3's calls in AWS's shapes: what starts stays RUNNING until a test ends it."""

import json
from datetime import UTC, datetime
from http import HTTPStatus
from types import SimpleNamespace
from typing import Any

import boto3


class FakeStates:
    """Stands behind the `stepfunctions` client of one session; `redrivable` says what AWS would redrive."""

    def __init__(self, session: boto3.Session) -> None:
        self.executions: dict[str, dict[str, Any]] = {}
        self.redrivable = True
        for operation in ("StartExecution", "DescribeExecution", "RedriveExecution", "ListExecutions"):
            session.events.register(f"before-call.sfn.{operation}", getattr(self, operation))

    def end(self, name: str, status: str, **told: Any) -> None:
        """End the execution `name` as `status`."""
        execution = next(one for one in self.executions.values() if one["name"] == name)
        execution.update(status=status, stopDate=datetime.now(UTC), **told)

    @property
    def started(self) -> dict[str, Any]:
        """Input by execution name, in the order of starting."""
        return {one["name"]: json.loads(one["input"]) for one in self.executions.values()}

    def StartExecution(self, params: dict[str, Any], **_: object) -> tuple[Any, dict[str, Any]]:
        given = json.loads(params["body"])
        arn = f"{given['stateMachineArn'].replace(':stateMachine:', ':execution:')}:{given['name']}"
        if arn in self.executions:
            return _refused("ExecutionAlreadyExists", f"Execution Already Exists: '{arn}'")
        self.executions[arn] = {
            "executionArn": arn,
            "name": given["name"],
            "status": "RUNNING",
            "startDate": datetime.now(UTC),
            "input": given["input"],
        }
        return _answered({"executionArn": arn, "startDate": datetime.now(UTC)})

    def DescribeExecution(self, params: dict[str, Any], **_: object) -> tuple[Any, dict[str, Any]]:
        arn = json.loads(params["body"])["executionArn"]
        if arn not in self.executions:
            return _refused("ExecutionDoesNotExist", f"Execution Does Not Exist: '{arn}'")
        execution = self.executions[arn]
        failed = execution["status"] in ("FAILED", "TIMED_OUT", "ABORTED")
        return _answered(
            {**execution, "redriveStatus": "REDRIVABLE" if failed and self.redrivable else "NOT_REDRIVABLE"}
        )

    def ListExecutions(self, params: dict[str, Any], **_: object) -> tuple[Any, dict[str, Any]]:
        given = json.loads(params["body"])
        machine = given["stateMachineArn"].replace(":stateMachine:", ":execution:")
        found = [one for arn, one in self.executions.items() if arn.startswith(f"{machine}:")]
        return _answered({"executions": [one for one in found if one["status"] == given["statusFilter"]]})

    def RedriveExecution(self, params: dict[str, Any], **_: object) -> tuple[Any, dict[str, Any]]:
        execution = self.executions[json.loads(params["body"])["executionArn"]]
        execution.update(status="RUNNING", redriveCount=execution.get("redriveCount", 0) + 1)
        return _answered({"redriveDate": datetime.now(UTC)})


def _answered(answer: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    return SimpleNamespace(status_code=HTTPStatus.OK), answer


def _refused(code: str, message: str) -> tuple[Any, dict[str, Any]]:
    answer = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": 400}}
    return SimpleNamespace(status_code=HTTPStatus.BAD_REQUEST), answer
