"""A Batch Transform job by SageMaker's documented rules."""

import gzip
import zlib
from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, cast

from criba.local.jobs import JobFailed, capture, files
from criba.local.jobs.batches import MB, RecordTooLarge, mini_batches
from criba.local.jobs.container import Job, acting_as
from criba.local.jobs.files import InputObject
from criba.local.jobs.model_server import READY_SECONDS, ModelServer

Request = Mapping[str, Any]


@dataclass(frozen=True)
class ServedModel:
    """A model as a transform job needs it."""

    image: str
    data: str | None
    environment: Mapping[str, str]
    isolated: bool
    role: str = ""


@dataclass(frozen=True)
class Limits:
    """How a job sends its records: the request decides, else the container, else SageMaker's defaults."""

    concurrent: int
    single: bool
    payload_mb: int

    @classmethod
    def settle(cls, request: Request, proposed: Mapping[str, Any]) -> "Limits":
        strategy = request.get("BatchStrategy") or proposed.get("BatchStrategy") or "MultiRecord"
        payload = request.get("MaxPayloadInMB")
        return cls(
            concurrent=int(request.get("MaxConcurrentTransforms") or proposed.get("MaxConcurrentTransforms") or 1),
            single=strategy.replace("_", "").lower() == "singlerecord",
            payload_mb=int(payload if payload is not None else proposed.get("MaxPayloadInMB", 6)),
        )


def run(request: Request, model: ServedModel, job: Job, *, ready_seconds: float = READY_SECONDS) -> None:
    """Run a CreateTransformJob request.

    SageMaker maps the input's objects to InstanceCount instances by key; here one process serves them all, one object
    after another, with MaxConcurrentTransforms mini-batches in flight. Each object's answers make one object
    `<S3OutputPath>/<its name below the input>.out`; with AssembleWith Line each mini-batch's answer ends with a line
    feed. An object that fails leaves no output and fails the job, after the others are done.
    Raises JobFailed with the FailureReason, or JobStopped.
    """
    s3 = files.s3_client({**job.environment, **acting_as(model.role)})
    source = request["TransformInput"]["DataSource"]["S3DataSource"]
    found = files.inputs(s3, source["S3DataType"], source["S3Uri"], region=job.region, role=model.role)
    if model.data:
        archive = job.work / "model.tar.gz"
        files.download_uri(s3, model.data, archive)
        files.unpack(archive, job.path("/opt/ml/model"))
    environment = {**model.environment, **request.get("Environment", {}), **_announced(request)}
    server = ModelServer(
        job, model.image, environment=environment, isolated=model.isolated, ready_seconds=ready_seconds
    )
    began = datetime.now(UTC)
    with server:
        limits = Limits.settle(request, server.execution_parameters())
        failures = _Transformation(request, limits, server, s3, job, began).run(found)
    failed = {name for name, _ in failures}
    capture.write_manifests(request, [one for one in found if one.name not in failed], s3, job.name, began)
    if failures:
        shown = "; ".join(f"{name}: {reason}" for name, reason in failures[:5])
        raise JobFailed(f"AlgorithmError: {len(failures)} of {len(found)} objects failed: {shown}")


def _announced(request: Request) -> dict[str, str]:
    """The variables by which SageMaker tells a container about the batch: only what the request itself sets."""
    announced = {"SAGEMAKER_BATCH": "true"}
    if strategy := request.get("BatchStrategy"):
        announced["SAGEMAKER_BATCH_STRATEGY"] = "SINGLE_RECORD" if strategy == "SingleRecord" else "MULTI_RECORD"
    for field, variable in (
        ("MaxPayloadInMB", "SAGEMAKER_MAX_PAYLOAD_IN_MB"),
        ("MaxConcurrentTransforms", "SAGEMAKER_MAX_CONCURRENT_TRANSFORMS"),
    ):
        if field in request:
            announced[variable] = str(request[field])
    return announced


class _Output:
    """One object's answers, in the order of its mini-batches."""

    def __init__(self, source: InputObject, path: Path) -> None:
        self.source = source
        self.path = path
        self.failure: str | None = None
        self._file = path.open("wb")

    def add(self, answer: bytes, *, assemble_lines: bool) -> None:
        self._file.write(answer)
        if assemble_lines and not answer.endswith(b"\n"):
            self._file.write(b"\n")

    def close(self) -> None:
        self._file.close()


