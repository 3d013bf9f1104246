"""Services that moto keeps for us inside this process: its WSGI application is called directly, on no port."""

import functools
from collections.abc import Mapping
from typing import Any

from criba.local import settings

TARGETS = {
    "lakeformation": "AWSLakeFormation.",
    "codecommit": "CodeCommit_20150413.",
    "codepipeline": "CodePipeline_20150709.",
}
"""Service -> the prefix of its X-Amz-Target header, where it has one."""


@functools.cache
def _client(service: str) -> Any:
    from moto.moto_server import werkzeug_app

    create: Any = werkzeug_app.create_backend_app
    return create(service).test_client()


def call(
    service: str, method: str, path: str, headers: Mapping[str, str], body: bytes
) -> tuple[int, dict[str, str], bytes]:
    """Answer one HTTP request to a service that moto has: status, headers, body."""
    kept = {name: value for name, value in headers.items() if name not in ("content-length", "host", "connection")}
    host = f"{service}.{settings.region()}.amazonaws.com"
    answer = _client(service).open(path, method=method, headers=kept, data=body, base_url=f"http://{host}")
    return answer.status_code, {"Content-Type": answer.headers["Content-Type"]}, answer.data
