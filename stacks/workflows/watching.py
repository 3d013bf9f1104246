"""Watching as states: run the monitor on what was scored, publish its figures, tell of drift, remember its report.

The job judges (pipeline_code/monitor.py); its verdict stands in `$steps.monitor`. It is isolated from the network, so
the state machine publishes. Two batches running are needed to page: the job is given the report before, which
`latest/<version>.json` names.
"""

from collections.abc import Mapping
from typing import Any

from pipeline_code.contracts import (
    BASELINE,
    BASELINE_FILES,
    DRIFT_DETECTED,
    LATEST,
    METRICS_NAMESPACE,
    MONITOR,
    OUTLIER_MESSAGES,
    REPORTS,
    baseline_prefix,
    latest_key,
    outliers_key,
    report_prefix,
)
from stacks.constructs.workflow import Workflow
from stacks.workflows.container_jobs import INPUT, processing_input, processing_job
from stacks.workflows.jobs import job_name, sagemaker_job
from stacks.workflows.ledger import tell
from stacks.workflows.platform import Platform
from stacks.workflows.states import State, States, as_jsonata, choice, jsonata, read_json, task

WATCH = "Look for the baseline"
"""The first state of watching."""

STATISTICS, CONSTRAINTS = BASELINE_FILES
VERSION = "' & $string($model.version) & '"
RUN, BEFORE = "' & $run_id & '", "' & $before & '"
FOUND = "$steps.monitor"


def watch(platform: Platform, *, messages: str, predictions: str, counts: Mapping[str, str], next_: str) -> States:
    """Monitor the batch of `messages` and `predictions` (S3 folders), publish `counts` besides, and go on to `next_`.

    All of these are JSONata expressions.
    """
    bucket = platform.storage.monitoring.bucket_name
    return {
        WATCH: task(
            "aws-sdk:s3:listObjectsV2",
            {"Bucket": bucket, "Prefix": jsonata(f"'{baseline_prefix(VERSION)}/{CONSTRAINTS}'")},
            assign={"has_baseline": jsonata("$states.result.KeyCount > 0"), "before": ""},
            next_="Look for the report before",
        ),
        "Look for the report before": task(
            "aws-sdk:s3:getObject",
            {"Bucket": bucket, "Key": jsonata(f"'{latest_key(VERSION)}'")},
            # A run that is scored once more must not be its own predecessor.
            assign={
                "before": jsonata(
                    "($latest := $parse($states.result.Body);"
                    " $latest.run_id = $run_id ? $latest.before : $latest.run_id)"
                )
            },
            catch={"S3.NoSuchKeyException": "Monitor"},
            next_="Monitor",
        ),
        **sagemaker_job(
            "Monitor",
            "processing",
            _job(platform, messages, predictions),
            name=job_name(platform.prefix),
            next_="Read the verdict",
            timeout_minutes=60,
        ),
        "Read the verdict": read_json(
            bucket, f"'{report_prefix(RUN)}/summary.json'", name="monitor", next_="Publish metrics"
        ),
        "Publish metrics": task(
            "aws-sdk:cloudwatch:putMetricData",
            {"Namespace": METRICS_NAMESPACE, "MetricData": jsonata(_metrics(platform.settings.name, counts))},
            assign={"outcome": "Messages scored"},
            next_="Keep the outliers",
        ),
        "Keep the outliers": task(
            "aws-sdk:s3:copyObject",
            {
                "CopySource": jsonata(f"'{bucket}/{report_prefix(RUN)}/outliers.jsonl'"),
                "Bucket": bucket,
                "Key": jsonata(f"'{outliers_key(RUN)}'"),
            },
            next_="Remember the report",
        ),
        "Remember the report": task(
            "aws-sdk:s3:putObject",
            {
                "Bucket": bucket,
                "Key": jsonata(f"'{latest_key(VERSION)}'"),
                "Body": {"run_id": jsonata("$run_id"), "before": jsonata("$before")},
                "ContentType": "application/json",
            },
            next_="Have the messages drifted?",
        ),
        "Have the messages drifted?": choice(
            (_drifted("data"), "Tell of the messages"), default="Has the model drifted?"
        ),
        "Tell of the messages": _told(platform, "data", next_="Has the model drifted?"),
        "Has the model drifted?": choice((_drifted("model"), "Tell of the model"), default=next_),
        "Tell of the model": _told(platform, "model", next_=next_),
    }


