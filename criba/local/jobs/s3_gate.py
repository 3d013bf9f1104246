"""One job's way to S3, which keeps Spark's folders and the objects the same thing while the script runs.

On AWS what Spark wrote is an object that boto3 finds at once, and the other way round. Here Spark writes files: so the
script's boto3 calls pass through this gate, which first puts what Spark has written, and afterwards takes what the
call changed.
"""

import http.client
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BufferedIOBase
from types import TracebackType
from urllib.parse import unquote, urlsplit

from criba.local.jobs.workspace import Workspace, is_data

_CHUNK = 1 << 20
_OF_THE_CONNECTION = {"connection", "keep-alive", "transfer-encoding", "content-length", "expect"}


class S3Gate:
    """An HTTP server on 127.0.0.1 in front of the platform, for one workspace, as long as the `with` block lasts."""

    def __init__(self, endpoint: str, workspace: Workspace) -> None:
        handler = type("Handler", (_Handler,), {"platform": urlsplit(endpoint).netloc, "workspace": workspace})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True

    def __enter__(self) -> "S3Gate":
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def environment(self, given: Mapping[str, str]) -> dict[str, str]:
        """The same AWS_* variables, with S3 behind the gate."""
        return {**given, "AWS_ENDPOINT_URL_S3": f"http://127.0.0.1:{self._server.server_port}"}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    platform: str
    workspace: Workspace

    def _forward(self) -> None:
        bucket, _, key = unquote(urlsplit(self.path).path).lstrip("/").partition("/")
        ours = bucket in self.workspace.buckets
        if ours:
            self.workspace.push()
        body = self._body()
        connection = http.client.HTTPConnection(self.platform, timeout=600)
        try:
            headers = {name: value for name, value in self.headers.items() if name.lower() not in _OF_THE_CONNECTION}
            connection.request(self.command, self.path, body, {**headers, "Content-Length": str(len(body))})
            answer = connection.getresponse()
            if ours and self.command in ("PUT", "POST", "DELETE") and answer.status < 300:
                self._take(bucket, key)
            self._answer(answer)
        finally:
            connection.close()

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _forward  # noqa: N815 - the base class's names

    def _take(self, bucket: str, key: str) -> None:
        """What the call changed: one object, or any (DeleteObjects)."""
        if not key:
            self.workspace.pull()
        elif is_data(key):
            self.workspace.refresh(bucket, key)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        chunks = []
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return b"".join(chunks)

    def _answer(self, answer: http.client.HTTPResponse) -> None:
        self.send_response_only(answer.status, answer.reason)
        for name, value in answer.getheaders():
            if name.lower() not in _OF_THE_CONNECTION:
                self.send_header(name, value)
        length = answer.getheader("Content-Length")
        if length is not None:
            self.send_header("Content-Length", length)
        elif self.command != "HEAD" and answer.status not in (204, 304):
            self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        _copy(answer, self.wfile, chunked=length is None and self.command != "HEAD" and answer.status not in (204, 304))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """The platform logs its calls itself."""


def _copy(answer: http.client.HTTPResponse, out: BufferedIOBase, *, chunked: bool) -> None:
    while block := answer.read(_CHUNK):
        out.write(b"%x\r\n%b\r\n" % (len(block), block) if chunked else block)
    if chunked:
        out.write(b"0\r\n\r\n")
