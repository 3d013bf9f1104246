"""Runs one job's command and ends the job's whole process group when the platform goes away, however it goes.

Started as `python -I -S guard.py <command> ...` in a new process group, with a pipe from the platform as standard
input: the pipe closes when the platform ends, even by SIGKILL. Standard library only, so that it starts at once.
Exit code: the command's, or 128 + the number of the signal that ended it, as a container's.
"""

import os
import signal
import subprocess
import sys
import threading


def main() -> int:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # the group is told to end: the guard waits for the others
    try:
        command = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, preexec_fn=_listen_to_sigterm)  # noqa: S603
    except OSError as problem:
        print(f"cannot run {sys.argv[1]}: {problem.strerror}", file=sys.stderr)
        return 127
    threading.Thread(target=_end_with_the_platform, daemon=True).start()
    code = command.wait()
    return 128 - code if code < 0 else code


def _listen_to_sigterm() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _end_with_the_platform() -> None:
    while os.read(0, 1):
        pass
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main())
