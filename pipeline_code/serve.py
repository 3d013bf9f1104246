"""serve: start the server as SageMaker's serving contract asks, in front of a model that the workers share."""

import os
import sys
from typing import Any

from pipeline_code.errors import InputError
from pipeline_code.server_settings import ServerSettings

THREADS = 2


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


if __name__ == "__main__":
    main()
