"""Memory of a platform and of the jobs that it starts: resident megabytes, looked at five times a second."""

import os
import re
import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

INTERVAL = 0.2
PLATFORM = "platform"


@dataclass(frozen=True)
class Process:
    """A process as /proc tells of it."""

    parent: int
    command: str
    megabytes: float


@contextmanager
def watched(platform: int) -> Iterator[dict[str, float]]:
    """Fill the dictionary, until the block ends, with the most that the platform and each kind of job had."""
    most: dict[str, float] = {}
    over = threading.Event()

    def look() -> None:
        while not over.wait(INTERVAL):
            for kind, megabytes in by_kind(processes(), platform).items():
                most[kind] = max(megabytes, most.get(kind, 0))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield most
    finally:
        over.set()
        thread.join()


def by_kind(found: Mapping[int, Process], platform: int) -> dict[str, float]:
    """Megabytes of the platform itself, and of each job with all of its processes, named by what the job runs.

    A job is a child of the platform. Pages that its processes share count for each of them.
    """
    total: defaultdict[str, float] = defaultdict(float)
    for number, process in found.items():
        if number == platform:
            total[PLATFORM] += process.megabytes
        elif job := _job(found, number, platform):
            total[job_name(found[job].command)] += process.megabytes
    return dict(total)


def job_name(command: str) -> str:
    """`CleanMessages` for a Glue job, whose name CloudFormation made longer, `monitor` for a command of the image."""
    named = re.search(r"--JOB_NAME \S*?(\w+)Job[0-9A-F]{8}|\bpipeline_code\.(\w+)", command)
    return next(filter(None, named.groups())) if named else "other"


def processes() -> dict[int, Process]:
    """All processes that can be seen now, by their number."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = re.search(r"^PPid:\s*(\d+)", (folder / "status").read_text(), re.MULTILINE)
            pages = int((folder / "statm").read_text().split()[1])
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except (FileNotFoundError, ProcessLookupError):  # it has ended in between
            continue
        if parent and pages:  # one that has ended and waits for its parent has none
            found[int(folder.name)] = Process(int(parent[1]), command, pages * os.sysconf("SC_PAGE_SIZE") / 1e6)
    return found


def _job(found: Mapping[int, Process], number: int, platform: int) -> int | None:
    """The platform's child that a process descends from; None for a stranger."""
    while number in found:
        parent = found[number].parent
        if parent == platform:
            return number
        number = parent
    return None
