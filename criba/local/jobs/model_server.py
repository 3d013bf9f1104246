"""A model's container as Batch Transform runs it: `serve` on a free port of 127.0.0.1, until it is no longer needed."""

import json
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any

import urllib3

from criba.local.jobs import JobFailed, JobStopped
from criba.local.jobs.child import Child
from criba.local.jobs.container import Job

PING_SECONDS = 2.0
READY_SECONDS = 240.0

_NO_ANSWER = (urllib3.exceptions.HTTPError, OSError)


class ModelServer:
    """`GET /ping`, `GET /execution-parameters` and `POST /invocations` of one running container.

    Entering the `with` block starts it and waits until /ping answers 200; leaving it ends its process group.
    Raises JobFailed when it dies first, or does not answer within `ready_seconds`.
    """

    def __init__(
        self,
        job: Job,
        image: str,
        *,
        environment: Mapping[str, str],
        isolated: bool,
        entry: Sequence[str] = ("serve",),
        ready_seconds: float = READY_SECONDS,
    ) -> None:
        self._job = job
        self._ready_seconds = ready_seconds
        port = _free_port()
        bound = {"SAGEMAKER_BIND_TO_HOST": "127.0.0.1", "SAGEMAKER_BIND_TO_PORT": str(port)}
        given = {**environment, **bound}
        self._start: Callable[[], Child] = lambda: job.start(image, entry, environment=given, isolated=isolated)
        self._http = urllib3.HTTPConnectionPool("127.0.0.1", port, maxsize=100, retries=False)

    def __enter__(self) -> "ModelServer":
        self._child = self._start()
        try:
            self._wait_until_ready()
        except BaseException:
            self._child.end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()  # first: a server that ends gracefully waits for open connections
        self._child.end()

    def execution_parameters(self) -> dict[str, Any]:
        """What the container proposes, of MaxConcurrentTransforms, BatchStrategy and MaxPayloadInMB; may be nothing."""
        try:
            answer = self._http.request("GET", "/execution-parameters", timeout=PING_SECONDS)
        except _NO_ANSWER:
            return {}
        if answer.status != 200:
            return {}
        proposed = json.loads(answer.data)
        if not isinstance(proposed, dict):
            raise JobFailed("AlgorithmError: /execution-parameters answered with no JSON object")
        return proposed

    def invoke(self, body: bytes, headers: Mapping[str, str], seconds: float) -> tuple[int, bytes]:
        """Status and body of one answer; status 0 when there was none."""
        try:
            answer = self._http.request("POST", "/invocations", body=body, headers=dict(headers), timeout=seconds)
        except _NO_ANSWER:
            return 0, b""
        return answer.status, answer.data

    def check(self) -> None:
        """Raise JobFailed when the server has died, JobStopped when somebody stopped the job."""
        if self._job.stop.is_set():
            raise JobStopped("stopped on request")
        code = self._child.exit_code
        if code is not None:
            raise JobFailed(
                f"AlgorithmError: the model server ended with exit code {code}. Its last lines: "
                f"{self._child.last_lines()}"
            )

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + self._ready_seconds
        while time.monotonic() < deadline:
            self.check()
            try:
                if self._http.request("GET", "/ping", timeout=PING_SECONDS).status == 200:
                    return
            except _NO_ANSWER:
                pass
            time.sleep(0.05)
        raise JobFailed(
            f"AlgorithmError: the model server did not answer /ping with 200 within {self._ready_seconds:g} s"
        )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
