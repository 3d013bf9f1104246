"""Glue job runs: the deployed scripts really run, one thread a run, with Glue's states, limits and messages."""

import contextvars
import logging
import threading
import time
import uuid
from typing import Any

from criba.local import emulator, events, settings

log = logging.getLogger("criba")

Answer = tuple[int, dict[str, str], bytes]
Run = dict[str, Any]

_ACTIVE = ("STARTING", "RUNNING", "STOPPING", "WAITING")
_OF_THE_JOB = ("SecurityConfiguration", "GlueVersion", "WorkerType", "NumberOfWorkers", "MaxCapacity", "ExecutionClass")
_stops: dict[str, threading.Event] = {}
_starting = threading.Lock()


def install() -> None:
    """Replace the calls that start and stop runs; the rest of Glue stays MiniStack's."""
    service = emulator.service("glue")
    service._start_job_run = start_job_run
    service._batch_stop_job_run = batch_stop_job_run


def start_job_run(data: dict[str, Any]) -> Answer:
    """StartJobRun: refuses an unknown job, and one run more than the job's MaxConcurrentRuns (1 by default)."""
    service = emulator.service("glue")
    name = data.get("JobName")
    job = service._jobs.get(name)
    if job is None:
        return _error("EntityNotFoundException", f"Failed to start job run due to missing metadata: {name}")
    with _starting:
        runs: list[Run] = service._job_runs.setdefault(name, [])
        most = int(job.get("ExecutionProperty", {}).get("MaxConcurrentRuns", 1))
        if sum(run["JobRunState"] in _ACTIVE for run in runs) >= most:
            return _error("ConcurrentRunsExceededException", f"Concurrent runs exceeded for {name}")
        run = _new_run(job, data)
        runs.insert(0, run)
    stop = _stops[run["Id"]] = threading.Event()
    context = contextvars.copy_context()
    threading.Thread(target=context.run, args=(_execute, job, run, stop), daemon=True).start()
    return _answer({"JobRunId": run["Id"]})


def batch_stop_job_run(data: dict[str, Any]) -> Answer:
    """BatchStopJobRun: a run that has ended, or that does not exist, is an error of its own in the answer."""
    name = data.get("JobName")
    runs = {run["Id"]: run for run in emulator.service("glue")._job_runs.get(name, [])}
    stopped, errors = [], []
    for id_ in data.get("JobRunIds", []):
        if id_ in runs and runs[id_]["JobRunState"] in _ACTIVE:
            runs[id_]["JobRunState"] = "STOPPING"
            _stops[id_].set()
            stopped.append({"JobName": name, "JobRunId": id_})
            continue
        code = "JobRunNotInTerminalStateException" if id_ in runs else "EntityNotFoundException"
        detail = {"ErrorCode": code, "ErrorMessage": f"Job run {id_} of {name} does not run"}
        errors.append({"JobName": name, "JobRunId": id_, "ErrorDetail": detail})
    return _answer({"SuccessfulSubmissions": stopped, "Errors": errors})


def _new_run(job: dict[str, Any], data: dict[str, Any]) -> Run:
    now = time.time()
    return {
        "Id": f"jr_{uuid.uuid4().hex}",
        "JobName": job["Name"],
        "Attempt": 0,
        "JobRunState": "STARTING",
        "StartedOn": now,
        "LastModifiedOn": now,
        "ExecutionTime": 0,
        "Arguments": data.get("Arguments", {}),
        "PredecessorRuns": [],
        "Timeout": data.get("Timeout") or job.get("Timeout"),
        "LogGroupName": "/aws-glue/jobs",
        **{name: job[name] for name in _OF_THE_JOB if job.get(name)},
    }


def _execute(job: dict[str, Any], run: Run, stop: threading.Event) -> None:
    from criba.local.jobs import JobFailed, JobStopped, JobTimedOut, glue

    work = settings.root() / "jobs" / run["Id"]
    work.mkdir(parents=True)
    role = str(job["Role"]).rsplit("/", 1)[-1]
    environment = settings.environment(port=settings.port(), region=settings.region(), person=role)
    _note(run, "RUNNING")
    try:
        glue.run(job, run, environment=environment, work=work, stop=stop, archives=settings.class_archives())
    except JobStopped:
        _end(run, "STOPPED")
    except JobTimedOut as late:
        _end(run, "TIMEOUT", str(late))
    except JobFailed as failure:
        _end(run, "FAILED", str(failure))
    except Exception as problem:
        log.exception("the Glue run %s could not be run", run["Id"])
        _end(run, "FAILED", f"{type(problem).__name__}: {problem}")
    else:
        _end(run, "SUCCEEDED")


def _note(run: Run, state: str) -> None:
    """Change the state, unless the run is already to be stopped."""
    if run["JobRunState"] != "STOPPING":
        run["JobRunState"] = state
    run["LastModifiedOn"] = time.time()


def _end(run: Run, state: str, message: str = "") -> None:
    now = time.time()
    run.update(LastModifiedOn=now, CompletedOn=now, ExecutionTime=round(now - run["StartedOn"]))
    if message:
        run["ErrorMessage"] = message
    run["JobRunState"] = state
    del _stops[run["Id"]]
    severity = "INFO" if state in ("SUCCEEDED", "STOPPED") else "ERROR"
    detail = {"jobName": run["JobName"], "severity": severity, "state": state, "jobRunId": run["Id"]}
    events.emit("aws.glue", "Glue Job State Change", {**detail, "message": message or f"Job run {state.lower()}"}, [])


def _answer(body: dict[str, Any]) -> Answer:
    response: Answer = emulator.module("core.responses").json_response(body)
    return response


def _error(code: str, message: str) -> Answer:
    response: Answer = emulator.module("core.responses").error_response_json(code, message, 400)
    return response
