"""The gate after cleaning, as states: figures to CloudWatch, then stop, tell people, or go on.

The job has judged already (glue_jobs/quality/gate.py); its verdict stands in `$steps.clean.quality`. A run that stops
fails here, before anything is scored or learnt. A person may accept what was found: the next attempt carries who and
why in its input as `accept_quality`, takes the same messages, and goes on.
"""

import json
from typing import Any

from pipeline_code.contracts import METRICS_NAMESPACE
from stacks.config import Limits, Settings
from stacks.workflows.ledger import INPUT, tell
from stacks.workflows.platform import Platform
from stacks.workflows.states import States, choice, fail, jsonata, task

GATE = "Publish the quality"
"""The first state of the gate."""

FOUND = "$steps.clean.quality"
IS_ACCEPTED = f"$exists({INPUT}.accept_quality)"
STOPS = f"{FOUND}.verdict = 'stop' and $not({IS_ACCEPTED})"

METRICS = {
    "Landed": ("landed", "Count"),
    "Kept": ("kept", "Count"),
    "QuarantineRate": ("quarantine_rate", "None"),
    "DuplicateRate": ("duplicate_rate", "None"),
    "FreshnessHours": ("freshness_hours", "None"),
}
"""By metric: the figure of each source, and its unit."""

RAISED = {
    "quarantine_rate": "QuarantineRateRaised",
    "volume": "VolumeRaised",
    "freshness_hours": "FreshnessRaised",
}
"""By rule: the metric of how many sources are above its warning, whatever the limit of each."""

STOPPED = "QualityStopped"
"""1 for a run that the gate has stopped, 0 for one that went on."""


def quality_gate(platform: Platform, workflow: str, *, next_: str) -> States:
    """Publish what was measured, and stop the run or go on to `next_`."""
    return {
        GATE: task(
            "aws-sdk:cloudwatch:putMetricData",
            {"Namespace": METRICS_NAMESPACE, "MetricData": jsonata(_metrics(platform.settings.name, workflow))},
            next_="Good quality?",
        ),
        "Good quality?": choice(
            (f"{FOUND}.verdict = 'pass'", next_), (STOPS, "Refuse the quality"), default="Tell of the quality"
        ),
        "Tell of the quality": tell(
            platform.bus.event_bus_name,
            "QualityWarned",
            {
                "workflow": workflow,
                "run_id": jsonata("$run_id"),
                "findings": jsonata(f"$substring($replace({FOUND}.said, /[^A-Za-z0-9 .,:;()_-]+/, ' '), 0, 400)"),
            },
            next_=next_,
        ),
        "Refuse the quality": fail(
            "Criba.QualityGate",
            f"{FOUND}.said & '. To go on with these records as they are: criba runs accept ' & $run_id & ' --reason'",
        ),
    }


def limits_argument(settings: Settings) -> str:
    """The limits of all sources and of those that differ, as the job reads them."""
    quality = settings.quality
    return json.dumps(
        {"all": _values(quality), "sources": {name: _values(quality.of(name)) for name in quality.sources}}
    )


def _values(limits: Limits) -> dict[str, Any]:
    return limits.model_dump(include=set(Limits.model_fields))


def _metrics(environment: str, workflow: str) -> str:
    """One figure of one source each; a source of which there is none to tell has no such metric in this run."""
    of_environment = f"{{'Name': 'Environment', 'Value': '{environment}'}}"
    per_source = [
        f"{FOUND}.sources[$exists({figure})].{{"
        f"'MetricName': '{name}', 'Unit': '{unit}', 'Value': {figure},"
        f" 'Dimensions': [{of_environment}, {{'Name': 'Source', 'Value': source}}]}}"
        for name, (figure, unit) in METRICS.items()
    ]
    raised = [
        f"{{'MetricName': '{name}', 'Unit': 'Count', 'Value': $sum([{FOUND}.raised.{rule}]),"
        f" 'Dimensions': [{of_environment}]}}"
        for rule, name in RAISED.items()
    ]
    stopped = (
        f"{{'MetricName': '{STOPPED}', 'Unit': 'Count', 'Value': {STOPS} ? 1 : 0,"
        f" 'Dimensions': [{of_environment}, {{'Name': 'Workflow', 'Value': '{workflow}'}}]}}"
    )
    return f"[{', '.join([*per_source, *raised, stopped])}]"
