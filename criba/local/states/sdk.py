"""Calls of a state machine to AWS: any operation of any service that the gateway answers."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore import xform_name
from botocore.exceptions import ClientError, ParamValidationError
from botocore.model import OperationModel

from criba.local.clients import client
from criba.local.states import casing
from criba.local.states.errors import state_error

BOTOCORE_NAMES = {
    "cloudwatchlogs": "logs",
    "costexplorer": "ce",
    "eventbridge": "events",
    "sfn": "stepfunctions",
}
"""A service's name in a state's Resource -> botocore's, where they differ."""

ERROR_PREFIXES = {
    "athena": "Athena",
    "cloudformation": "CloudFormation",
    "cloudwatch": "CloudWatch",
    "cloudwatchlogs": "CloudWatchLogs",
    "dynamodb": "DynamoDb",
    "ecr": "Ecr",
    "eventbridge": "EventBridge",
    "events": "EventBridge",
    "glue": "Glue",
    "iam": "Iam",
    "kms": "Kms",
    "lambda": "Lambda",
    "s3": "S3",
    "sagemaker": "SageMaker",
    "scheduler": "Scheduler",
    "secretsmanager": "SecretsManager",
    "sfn": "Sfn",
    "sns": "Sns",
    "sqs": "Sqs",
    "ssm": "Ssm",
    "sts": "Sts",
}
"""A service's name in a state's Resource -> the first word of its errors' names."""


@dataclass(frozen=True)
class Style:
    """How an integration names errors and writes times; `unmodelled` are errors that a service's model lacks."""

    prefix: str
    unmodelled: str
    time: Callable[[datetime], Any]


def optimized(prefix: str, unmodelled: str) -> Style:
    """An integration of Step Functions' own, such as `sagemaker:createTrainingJob.sync`."""
    return Style(prefix, f"{prefix}.{unmodelled}", casing.millis)


def call(service: str, operation: str, arguments: Any, *, person: str, style: Style | None = None) -> Any:
    """Call `operation` (camelCase) as `person` and return its answer as a state sees it.

    Raises the state's error: States.Runtime for a service, operation or parameter that does not exist, else
    `<Service>.<Exception>`.
    """
    prefix = ERROR_PREFIXES.get(service)
    if prefix is None:
        raise state_error("States.Runtime", f"aws-sdk:{service} is not emulated; known: {', '.join(ERROR_PREFIXES)}")
    style = style or Style(prefix, f"{prefix}.{prefix}Exception", casing.iso)
    api = client(BOTOCORE_NAMES.get(service, service), person)
    model = _operation(api, service, operation)
    parameters = _parameters(arguments, model, f"{service}:{operation}")
    try:
        given = getattr(api, xform_name(model.name))(**parameters)
    except ParamValidationError as refusal:
        raise state_error("States.Runtime", f"{service}:{operation}: {refusal}") from refusal
    except ClientError as refusal:
        raise _error(refusal, api, style) from refusal
    return casing.answer(given, model.output_shape, style.time) or {}


def _operation(api: Any, service: str, operation: str) -> OperationModel:
    name = operation[:1].upper() + operation[1:]
    names = api.meta.service_model.operation_names
    if name not in names or operation[:1].isupper():
        raise state_error("States.Runtime", f"{service}:{operation} is no operation that AWS has")
    model: OperationModel = api.meta.service_model.operation_model(name)
    return model


def _parameters(arguments: Any, model: OperationModel, name: str) -> Any:
    if not isinstance(arguments, dict):
        raise state_error("States.Runtime", f"the Arguments of {name} must be an object")
    if model.input_shape is None:
        return {}
    try:
        return casing.request(arguments, model.input_shape)
    except casing.UnknownParameterError as unknown:
        raise state_error("States.Runtime", f"{name}: {unknown}") from unknown


def _error(refusal: ClientError, api: Any, style: Style) -> Exception:
    """A service's error by the name of the exception class in AWS's Java SDK, which Step Functions calls with."""
    code = str(refusal.response["Error"]["Code"])
    details = refusal.response["ResponseMetadata"]
    cause = (
        f"{refusal.response['Error'].get('Message', '')} (Service: {style.prefix}, "
        f"Status Code: {details['HTTPStatusCode']}, Request ID: {details.get('RequestId', '')})"
    )
    shapes = api.meta.service_model.error_shapes
    if code == "404" and style.prefix == "S3":
        code = "NoSuchKey"
    if code not in {shape.error_code for shape in shapes} | {shape.name for shape in shapes}:
        return state_error(style.unmodelled, cause)
    return state_error(f"{style.prefix}.{code.removesuffix('Exception')}Exception", cause)
