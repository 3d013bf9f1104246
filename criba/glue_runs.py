"""Glue jobs that no workflow runs: started by a person, and awaited."""

import time
from collections.abc import Callable

from criba.aws import Aws
from criba.errors import CribaError

_UNDER_WAY = ("STARTING", "RUNNING", "STOPPING", "WAITING")


def run(aws: Aws, job: str, arguments: dict[str, str], told: Callable[[str], None]) -> None:
    """Run a job to its end; `told` hears of its state. Raises CribaError with the job's own message if it fails."""
    names = {f"--{name}": value for name, value in arguments.items()}
    run_id = aws.glue.start_job_run(JobName=job, Arguments=names)["JobRunId"]
    for pause in aws.pauses():
        found = aws.glue.get_job_run(JobName=job, RunId=run_id)["JobRun"]
        told(found["JobRunState"].lower())
        if found["JobRunState"] == "SUCCEEDED":
            return
        if found["JobRunState"] not in _UNDER_WAY:
            reason = found.get("ErrorMessage") or "it gave no reason"
            raise CribaError(f"Glue job {job} ended {found['JobRunState']}: {reason}")
        time.sleep(pause)
