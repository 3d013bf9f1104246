"""The words that the workflows are written in: task states with timeouts, retries and catches, in JSONata.

Each function returns a state (or a few) as the Amazon States Language spells it. Expressions are JSONata; what a run
knows is kept in variables, so no state passes data on to the next one but by name.
"""

from collections.abc import Mapping
from typing import Any

from aws_cdk import Aws

State = dict[str, Any]
States = dict[str, State]

TRANSIENT = {
    "glue": [
        "Glue.ConcurrentRunsExceededException",
        "Glue.InternalServiceException",
        "Glue.OperationTimeoutException",
        "Glue.ResourceNumberLimitExceededException",
        "Glue.ThrottlingException",
    ],
    "sagemaker": [
        "SageMaker.AmazonSageMakerException",  # what the optimised integrations call a throttled request
        "SageMaker.InternalServerException",
        "SageMaker.ResourceLimitExceededException",
        "SageMaker.ThrottlingException",
        "SageMaker.SdkClientException",
    ],
    # Errors that a service's model does not name, a throttled request among them, go by the service's own name.
    "s3": ["S3.S3Exception", "S3.SdkClientException"],
    "ssm": ["Ssm.InternalServerErrorException", "Ssm.SdkClientException", "Ssm.SsmException"],
    "sfn": [
        "Sfn.ExecutionLimitExceededException",
        "Sfn.KmsThrottlingException",
        "Sfn.SdkClientException",
        "Sfn.SfnException",
    ],
    "states": [
        "StepFunctions.AWSStepFunctionsException",
        "StepFunctions.ExecutionLimitExceededException",
        "StepFunctions.KmsThrottlingException",
        "StepFunctions.SdkClientException",
    ],
    "cloudwatch": [
        "CloudWatch.CloudWatchException",
        "CloudWatch.InternalServiceFaultException",
        "CloudWatch.SdkClientException",
    ],
    "events": ["EventBridge.FailedEntry", "EventBridge.InternalException", "EventBridge.ThrottlingException"],
}
"""Errors that pass by themselves, by service. A failed job is States.TaskFailed and is never retried blindly."""


def jsonata(expression: str) -> str:
    """Mark an expression as JSONata."""
    return "{% " + expression + " %}"


def as_jsonata(value: Any) -> str:
    """Write objects and lists as JSONata; their strings are expressions where they refer to a variable."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"'{key}': {as_jsonata(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return f"[{', '.join(map(as_jsonata, value))}]"
    return str(value) if "$" in value else f"'{value}'"


def retry(service: str) -> list[State]:
    """Retry what passes by itself: up to six times within about five minutes, with full jitter."""
    return [
        {
            "ErrorEquals": TRANSIENT[service],
            "IntervalSeconds": 2,
            "BackoffRate": 2,
            "MaxAttempts": 6,
            "MaxDelaySeconds": 60,
            "JitterStrategy": "FULL",
        }
    ]


def task(
    resource: str,
    arguments: Mapping[str, Any],
    *,
    next_: str,
    assign: Mapping[str, Any] | None = None,
    catch: Mapping[str, str] | None = None,
    timeout_seconds: int = 60,
) -> State:
    """Call `resource` (what follows `arn:…:states:::`); `catch` maps an error's name to the state that handles it.

    An error that no one handles fails the execution where it stands, so that a redrive goes on from there.
    """
    state: State = {
        "Type": "Task",
        "Resource": f"arn:{Aws.PARTITION}:states:::{resource}",
        "Arguments": dict(arguments),
        "TimeoutSeconds": timeout_seconds,
        "Retry": retry(resource.removeprefix("aws-sdk:").split(":")[0]),
        "Output": {},  # what the next state needs is a variable: answers are told once in the history, not thrice
        "Next": next_,
    }
    if catch:
        why = jsonata("$states.errorOutput.Error & ': ' & $states.errorOutput.Cause")
        state["Catch"] = [
            {"ErrorEquals": [error], "Assign": {"last_error": why}, "Next": handler} for error, handler in catch.items()
        ]
    if assign:
        state["Assign"] = dict(assign)
    return state


def read_json(bucket: str, key: str, *, name: str, next_: str) -> State:
    """Read a small JSON object and keep it as `$steps.<name>`; `key` is a JSONata expression."""
    return task(
        "aws-sdk:s3:getObject",
        {"Bucket": bucket, "Key": jsonata(key)},
        assign={"steps": jsonata(f"$merge([$steps, {{'{name}': $parse($states.result.Body)}}])")},
        next_=next_,
    )


def read_package(arn: str, *, next_: str) -> State:
    """Read a model package and keep it as `$package`, without its card, which is large; `arn` is JSONata."""
    return task(
        "aws-sdk:sagemaker:describeModelPackage",
        {"ModelPackageName": jsonata(arn)},
        assign={"package": jsonata("$sift($states.result, function($value, $name) {$name != 'ModelCard'})")},
        next_=next_,
    )


def note(next_: str, **variables: Any) -> State:
    """Keep `variables` (JSON values, or JSONata) and go on."""
    return {"Type": "Pass", "Assign": variables, "Next": next_}


def fail(error: str, cause: str) -> State:
    """End the run with a reason in words; `cause` is a JSONata expression."""
    return {"Type": "Fail", "Error": error, "Cause": jsonata(cause)}


def choice(*conditions: tuple[str, str], default: str) -> State:
    """Go to the state of the first JSONata condition that holds."""
    return {
        "Type": "Choice",
        "Choices": [{"Condition": jsonata(condition), "Next": next_} for condition, next_ in conditions],
        "Default": default,
    }


def machine(start: str, states: Mapping[str, State], *, comment: str, timeout_seconds: int) -> State:
    """A whole state machine definition."""
    return {
        "Comment": comment,
        "QueryLanguage": "JSONata",
        "StartAt": start,
        "TimeoutSeconds": timeout_seconds,
        "States": dict(states),
    }
