"""Why something failed, in words: what Step Functions, Glue and SageMaker say, without their wrapping."""

import json
from typing import Any

_REASONS = ("ExitMessage", "FailureReason", "ErrorMessage", "errorMessage", "Error")
_JOBS = {
    "TrainingJobName": "training job",
    "ProcessingJobName": "processing job",
    "TransformJobName": "transform job",
    "JobName": "Glue job",
}
_KNOWN = {
    "States.Timeout": "a step took longer than it may",
    "States.TaskFailed": "a step failed",
}
_LONGEST = 2_000


def in_words(error: str | None, cause: str | None) -> str:
    """A failed execution's error and cause as one sentence.

    `cause` may be a job's whole description as JSON, as the `.sync` integrations give it: then it is the job's kind,
    name and reason that are told.
    """
    job = _parsed(cause)
    if job is not None:
        reason = next((str(job[name]).strip() for name in _REASONS if job.get(name)), "it gave no reason")
        return _shortened(f"{_named(job)} failed: {reason}")
    named = _KNOWN.get(error or "", error or "")
    return _shortened(": ".join(part for part in (named, (cause or "").strip()) if part) or "no reason was given")


def reason_in_words(reason: str) -> str:
    """A ledger's reason, `<error>: <cause>`, as one sentence."""
    error, separator, cause = reason.partition(": ")
    return in_words(error, cause) if separator and " " not in error else in_words(None, reason)


def _parsed(cause: str | None) -> dict[str, Any] | None:
    try:
        found = json.loads(cause or "")
    except json.JSONDecodeError:
        return None
    return found if isinstance(found, dict) else None


def _named(job: dict[str, Any]) -> str:
    for field, kind in _JOBS.items():
        if field in job:
            return f"{kind} {job[field]}"
    return "a step"


def _shortened(sentence: str) -> str:
    return sentence if len(sentence) <= _LONGEST else f"{sentence[:_LONGEST]}…"
