"""What SageMaker's parts share: names of things, who did what when, and tags."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from criba.local.errors import AwsError
from criba.local.jobs.child import GRACE_SECONDS
from criba.local.jobs.images import OURS, Image
from criba.local.settings import ACCOUNT

Emit = Callable[[str, str, dict[str, Any], list[str]], None]


@dataclass(frozen=True)
class Account:
    """The account and region that SageMaker answers in, and its way to S3, to the event bus and to the disk.

    `environment` holds the AWS_* variables for jobs; `emit(source, detail_type, detail, resources)` puts an event.
    """

    environment: Mapping[str, str]
    emit: Emit
    work: Path
    images: Sequence[Image] = (OURS,)
    grace: float = GRACE_SECONDS
    tags: "Tags" = field(default_factory=lambda: Tags())
    lock: threading.RLock = field(default_factory=threading.RLock)

    def arn(self, kind: str, name: str) -> str:
        return f"arn:aws:sagemaker:{self.environment['AWS_REGION']}:{ACCOUNT}:{kind}/{name}"

    def send(self, detail_type: str, detail: dict[str, Any], arn: str) -> None:
        """An event of SageMaker's own about one resource; timestamps are milliseconds there."""
        times = {name: int(value * 1000) for name, value in detail.items() if name.endswith("Time")}
        self.emit("aws.sagemaker", detail_type, {**detail, **times}, [arn])


class Tags:
    """The tags of every resource that takes some."""

    def __init__(self) -> None:
        self._of: dict[str, dict[str, str]] = {}

    def register(self, arn: str, tags: Sequence[Mapping[str, str]]) -> None:
        self._of[arn] = {tag["Key"]: tag["Value"] for tag in tags}

    def forget(self, arn: str) -> None:
        self._of.pop(arn, None)

    def add(self, request: dict[str, Any], person: str) -> dict[str, Any]:
        self._known(request)
        self._of[request["ResourceArn"]].update({tag["Key"]: tag["Value"] for tag in request["Tags"]})
        return self.list(request, person)

    def list(self, request: dict[str, Any], person: str) -> dict[str, Any]:
        return {"Tags": [{"Key": key, "Value": value} for key, value in self._known(request).items()]}

    def delete(self, request: dict[str, Any], person: str) -> dict[str, Any]:
        tags = self._known(request)
        for key in request["TagKeys"]:
            tags.pop(key, None)
        return {}

    def _known(self, request: dict[str, Any]) -> dict[str, str]:
        if request["ResourceArn"] not in self._of:
            raise AwsError("ValidationException", f"Could not find resource {request['ResourceArn']}.")
        return self._of[request["ResourceArn"]]


def now() -> float:
    """Seconds, to the millisecond, as the wire format has them."""
    return round(time.time(), 3)


def identity(person: str) -> dict[str, Any]:
    """A UserContext: who did it, for whom `person` is an STS or IAM ARN."""
    name, _, session = person.partition(":assumed-role/")[2].partition("/")
    unique = f"AROA{name.upper().replace('-', ''):X<17.17}:{session}" if name else person.rpartition("/")[2]
    return {"IamIdentity": {"Arn": person, "PrincipalId": unique}}
