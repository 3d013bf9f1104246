"""What the server is told by its environment, by SageMaker or by the local platform in its place."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from pipeline_code.errors import InputError

MOST_IN_FLIGHT_MB = 100
"""SageMaker's bound on MaxConcurrentTransforms x MaxPayloadInMB."""


@dataclass(frozen=True)
class ServerSettings:
    """Where to listen, with how many workers, and how much one request may hold."""

    host: str
    port: int
    workers: int
    max_payload_mb: int

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Self:
        """Raises InputError for a value that is no positive whole number."""
        return cls(
            # Every interface: SageMaker's health check and its requests come from outside the container.
            host=environment.get("SAGEMAKER_BIND_TO_HOST", "0.0.0.0"),  # noqa: S104
            port=_whole_number(environment, "SAGEMAKER_BIND_TO_PORT", 8080),
            workers=_whole_number(environment, "SAGEMAKER_MODEL_SERVER_WORKERS", os.cpu_count() or 1),
            max_payload_mb=_whole_number(environment, "SAGEMAKER_MAX_PAYLOAD_IN_MB", 6),
        )

    @property
    def max_concurrent_transforms(self) -> int:
        """Two a worker: the kernel may hand two requests to the same one, and neither should then idle."""
        return max(1, min(2 * self.workers, MOST_IN_FLIGHT_MB // self.max_payload_mb))


def _whole_number(environment: Mapping[str, str], name: str, default: int) -> int:
    value = environment.get(name, str(default))
    if not value.isdecimal() or int(value) < 1:
        raise InputError(f"{name} is {value!r}: give a whole number from 1")
    return int(value)
