"""Small programs that stand for a container image in the tests."""

import sys
from collections.abc import Mapping
from pathlib import Path

from criba.local.jobs.images import Image

URI = "000000000000.dkr.ecr.eu-west-1.amazonaws.com/shop-model@sha256:" + "0" * 64


def image(folder: Path, programs: Mapping[str, str]) -> Image:
    """An image whose commands are Python programs, given by their text."""
    commands = {}
    for name, text in programs.items():
        script = folder / f"{name}.py"
        script.write_text(text)
        commands[name] = (sys.executable, str(script))
    return Image(repository="shop", commands=commands, folder=folder)


SERVER = '''
"""Answers each line with the line in capitals, and as the records ask for it."""
import json, os, signal, sys, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

root = Path(os.environ["SAGEMAKER_BASE_DIR"])
lock = threading.Lock()
busy = most = 0

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path == "/execution-parameters":
            proposed = os.environ.get("PROPOSED")
            self.answer(200 if proposed else 404, (proposed or "").encode())
        else:
            self.answer(200, b"")

    def do_POST(self):
        global busy, most
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with lock:
            busy += 1
            most = max(most, busy)
            with (root / "calls.jsonl").open("a") as calls:
                call = {"bytes": len(body), "lines": body.count(b"\\n"), "together": most}
                call |= {"type": self.headers["Content-Type"], "accept": self.headers["Accept"]}
                calls.write(json.dumps(call) + "\\n")
        time.sleep(float(os.environ.get("SLOW", "0")))
        with lock:
            busy -= 1
        if b"die" in body:
            print("out of memory", file=sys.stderr, flush=True)
            os._exit(3)
        if b"refuse" in body:
            return self.answer(400, b"")
        if b"break" in body:
            return self.answer(500, b"")
        if b"once" in body and not (root / "broken").exists():
            (root / "broken").touch()
            return self.answer(503, b"")
        if b"hang" in body:
            time.sleep(5)
        self.answer(200, body.upper().rstrip(b"\\n") if os.environ.get("STRIP") else body.upper())

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass

(root / "environment.json").write_text(json.dumps(dict(os.environ)))
host, port = os.environ["SAGEMAKER_BIND_TO_HOST"], int(os.environ["SAGEMAKER_BIND_TO_PORT"])
ThreadingHTTPServer((host, port), Handler).serve_forever()
'''
