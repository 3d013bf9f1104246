"""The Glue steps as states: which script runs with which arguments, and the file in which it reports."""

from collections.abc import Mapping

from stacks.constructs.glue_step import GlueStep
from stacks.workflows.jobs import glue_job
from stacks.workflows.ledger import run_file
from stacks.workflows.platform import Platform
from stacks.workflows.quality import GATE, IS_ACCEPTED, limits_argument, quality_gate
from stacks.workflows.states import States, jsonata, read_json


def clean_messages(platform: Platform, workflow: str, *, kind: str, scope: Mapping[str, str], next_: str) -> States:
    """Clean the run's `kind` (messages or labels) within `scope` (source, dates, take), and judge the delivery."""
    cleaning = platform.settings.cleaning
    arguments = {
        "workflow": workflow,
        "kind": kind,
        "raw": f"s3://{platform.storage.raw.bucket_name}",
        "languages": ",".join(cleaning.languages),
        "max_text_bytes": str(cleaning.max_text_bytes),
        "sources": ",".join(platform.settings.sources),
        "quality": limits_argument(platform.settings),
        "now": jsonata("$states.context.Execution.StartTime"),
        "accepted": jsonata(f"{IS_ACCEPTED} ? 'yes' : 'no'"),
        **scope,
    }
    step = platform.clean
    return {
        **reporting_job(platform, workflow, "Clean messages", step, arguments, report="clean", next_=GATE),
        **quality_gate(platform, workflow, next_=next_),
    }


def reporting_job(
    platform: Platform,
    workflow: str,
    state: str,
    step: GlueStep,
    arguments: Mapping[str, str],
    *,
    report: str,
    next_: str,
) -> States:
    """Run `step` on the curated bucket and keep what it reports as `$steps.<report>`."""
    curated = platform.storage.curated.bucket_name
    reading = f"{state}: read the report"
    return {
        state: glue_job(
            state,
            step.name,
            {"run_id": jsonata("$run_id"), "curated": f"s3://{curated}", **arguments},
            next_=reading,
            timeout_minutes=platform.settings.cleaning.timeout_minutes,
        ),
        reading: read_json(curated, run_file(workflow, report), name=report, next_=next_),
    }
