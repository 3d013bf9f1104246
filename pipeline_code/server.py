"""The server: /ping, /execution-parameters and /invocations, JSON Lines in and out, one answer for each record.

Plain WSGI: a request of one message takes the kernel ten microseconds, and a web framework a hundred times that.
"""

import json
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

from pipeline_code.classifier import Classifier
from pipeline_code.layout import Layout
from pipeline_code.model import Model
from pipeline_code.server_settings import ServerSettings
from pipeline_code.tiers import load

JSON_LINES = "application/jsonlines"
MEGABYTE = 1024 * 1024

Answer = tuple[HTTPStatus, str, bytes]
"""Status, content type and body."""


class Server:
    """The WSGI application around a loaded model."""

    def __init__(self, model: Model, settings: ServerSettings) -> None:
        self.model = model
        self._limit = settings.max_payload_mb * MEGABYTE
        parameters = {
            "MaxConcurrentTransforms": settings.max_concurrent_transforms,
            "BatchStrategy": "MULTI_RECORD",
            "MaxPayloadInMB": settings.max_payload_mb,
        }
        self._routes: dict[tuple[str, str], Callable[[dict[str, Any]], Answer]] = {
            ("GET", "/ping"): lambda _: (HTTPStatus.OK, "text/plain", b""),
            ("GET", "/execution-parameters"): lambda _: _json(parameters),
            ("POST", "/invocations"): self._invocations,
        }

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
        route = self._routes.get((environ["REQUEST_METHOD"], environ["PATH_INFO"]), self._unknown)
        status, content_type, body = route(environ)
        headers = [("Content-Type", content_type), ("Content-Length", str(len(body)))]
        start_response(f"{status.value} {status.phrase}", headers)
        return [body]

    def _invocations(self, environ: dict[str, Any]) -> Answer:
        content_type = environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
        if content_type != JSON_LINES:
            reason = f"content type {content_type!r} is not read here: send {JSON_LINES}"
            return _refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, reason)
        # One byte more than the limit tells a body that is too large, whether it said its length or came in chunks.
        body = environ["wsgi.input"].read(self._limit + 1)
        if len(body) > self._limit:
            reason = f"the body is larger than {self._limit} bytes: send fewer records at a time"
            return _refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, reason)
        return HTTPStatus.OK, JSON_LINES, b"".join(self.model.answers(body))

    def _unknown(self, environ: dict[str, Any]) -> Answer:
        known = ", ".join(f"{method} {path}" for method, path in self._routes)
        return _refused(HTTPStatus.NOT_FOUND, f"there is nothing here: there are {known}")


def application(settings: ServerSettings) -> Server:
    """The server around the model in SageMaker's folder, ready to be forked. Raises ArtefactError."""
    server = Server(load(Layout.from_environment().model), settings)
    if isinstance(server.model, Classifier):
        # The tables that the first message needs are made before the workers fork, who then share them. Not so the
        # second tier: neither a GPU nor torch's threads survive a fork.
        b"".join(server.model.answers(b'{"text": ""}'))
    return server


def _json(content: dict[str, Any]) -> Answer:
    return HTTPStatus.OK, "application/json", json.dumps(content).encode()


def _refused(status: HTTPStatus, reason: str) -> Answer:
    return status, "text/plain; charset=utf-8", f"{reason}\n".encode()
