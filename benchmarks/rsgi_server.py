"""Our server's answers behind granian's own interface, RSGI: a candidate that is measured beside gunicorn."""

from typing import Any

from pipeline_code.server import application

server = application()


async def app(scope: Any, protocol: Any) -> None:
    if scope.method == "POST":
        answer = b"".join(server.model.answers(await protocol()))
        protocol.response_bytes(200, [("content-type", "application/jsonlines")], answer)
    else:
        protocol.response_empty(200, [])
