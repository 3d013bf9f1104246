"""SageMaker's API as far as the platform has it: jobs that really run, models, the registry, and Model Monitor.

Requests and answers are in the wire format: timestamps are seconds. What is not here is refused by name.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from criba.local.errors import AwsError
from criba.local.jobs import processing, training, transform
from criba.local.jobs.child import GRACE_SECONDS
from criba.local.jobs.images import OURS, Image
from criba.local.sagemaker import limits, shapes
from criba.local.sagemaker.account import Account, Emit
from criba.local.sagemaker.job_kind import JobKind
from criba.local.sagemaker.models import Models
from criba.local.sagemaker.monitoring import NOUNS, Definitions, Schedules
from criba.local.sagemaker.registry import Registry

Operation = Callable[[dict[str, Any], str], dict[str, Any]]

_operations: dict[str, Operation] = {}
_accounts: list[Account] = []
_schedules: list[Schedules] = []


def configure(
    endpoint_environment: Mapping[str, str],
    emit: Emit,
    work: Path,
    *,
    images: Sequence[Image] = (OURS,),
    grace: float = GRACE_SECONDS,
) -> None:
    """Start with nothing in the account; called before the first handle().

    `endpoint_environment` holds AWS_ENDPOINT_URL, AWS_REGION and the credentials that jobs act under;
    `emit(source, detail_type, detail, resources)` puts an event on the default bus; jobs work below `work`; `images`
    are the programs that stand for container images; `grace` is the seconds between SIGTERM and SIGKILL.
    """
    account = Account(dict(endpoint_environment), emit, work, images, grace)
    _accounts[:] = [account]
    _operations.clear()
    _operations.update(_wire(account))


def handle(operation: str, request: dict[str, Any], *, person: str) -> dict[str, Any]:
    """Answer one call, made by `person` (an IAM or STS ARN).

    Raises AwsError: ValidationException and the service's other codes, or NotEmulated (501) for an operation, or a
    field of one, that the platform does not do.
    """
    if not _accounts:
        raise RuntimeError("criba.local.sagemaker.configure() comes before the first call")
    if not shapes.is_operation(operation):
        raise AwsError("UnknownOperationException", f"SageMaker has no operation {operation!r}", 404)
    if operation not in _operations:
        raise AwsError("NotEmulated", f"the local platform does not do this: sagemaker {operation}", 501)
    shapes.validate(operation, request)
    with _accounts[0].lock:
        return _operations[operation](request, person)


def fire_schedules(name: str | None = None) -> list[dict[str, Any]]:
    """Fire one monitoring schedule, or all; their executions. Raises AwsError for one that does not exist."""
    (schedules,) = _schedules
    return [schedules.fire(one) for one in ([name] if name else schedules.names())]


def _wire(account: Account) -> dict[str, Operation]:
    registry = Registry(account)
    models = Models(account, registry)
    operations: dict[str, Operation] = {
        "AddTags": account.tags.add,
        "ListTags": account.tags.list,
        "DeleteTags": account.tags.delete,
        "CreateModel": models.create,
        "DescribeModel": models.describe,
        "ListModels": models.list,
        "DeleteModel": models.delete,
        "CreateModelPackageGroup": registry.create_group,
        "DescribeModelPackageGroup": registry.describe_group,
        "ListModelPackageGroups": registry.list_groups,
        "DeleteModelPackageGroup": registry.delete_group,
        "CreateModelPackage": registry.create,
        "DescribeModelPackage": registry.describe,
        "ListModelPackages": registry.list,
        "UpdateModelPackage": registry.update,
        "DeleteModelPackage": registry.delete,
    }
    kinds = _job_kinds(account, models)
    operations |= _monitoring(account, next(kind for kind in kinds if kind.noun == "Processing"))
    for kind in kinds:
        for verb, method in (("Create", kind.create), ("Describe", kind.describe), ("Stop", kind.stop)):
            operations[f"{verb}{kind.noun}Job"] = method
        operations[f"List{kind.noun}Jobs"] = kind.list
    return operations


def _monitoring(account: Account, processing_jobs: JobKind) -> dict[str, Operation]:
    definitions = {noun: Definitions(noun, account) for noun in NOUNS}
    _schedules[:] = [schedules := Schedules(account, definitions, processing_jobs)]
    operations: dict[str, Operation] = {
        "CreateMonitoringSchedule": schedules.create,
        "UpdateMonitoringSchedule": schedules.update,
        "DescribeMonitoringSchedule": schedules.describe,
        "ListMonitoringSchedules": schedules.list,
        "DeleteMonitoringSchedule": schedules.delete,
        "ListMonitoringExecutions": schedules.executions,
    }
    for noun, one in definitions.items():
        operations |= {
            f"Create{noun}JobDefinition": one.create,
            f"Describe{noun}JobDefinition": one.describe,
            f"List{noun}JobDefinitions": one.list,
            f"Delete{noun}JobDefinition": one.delete,
        }
    return operations


def _job_kinds(account: Account, models: Models) -> list[JobKind]:
    def check_transform(request: dict[str, Any]) -> None:
        limits.check_transform(request)
        models.served(request["ModelName"])

    no_job = "Could not find requested job with name: {name}"
    return [
        JobKind(
            "Training",
            account,
            run=training.run,
            check=limits.check_training,
            missing="Requested resource not found.",
        ),
        JobKind("Processing", account, run=processing.run, check=limits.check_processing, missing=no_job),
        JobKind(
            "Transform",
            account,
            run=lambda request, job: transform.run(request, models.served(request["ModelName"]), job),
            check=check_transform,
            missing=no_job,
            newest_first=True,
        ),
    ]
