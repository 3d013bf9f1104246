"""Contract: what SageMaker Model Monitor tells a container of one's own, and the files that it looks for afterwards.

docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-byoc-containers.html. The table of outputs there says
constraints_violations.json; the schema's page and AWS's own container say constraint_violations.json, which is read.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from pipeline_code.errors import InputError
from pipeline_code.layout import Layout, write_json, write_text

STATISTICS, CONSTRAINTS, VIOLATIONS = "statistics.json", "constraints.json", "constraint_violations.json"
DRIFT = "baseline_drift_check"
ENABLED, DISABLED = "Enabled", "Disabled"


@dataclass(frozen=True)
class Request:
    """What the environment asks for. `run_id`, `model_version`, `trained_by` and `previous` are our own.

    Without a baseline the batch is described and not judged. `schedule` is None for a job of our own workflow.
    """

    source: Path
    output: Path
    baseline: Path | None
    start: str | None
    end: str | None
    publish: bool
    schedule: str | None
    run_id: str
    model_version: str
    trained_by: str
    previous: Path

    @classmethod
    def of(cls, environment: Mapping[str, str], layout: Layout) -> Self:
        """Raises InputError for a value that the contract does not know."""
        given = environment.get
        _check_format(given("dataset_format"))
        publish = given("publish_cloudwatch_metrics", DISABLED)
        if publish not in (ENABLED, DISABLED):
            raise InputError(f"publish_cloudwatch_metrics is {publish!r}: give {ENABLED} or {DISABLED}")
        schedule = given("sagemaker_monitoring_schedule_name")
        return cls(
            layout.at(given("dataset_source", "/opt/ml/processing/input")),
            layout.at(given("output_path", "/opt/ml/processing/output")),
            _existing(layout, "baseline_constraints", given("baseline_constraints")),
            given("start_time"),
            given("end_time"),
            publish == ENABLED,
            schedule,
            given("run_id") or schedule or "unnamed",
            given("model_version", ""),
            given("trained_by", ""),
            layout.processing_input("previous") / "report.json",
        )

    @property
    def notes(self) -> list[str]:
        """What is odd about the times, in words. Nothing is decided by them: reports follow one another by name."""
        start, end = (_time(name, value) for name, value in (("start_time", self.start), ("end_time", self.end)))
        if start and end and start > end:
            return [f"start_time {self.start} is after end_time {self.end}: the clocks disagree"]
        return []


def violation(feature: str, description: str) -> dict[str, str]:
    """One entry of constraint_violations.json."""
    return {"feature_name": feature, "constraint_check_type": DRIFT, "description": description}


def write_reports(
    output: Path, statistics: Mapping[str, Any], constraints: Mapping[str, Any], violations: Sequence[Mapping[str, str]]
) -> None:
    """Write the three files that Model Monitor and Studio read."""
    write_json(output / STATISTICS, statistics)
    write_json(output / CONSTRAINTS, constraints)
    write_json(output / VIOLATIONS, {"violations": list(violations)})


def write_message(layout: Layout, violations: Sequence[Mapping[str, str]], words: str) -> None:
    """Say how it ended: what the message begins with becomes the execution's status."""
    write_text(layout.message, f"{'CompletedWithViolations' if violations else 'Completed'}: {words}"[:1024])


def write_metrics(layout: Layout, request: Request, metrics: Sequence[Mapping[str, Any]]) -> None:
    """Leave metrics where Model Monitor's platform takes them from; nobody does outside of a schedule."""
    dimensions = [{"Name": "MonitoringSchedule", "Value": request.schedule or request.run_id}]
    told = request.end or datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    lines = [json.dumps({**metric, "Timestamp": told, "Dimensions": dimensions}) for metric in metrics]
    write_text(layout.root / "output/metrics/cloudwatch/criba.jsonl", "".join(f"{line}\n" for line in lines))


def _check_format(given: str | None) -> None:
    """JSON Lines is all that our server reads and writes; a job of our own does not say."""
    if given is None:
        return
    try:
        known = "json" in json.loads(given)
    except (TypeError, ValueError):
        known = False
    if not known:
        raise InputError(f'dataset_format is {given[:100]}: this monitor reads {{"json": {{"line": true}}}}')


def _existing(layout: Layout, name: str, given: str | None) -> Path | None:
    if not given:
        return None
    path = layout.at(given)
    if not path.is_file():
        raise InputError(f"{name} is {given}, where no file is: mount the baseline, or leave it out for a first run")
    return path


def _time(name: str, given: str | None) -> datetime | None:
    if given is None:
        return None
    try:
        found = datetime.fromisoformat(given.replace(" ", ""))
    except ValueError as error:
        raise InputError(f"{name} is {given[:40]!r}: give an ISO 8601 time such as 2026-03-02T02:00:00Z") from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)
