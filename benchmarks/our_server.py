"""Our server for those who load an application by name: `wsgi` for gunicorn, `rsgi` for granian's own interface."""

import os
from typing import Any

from pipeline_code.server import application
from pipeline_code.server_settings import ServerSettings

wsgi = application(ServerSettings.read(os.environ))


async def rsgi(scope: Any, protocol: Any) -> None:
    if scope.method == "POST":
        answer = b"".join(wsgi.model.answers(await protocol()))
        protocol.response_bytes(200, [("content-type", "application/jsonlines")], answer)
    else:
        protocol.response_empty(200, [])
