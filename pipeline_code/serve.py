"""serve: start the server as SageMaker's serving contract asks, in front of a model that the workers share."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from pipeline_code.errors import InputError

THREADS = 2
MOST_IN_FLIGHT_MB = 100
"""SageMaker's bound on MaxConcurrentTransforms x MaxPayloadInMB."""


@dataclass(frozen=True)
class ServerSettings:
    """What SageMaker, or the local platform in its place, sets in the environment."""

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


def options(settings: ServerSettings) -> dict[str, Any]:
    """How granian serves. It reads bodies and writes answers in Rust; docs/benchmarks.md has others beside it."""
    return {
        "address": settings.host,
        "port": settings.port,
        "workers": settings.workers,
        # One request waits for its body or is sent while the kernel, which lets other threads run, works on another.
        "blocking_threads": THREADS,
        # SageMaker ends a container 30 seconds after SIGTERM.
        "workers_kill_timeout": 25,
        "websockets": False,
    }


def main() -> None:
    # One thread a worker for the numeric libraries, set before they come in: the workers share the cores among them.
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    from granian.constants import Interfaces
    from granian.log import LogLevels
    from granian.server import Server as Granian

    from pipeline_code.server import application

    try:
        settings = ServerSettings.read(os.environ)
        server = application(settings)
    except InputError as error:
        sys.exit(f"serve: {error}")
    granian = Granian("criba", interface=Interfaces.WSGI, log_level=LogLevels.warning, **options(settings))
    granian.serve(target_loader=lambda _target: server)


def _whole_number(environment: Mapping[str, str], name: str, default: int) -> int:
    value = environment.get(name, str(default))
    if not value.isdecimal() or int(value) < 1:
        raise InputError(f"{name} is {value!r}: give a whole number from 1")
    return int(value)


if __name__ == "__main__":
    main()
