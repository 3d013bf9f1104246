"""The machine that was measured on, the versions of what was measured, and a port that is free there."""

import os
import platform
import re
import socket
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

PACKAGES = (
    *("numba", "numpy", "scikit-learn", "scipy", "gunicorn", "granian", "gevent", "flask", "pandas", "joblib"),
    *("fasttext-turbo", "vowpalwabbit"),
)


def machine() -> dict[str, Any]:
    """Processor, cores, memory, system, Python and the day."""
    cpu = re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text())
    return {
        "processor": cpu[1] if cpu else platform.processor(),
        "cores": os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e9, 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "day": datetime.now(UTC).date().isoformat(),
    }


def versions() -> dict[str, str]:
    """Of the libraries that make a difference to the figures."""
    return {name: version(name) for name in PACKAGES}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
