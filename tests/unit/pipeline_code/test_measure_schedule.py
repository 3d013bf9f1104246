"""A ModelQuality schedule's container: Model Monitor's variables in, its three files, metrics and message out."""

import json
from pathlib import Path
from typing import Any

import pytest
from container_samples import write_lines

from pipeline_code import measure
from pipeline_code.measuring.schedule import constraints
from tests.unit.pipeline_code.test_measure_command import figures, pairs


@pytest.fixture
def started(opt_ml: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folders and variables with which Model Monitor starts the container; the baseline was right in 90 %."""
    baseline = opt_ml / "processing/baseline/constraints/quality_constraints.json"
    baseline.parent.mkdir(parents=True)
    baseline.write_text(json.dumps(constraints(figures(450, 50))))
    variables = {
        "dataset_format": '{"json": {"line": true}}',
        "dataset_source": str(opt_ml / "processing/endpointdata"),
        "output_path": str(opt_ml / "processing/resultdata"),
        "publish_cloudwatch_metrics": "Enabled",
        "sagemaker_monitoring_schedule_name": "criba-test-model-quality",
        "start_time": "2026-01-20T07:00:00Z",
        "end_time": "2026-01-20T08:00:00Z",
        "baseline_constraints": str(baseline),
        "analysis_type": "MODEL_QUALITY",
        "min_labels": "200",
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return opt_ml


def merged(root: Path, right: int, wrong: int, *, captured: bool = False) -> None:
    """Answers with their labels, as merged: at the top, or beside `captureData`."""
    records: list[dict[str, Any]] = []
    for one in pairs(right, wrong):
        answer = {"id": "web:1", "label": one["predicted"], "confidence": 0.9, "in_scope_score": 1, "decision": "auto"}
        label = {"groundTruthData": {"data": one["label"], "encoding": "CSV"}, "eventVersion": "0"}
        said = (
            {"captureData": {"endpointOutput": {"data": json.dumps(answer), "encoding": "JSON"}}}
            if captured
            else answer
        )
        records.append({**said, **label})
    write_lines(root / "processing/endpointdata/2026/01/20/07/part-0.jsonl", records)


def result(root: Path, name: str) -> dict[str, Any]:
    return dict(json.loads((root / "processing/resultdata" / name).read_text()))


@pytest.mark.parametrize("captured", [False, True])
def test_good_predictions_complete_without_violations(started: Path, captured: bool) -> None:
    merged(started, 180, 20, captured=captured)
    assert measure.main([]) == 0
    assert (started / "output/message").read_text() == "Completed: 400 labels, no violation"
    assert result(started, "constraint_violations.json") == {"violations": []}
    statistics = result(started, "statistics.json")
    assert statistics["dataset"]["item_count"] == 400
    assert statistics["multiclass_classification_metrics"]["accuracy"]["value"] == 0.9
    assert result(started, "constraints.json")["multiclass_classification_constraints"].keys() == {
        "accuracy",
        "macro_f1",
    }


def test_a_fall_is_told_as_violations_and_metrics(started: Path) -> None:
    merged(started, 140, 60)
    assert measure.main([]) == 0
    said = (started / "output/message").read_text()
    assert said.startswith("CompletedWithViolations: 400 labels: Metric accuracy: 0.7000 on 400 labels is below 0.87")
    violations = result(started, "constraint_violations.json")["violations"]
    assert [one["metric_name"] for one in violations] == ["accuracy", "macro_f1"]
    assert {one["constraint_check_type"] for one in violations} == {"LessThanThreshold"}
    lines = (started / "output/metrics/cloudwatch/quality.jsonl").read_text().splitlines()
    assert json.loads(lines[0]) == {
        "MetricName": "accuracy",
        "Timestamp": "2026-01-20T08:00:00Z",
        "Dimensions": [{"Name": "MonitoringSchedule", "Value": "criba-test-model-quality"}],
        "Value": 0.7,
    }


def test_too_few_labels_prove_nothing(started: Path) -> None:
    merged(started, 40, 50)
    assert measure.main([]) == 0
    assert (started / "output/message").read_text() == "Completed: 180 labels, no violation"


def test_metrics_are_written_only_where_they_are_asked_for(started: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("publish_cloudwatch_metrics", "Disabled")
    merged(started, 180, 20)
    assert measure.main([]) == 0
    assert not (started / "output/metrics").exists()


def test_a_label_with_a_comma_is_read_as_csv(started: Path) -> None:
    answer = {"label": "billing, old", "confidence": 0.9, "decision": "auto"}
    record = {**answer, "groundTruthData": {"data": '"billing, old"', "encoding": "CSV"}}
    write_lines(started / "processing/endpointdata/2026/01/20/07/part-0.jsonl", [record])
    assert measure.main([]) == 0
    assert result(started, "statistics.json")["multiclass_classification_metrics"]["accuracy"]["value"] == 1.0


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({"label": "a", "confidence": 0.9, "decision": "auto"}, "no answer with its label: 'groundTruthData'"),
        ({"groundTruthData": {"data": "a"}}, "no answer with its label: 'label'"),
    ],
)
def test_a_record_without_answer_or_label_is_named_by_its_place(
    started: Path, record: dict[str, Any], reason: str
) -> None:
    write_lines(started / "processing/endpointdata/2026/01/20/07/part-0.jsonl", [record])
    assert measure.main([]) == 1
    assert (started / "output/message").read_text() == f"part-0.jsonl, record 1: {reason}"


def test_a_missing_baseline_is_said(started: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    merged(started, 180, 20)
    monkeypatch.setenv("baseline_constraints", str(started / "nowhere.json"))
    assert measure.main([]) == 1
    said = (started / "output/message").read_text()
    assert said == "nowhere.json holds no multiclass_classification_constraints: promote the model again"
