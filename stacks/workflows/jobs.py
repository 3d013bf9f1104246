"""Jobs that a workflow waits for: Glue's and SageMaker's, with names that a repeated call cannot double."""

from collections.abc import Mapping
from typing import Any

from stacks.workflows.accounts import with_failed_job, with_job
from stacks.workflows.states import States, choice, fail, jsonata, task

KINDS = {
    "training": ("createTrainingJob", "describeTrainingJob", "TrainingJobName", "TrainingJobStatus"),
    "processing": ("createProcessingJob", "describeProcessingJob", "ProcessingJobName", "ProcessingJobStatus"),
    "transform": ("createTransformJob", "describeTransformJob", "TransformJobName", "TransformJobStatus"),
}


def job_name(prefix: str, suffix: str = "") -> str:
    """A job's name as an expression: the execution's own name and how often it was redriven; 63 characters at most."""
    redrives = "$string($states.context.Execution.RedriveCount)"
    return f"'{prefix}' & $states.context.Execution.Name & '-' & {redrives} & '{suffix}'"


def glue_job(
    state: str, name: str, arguments: Mapping[str, str], *, next_: str, timeout_minutes: int
) -> dict[str, Any]:
    """The state `state`: run a Glue job to its end. `arguments` are the script's, plain text or JSONata."""
    return task(
        "glue:startJobRun.sync",
        {"JobName": name, "Arguments": {f"--{key}": value for key, value in arguments.items()}},
        assign={"jobs": jsonata(with_job(f"'{state}'", "$states.result"))},
        next_=next_,
        timeout_seconds=(timeout_minutes + 10) * 60,
    )


def sagemaker_job(
    state: str,
    kind: str,
    arguments: Mapping[str, Any],
    *,
    name: str,
    next_: str,
    timeout_minutes: int,
    assign: Mapping[str, str] | None = None,
    catch: Mapping[str, str] | None = None,
) -> States:
    """Run a SageMaker job to its end, as the states `state` and the three that wait for a job that is already there.

    A create call whose answer was lost leaves a job of this name behind: it is ours, since the name is, and is awaited.
    """
    create, describe, name_key, status = KINDS[kind]
    looking, waiting, ended = f"{state}: look again", f"{state}: wait", f"{state}: ended?"
    failed = (catch or {}).get("States.TaskFailed", f"{state}: failed")
    accounted = with_job(f"'{state}'", "$states.result")
    states: States = {
        state: task(
            f"sagemaker:{create}.sync",
            {name_key: jsonata(name), **arguments},
            next_=next_,
            assign={"jobs": jsonata(accounted), **(assign or {})},
            catch={"SageMaker.ResourceInUseException": looking, **(catch or {})},
            timeout_seconds=(timeout_minutes + 30) * 60,
        ),
        looking: task(
            f"aws-sdk:sagemaker:{describe}",
            {name_key: jsonata(name)},
            next_=ended,
            assign={
                "job": jsonata("$states.result"),
                "jobs": jsonata(f"$states.result.{status} = 'Completed' ? {accounted} : $jobs"),
                **(assign or {}),
            },
        ),
        ended: choice(
            (f"$job.{status} = 'Completed'", next_),
            (f"$job.{status} in ['InProgress', 'Stopping']", waiting),
            default=failed,
        ),
        waiting: {"Type": "Wait", "Seconds": 30, "Next": looking},
    }
    for one in states[state]["Catch"]:
        if one["ErrorEquals"] == ["States.TaskFailed"]:
            one["Assign"]["jobs"] = jsonata(with_failed_job(f"'{state}'", "$states.errorOutput.Cause"))
    if failed not in (catch or {}).values():
        states[failed] = fail("Criba.JobFailed", "$string($job)")
    return states
