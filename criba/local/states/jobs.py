"""Tasks that start something and wait for its end (`.sync`): Glue runs, SageMaker jobs, other state machines."""

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from criba.local.states import attempt
from criba.local.states.errors import state_error, state_error_type
from criba.local.states.sdk import Style, call, optimized

Arguments = dict[str, Any]
_LONGEST_POLL_SECONDS = 1.0
log = logging.getLogger("criba")


@dataclass(frozen=True)
class Job:
    """How to see how something that was started is doing, and how to stop it.

    `reference` makes the parameters of `describe` and `stop` of the start call's arguments and answer.
    """

    service: str
    style: Style
    describe: str
    reference: Callable[[Arguments, Arguments], Arguments]
    status: str
    good: str
    bad: frozenset[str]
    stop: str
    stop_reference: Callable[[Arguments, Arguments], Arguments]
    within: str | None = None
    """The member of the describe call's answer that is the job, where it is not the whole answer."""

    def look(self, reference: Arguments, person: str) -> Arguments:
        answer: Arguments = call(self.service, self.describe, reference, person=person, style=self.style)
        job: Arguments = answer[self.within] if self.within else answer
        return job


SAGEMAKER = optimized("SageMaker", "AmazonSageMakerException")
GLUE = optimized("Glue", "AWSGlueException")
STEP_FUNCTIONS = optimized("StepFunctions", "AWSStepFunctionsException")


def _sagemaker(kind: str) -> Job:
    def named(arguments: Arguments, _: Arguments) -> Arguments:
        return {f"{kind}Name": arguments[f"{kind}Name"]}

    return Job(
        service="sagemaker",
        style=SAGEMAKER,
        describe=f"describe{kind}",
        reference=named,
        status=f"{kind}Status",
        good="Completed",
        bad=frozenset({"Failed", "Stopped"}),
        stop=f"stop{kind}",
        stop_reference=named,
    )


JOBS = {
    **{f"sagemaker:create{kind}": _sagemaker(kind) for kind in ("TrainingJob", "TransformJob", "ProcessingJob")},
    "glue:startJobRun": Job(
        service="glue",
        style=GLUE,
        describe="getJobRun",
        reference=lambda arguments, run: {"JobName": arguments["JobName"], "RunId": run["JobRunId"]},
        status="JobRunState",
        good="SUCCEEDED",
        bad=frozenset({"FAILED", "TIMEOUT", "ERROR", "STOPPED", "EXPIRED"}),
        stop="batchStopJobRun",
        stop_reference=lambda arguments, run: {"JobName": arguments["JobName"], "JobRunIds": [run["JobRunId"]]},
        within="JobRun",
    ),
    "states:startExecution": Job(
        service="sfn",
        style=STEP_FUNCTIONS,
        describe="describeExecution",
        reference=lambda _, started: {"ExecutionArn": started["ExecutionArn"]},
        status="Status",
        good="SUCCEEDED",
        bad=frozenset({"FAILED", "TIMED_OUT", "ABORTED"}),
        stop="stopExecution",
        stop_reference=lambda _, started: {"ExecutionArn": started["ExecutionArn"]},
    ),
}


def wait_for(job: Job, arguments: Arguments, started: Arguments, person: str) -> Arguments:
    """The finished job as its service describes it.

    Raises States.TaskFailed with that description as its cause; stops the job when the task's time, the execution's
    or a person ends the waiting.
    """
    reference = job.reference(arguments, started)
    seconds = 0.1
    while True:
        try:
            attempt.pause(seconds)
        except Exception:
            _stop(job, job.stop_reference(arguments, started), person)
            raise
        seconds = min(seconds * 1.3, _LONGEST_POLL_SECONDS)
        found = job.look(reference, person)
        if found[job.status] == job.good:
            return found
        if found[job.status] in job.bad:
            raise state_error("States.TaskFailed", json.dumps(found))


def _stop(job: Job, reference: Arguments, person: str) -> None:
    """Stop a job that no one waits for any more; one that ended by itself in the meantime cannot be stopped."""
    try:
        call(job.service, job.stop, reference, person=person, style=job.style)
    except state_error_type() as refusal:
        log.info("%s was refused: %s", job.stop, refusal)
