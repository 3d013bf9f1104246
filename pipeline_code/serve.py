"""serve: start the server as SageMaker's serving contract asks. Imports little, since gunicorn replaces it at once."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from pipeline_code.errors import InputError

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


def gunicorn(settings: ServerSettings) -> list[str]:
    """The command that serves. Preloaded: the workers share one copy of the model and a broken one stops the start."""
    # SageMaker ends a container 30 seconds after SIGTERM. The control socket would lie in the home folder.
    return [
        *(sys.executable, "-m", "gunicorn", "pipeline_code.server:application()"),
        *("--bind", f"{settings.host}:{settings.port}", "--workers", str(settings.workers)),
        *("--worker-class", "gthread", "--threads", "4", "--preload"),
        *("--timeout", "120", "--graceful-timeout", "25"),
        *("--log-level", "warning", "--no-control-socket"),
    ]


def main() -> None:
    try:
        command = gunicorn(ServerSettings.read(os.environ))
    except InputError as error:
        sys.exit(f"serve: {error}")
    # One thread a worker for the numeric libraries: the workers already share the cores among them.
    threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    os.execve(command[0], command, threads | os.environ)  # noqa: S606 - in its place, so that signals reach gunicorn


def _whole_number(environment: Mapping[str, str], name: str, default: int) -> int:
    value = environment.get(name, str(default))
    if not value.isdecimal() or int(value) < 1:
        raise InputError(f"{name} is {value!r}: give a whole number from 1")
    return int(value)


if __name__ == "__main__":
    main()
