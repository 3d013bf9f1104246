"""Jobs end with the platform, even when it is killed."""

import os
import signal
import subprocess
import sys
import time

PLATFORM = """
import sys, threading, time
from pathlib import Path
from criba.local.jobs.child import Child
folder = Path(sys.argv[1])
code = f"import os, time, pathlib; pathlib.Path({str(folder / 'pid')!r}).write_text(str(os.getpid())); time.sleep(60)"
Child([sys.executable, "-c", code], environment={}, folder=folder, log=folder / "log.txt", grace=1).wait(
    threading.Event()
)
"""


def test_a_job_does_not_outlive_a_platform_that_was_killed(tmp_path, lives):
    platform = subprocess.Popen([sys.executable, "-c", PLATFORM, str(tmp_path)])
    deadline = time.monotonic() + 10
    while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    job = int((tmp_path / "pid").read_text())
    assert lives(job)
    os.kill(platform.pid, signal.SIGKILL)
    platform.wait()
    deadline = time.monotonic() + 5
    while lives(job):
        assert time.monotonic() < deadline, f"process {job} still runs"
        time.sleep(0.02)