class _InvocationFailed(Exception):  # noqa: N818 - an outcome of one mini-batch
    pass


_Pending = tuple[_Output, "Future[bytes] | None"]


class _Transformation:
    """The way of all objects through one server. A window of mini-batches is in flight; an object's end follows them
    through the window, so that its output is complete when its turn comes."""

    def __init__(
        self, request: Request, limits: Limits, server: ModelServer, s3: Any, job: Job, began: datetime
    ) -> None:
        self._began = began if request.get("DataCaptureConfig", {}).get("GenerateInferenceId") else None
        self._input = request["TransformInput"]
        self._output = request["TransformOutput"]
        client = request.get("ModelClientConfig", {})
        self._seconds = client.get("InvocationsTimeoutInSeconds", 600)
        self._attempts = 1 + client.get("InvocationsMaxRetries", 3)
        self._limits, self._server, self._s3, self._job = limits, server, s3, job
        given = {"Content-Type": self._input.get("ContentType"), "Accept": self._output.get("Accept")}
        self._headers = {name: value for name, value in given.items() if value}
        self._window: deque[_Pending] = deque()
        self._failures: list[tuple[str, str]] = []

    def run(self, found: list[InputObject]) -> list[tuple[str, str]]:
        """Name and reason of each object that failed."""
        pool = ThreadPoolExecutor(self._limits.concurrent)
        try:
            for number, source in enumerate(found):
                self._send(source, pool, self._job.work / f"object-{number}")
            while self._window:
                self._settle()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
        return self._failures

    def _send(self, source: InputObject, pool: ThreadPoolExecutor, scratch: Path) -> None:
        files.download(self._s3, source.bucket, source.key, scratch)
        output = _Output(source, scratch.with_suffix(".out"))
        try:
            with self._opened(scratch) as file:
                for body in self._bodies(file):
                    if output.failure:
                        break
                    self._make_room()
                    self._window.append((output, pool.submit(self._invoke, body)))
        except (RecordTooLarge, gzip.BadGzipFile, EOFError, zlib.error) as problem:
            output.failure = str(problem)
        finally:
            scratch.unlink()
        self._window.append((output, None))

    def _opened(self, path: Path) -> BinaryIO:
        if self._input.get("CompressionType") == "Gzip":
            return cast(BinaryIO, gzip.open(path, "rb"))
        return path.open("rb")

    def _bodies(self, file: BinaryIO) -> Iterator[bytes]:
        by_line = self._input.get("SplitType", "None") == "Line"
        return mini_batches(file, by_line=by_line, single=self._limits.single, limit=self._limits.payload_mb * MB)

    def _make_room(self) -> None:
        while len(self._window) >= self._limits.concurrent:
            self._settle()

    def _settle(self) -> None:
        """Take the oldest mini-batch's answer, or finish the object that it was the last of."""
        output, future = self._window.popleft()
        if future is None:
            self._finish(output)
            return
        try:
            answer = self._awaited(future)
        except _InvocationFailed as problem:
            output.failure = output.failure or str(problem)
        else:
            output.add(answer, assemble_lines=self._output.get("AssembleWith", "None") == "Line")

    def _awaited(self, future: "Future[bytes]") -> bytes:
        while True:
            self._server.check()
            with suppress(NotYet):
                return future.result(timeout=0.1)

    def _invoke(self, body: bytes) -> bytes:
        status = 0
        for _ in range(self._attempts):
            status, answer = self._server.invoke(body, self._headers, self._seconds)
            if 200 <= status < 300:
                return answer
            if 400 <= status < 500:
                raise _InvocationFailed(f"/invocations answered {status}, which is not tried again")
            if self._job.stop.wait(0.05):
                break
        said = f"answered {status}" if status else f"gave no answer within {self._seconds} s"
        raise _InvocationFailed(f"/invocations {said} in {self._attempts} attempts")

    def _finish(self, output: _Output) -> None:
        output.close()
        if output.failure:
            self._failures.append((output.source.name, output.failure))
        else:
            if self._began:
                capture.add_inference_ids(output.path, self._began)
            uri = f"{self._output['S3OutputPath'].rstrip('/')}/{output.source.name}.out"
            files.upload(self._s3, output.path, *files.split_uri(uri), kms_key=self._output.get("KmsKeyId"))
        output.path.unlink()
