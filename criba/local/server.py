"""The platform's process: MiniStack with our plug-ins, on one port of 127.0.0.1 (`python -m criba.local.server`)."""

import argparse
import asyncio
import fcntl
import logging
import os
from pathlib import Path
from typing import Any

from criba.local import settings


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=settings.PORT)
    parser.add_argument("--root", type=Path, default=Path("build/local"))
    parser.add_argument("--region", default=settings.REGION)
    parser.add_argument("--lock", type=int, help="descriptor of a locked file, kept until this process ends")
    options = parser.parse_args()
    if options.lock is not None:
        fcntl.fcntl(options.lock, fcntl.F_SETFD, fcntl.FD_CLOEXEC)
    settings.configure(port=options.port, root=options.root.absolute(), region=options.region)
    try:
        asyncio.run(_serve(options.port))
    finally:
        logging.shutdown()
        os._exit(0)  # jobs run in threads, which would keep the interpreter waiting for them


async def _serve(port: int) -> None:
    from hypercorn.asyncio import serve
    from hypercorn.config import Config

    from criba.local.gateway import application  # reads the settings when imported

    config = Config()
    config.bind = [f"{settings.HOST}:{port}"]
    config.keep_alive_timeout = 75
    config.graceful_timeout = 1
    config.loglevel = "WARNING"
    served: Any = application()
    await serve(served, config)


if __name__ == "__main__":
    main()
