"""measure: labels that came later in, how good the predictions were out, told when they have become worse."""

from typing import Any

from constructs import Construct

from pipeline_code.contracts import (
    DRIFT_DETECTED,
    LATEST_QUALITY,
    MEASURE,
    MEASURING,
    METRICS_NAMESPACE,
    REPORTS,
    RUNS,
)
from stacks.workflows.container_jobs import processing_job
from stacks.workflows.glue_steps import reporting_job
from stacks.workflows.jobs import job_name, sagemaker_job
from stacks.workflows.ledger import CLOSE, begin, end, tell
from stacks.workflows.platform import Platform
from stacks.workflows.reconciliation import MATCHED, RECONCILE, reconcile
from stacks.workflows.states import States, choice, jsonata, note, read_json, task

QUALITY = "$steps.quality"


class MeasureWorkflow(Construct):
    """The state machine of **measure** and what its role may do."""

    def __init__(self, scope: Construct, id_: str, *, platform: Platform) -> None:
        super().__init__(scope, id_)
        self.platform = platform
        states = {**begin("Match labels"), **self._data(), **self._verdict(), **end("measure", platform)}
        self.workflow = platform.workflow(
            self,
            "Measure",
            states,
            start="Begin",
            comment="Measure predictions by late labels",
            timeout_seconds=6 * 3600,
        )
        self._grant()

    def _data(self) -> States:
        """Join what landed to what people read; without predictions there is nothing that could be measured."""
        here, storage, cleaning = self.platform, self.platform.storage, self.platform.settings.cleaning
        arguments = {
            "raw": f"s3://{storage.raw.bucket_name}",
            "predictions": f"s3://{storage.predictions.bucket_name}",
            "monitoring": f"s3://{storage.monitoring.bucket_name}",
            "days": str(here.settings.measuring.days),
            "now": jsonata("$states.context.Execution.StartTime"),
            "languages": ",".join(cleaning.languages),
            "max_text_bytes": str(cleaning.max_text_bytes),
            "sources": ",".join(here.settings.sources),
            "for_model_monitor": "yes" if here.settings.model_monitor_schedules else "no",
        }
        return {
            **reporting_job(
                here, "measure", "Match labels", here.match_labels, arguments, report="matched", next_=RECONCILE
            ),
            **reconcile(MATCHED, ("$steps.matched.predictions > 0", "Measure"), default="Nothing to measure"),
            "Nothing to measure": note(CLOSE, outcome="Nothing to measure"),
        }

    def _verdict(self) -> States:
        """Compare, publish what could be judged, remember the verdict for the next run, and tell people of a fall."""
        here = self.platform
        monitoring = here.storage.monitoring.bucket_name
        report = f"'s3://{monitoring}/{REPORTS}/run_id=' & $run_id & '/report.html'"
        dimensions = f"[{{'Name': 'Environment', 'Value': '{here.settings.name}'}}]"
        labelled = f"{QUALITY}.labelled > 0 ? 'Quality measured' : 'No labels yet'"
        return {
            **sagemaker_job(
                "Measure",
                "processing",
                self._job(),
                name=job_name(here.prefix),
                next_="Read the verdict",
                timeout_minutes=60,
            ),
            "Read the verdict": read_json(
                monitoring, f"'{REPORTS}/run_id=' & $run_id & '/summary.json'", name="quality", next_="Publish metrics"
            ),
            "Publish metrics": task(
                "aws-sdk:cloudwatch:putMetricData",
                {
                    "Namespace": METRICS_NAMESPACE,
                    "MetricData": jsonata(
                        f"[{QUALITY}.metrics.$merge([$, {{'Dimensions': {dimensions}}}])]",
                    ),
                },
                assign={"outcome": jsonata(labelled)},
                next_="Remember the verdict",
            ),
            "Remember the verdict": task(
                "aws-sdk:s3:putObject",
                {
                    "Bucket": monitoring,
                    "Key": LATEST_QUALITY,
                    "Body": {name: jsonata(f"{QUALITY}.{name}") for name in ("run_id", "verdicts", "previous")},
                    "ContentType": "application/json",
                },
                next_="Worse than before?",
            ),
            "Worse than before?": choice((f"{QUALITY}.warn = 1 or {QUALITY}.page = 1", "Tell people"), default=CLOSE),
            "Tell people": tell(
                here.bus.event_bus_name,
                DRIFT_DETECTED,
                {
                    "run_id": jsonata("$run_id"),
                    "workflow": "measure",
                    "severity": jsonata(f"{QUALITY}.page = 1 ? 'page' : 'warn'"),
                    "kind": "quality",
                    "signals": jsonata(f"[{QUALITY}.signals]"),
                    "model_version": jsonata(f"{QUALITY}.model_version"),
                    "report": jsonata(report),
                },
                next_=CLOSE,
            ),
        }

    def _job(self) -> dict[str, Any]:
        here, limits = self.platform, self.platform.settings.measuring
        return processing_job(
            here,
            MEASURE,
            inputs={"matched": f"'s3://{here.storage.curated.bucket_name}/{MEASURING}/run_id=' & $run_id & '/'"},
            bucket=here.storage.monitoring,
            folder=REPORTS,
            instance_type=here.settings.scoring.instance_type,
            arguments=[
                *("--min-labels", str(limits.min_labels)),
                *("--warn-fall", str(limits.warn_fall)),
                *("--page-fall", str(limits.page_fall)),
            ],
        )

    def _grant(self) -> None:
        here, work = self.platform, self.workflow
        here.match_labels.grant_run(work.role)
        work.allow_sagemaker_job("processing", here.prefix)
        work.allow_passing(here.job_role, to="sagemaker.amazonaws.com")
        work.allow_reading(here.storage.curated, f"{RUNS}/measure/*")
        work.allow_writing(here.storage.curated, f"{RUNS}/measure/*/ledger.json")
        work.allow_reading(here.storage.monitoring, f"{REPORTS}/*/summary.json")
        work.allow_writing(here.storage.monitoring, LATEST_QUALITY)
        work.allow_looking_back()
        work.allow("kms:Decrypt", "kms:GenerateDataKey", on=[here.storage.keys.data.key_arn])
        work.allow_encrypting_volumes(here.storage.keys.data)
        work.allow_publishing_metrics(METRICS_NAMESPACE)
        here.bus.grant_put_events_to(work.role)