def allow_watching(work: Workflow, platform: Platform) -> None:
    """What these states call, beside running processing jobs."""
    monitoring = platform.storage.monitoring
    work.allow_reading(monitoring, f"{REPORTS}/*/summary.json", f"{REPORTS}/*/outliers.jsonl", f"{LATEST}/*")
    work.allow_writing(monitoring, f"{OUTLIER_MESSAGES}/*", f"{LATEST}/*")
    work.allow(
        "s3:ListBucket",
        on=[monitoring.bucket_arn],
        # Only who may list is told 404, not 403, of a first run's missing report; that look names no prefix.
        when={"StringLikeIfExists": {"s3:prefix": [f"{BASELINE}/*", f"{LATEST}/*"]}},
    )
    work.allow_publishing_metrics(METRICS_NAMESPACE)


def _job(platform: Platform, messages: str, predictions: str) -> dict[str, Any]:
    """The monitor with a baseline and an earlier report if there are any: SageMaker fails a job whose input is not
    there."""
    place = f"s3://{platform.storage.monitoring.bucket_name}"
    given = as_jsonata([processing_input("messages", messages), processing_input("predictions", predictions)])
    baseline = as_jsonata(processing_input("baseline", f"'{place}/{baseline_prefix(VERSION)}/'"))
    before = as_jsonata(processing_input("previous", f"'{place}/{report_prefix(BEFORE)}/report.json'"))
    inputs = f"$append($append({given}, $has_baseline ? [{baseline}] : []), $before != '' ? [{before}] : [])"
    return processing_job(
        platform,
        MONITOR,
        inputs=jsonata(inputs),
        bucket=platform.storage.monitoring,
        folder=REPORTS,
        instance_type=platform.settings.scoring.instance_type,
        environment=jsonata(_environment()),
    )


def _environment() -> str:
    """What Model Monitor's platform would tell the container, and what only we know."""
    always = {
        "publish_cloudwatch_metrics": "Disabled",
        "start_time": "$states.context.Execution.StartTime",
        "end_time": "$states.context.State.EnteredTime",
        "run_id": "$run_id",
        "model_version": "$string($model.version)",
        "trained_by": "$exists($model.trained_by) ? $model.trained_by : ''",
    }
    baseline = {
        "baseline_statistics": f"{INPUT}/baseline/{STATISTICS}",
        "baseline_constraints": f"{INPUT}/baseline/{CONSTRAINTS}",
    }
    return f"$merge([{as_jsonata(always)}, $has_baseline ? {as_jsonata(baseline)} : {{}}])"


def _metrics(environment: str, counts: Mapping[str, str]) -> str:
    """The run's counts and the monitor's figures, all of the environment and of nothing else."""
    dimensions = f"'Dimensions': [{{'Name': 'Environment', 'Value': '{environment}'}}]"
    counted = ", ".join(
        f"{{'MetricName': '{name}', 'Unit': 'Count', 'Value': {value}, {dimensions}}}" for name, value in counts.items()
    )
    found = f"$map({FOUND}.metrics, function($one) {{ $merge([$one, {{{dimensions}}}]) }})"
    return f"$append([{counted}], {found})"


def _drifted(kind: str) -> str:
    return f"{FOUND}.{kind}_drift.warn = 1 or {FOUND}.{kind}_drift.page = 1"


def _told(platform: Platform, kind: str, *, next_: str) -> State:
    """An event of one kind of drift, which warns or pages."""
    report = f"'s3://{platform.storage.monitoring.bucket_name}/{report_prefix(RUN)}/' & {FOUND}.report"
    return tell(
        platform.bus.event_bus_name,
        DRIFT_DETECTED,
        {
            "run_id": jsonata("$run_id"),
            "workflow": "score",
            "severity": jsonata(f"{FOUND}.{kind}_drift.page = 1 ? 'page' : 'warn'"),
            "kind": kind,
            "signals": jsonata(f"[{FOUND}.{kind}_drift.signals]"),
            "model_version": jsonata("$string($model.version)"),
            "report": jsonata(report),
        },
        next_=next_,
    )
