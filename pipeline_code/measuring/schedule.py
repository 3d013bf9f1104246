"""A ModelQuality schedule of Model Monitor: its variables and merged records in, its three reports and message out.

Contract: docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-byoc-containers.html. A merged record is the answer of a
transform with the label that was merged into it as `groundTruthData`, either at its top or, as endpoints have it,
beside a `captureData` that holds the answer as text.
"""

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import NormalDist
from typing import Any

from pipeline_code.errors import InputError
from pipeline_code.layout import Layout, write_json, write_text
from pipeline_code.measuring.pairs import Pair, Pairs
from pipeline_code.measuring.quality import SHAPE, quality
from pipeline_code.measuring.verdict import CONFIDENCE, wilson
from pipeline_code.model_quality import model_quality
from pipeline_code.records import RecordError, parse, records

CONSTRAINTS = "multiclass_classification_constraints"
FEWEST = 200
"""Labels from which on a figure is judged, unless the job definition says `min_labels`."""


def constraints(figures: Mapping[str, Any]) -> dict[str, Any]:
    """The least values that chance explains of a model as good as its test set says (shape of quality())."""
    z = NormalDist().inv_cdf(CONFIDENCE)
    macro = figures["macro_f1"]
    least = {
        "accuracy": wilson(figures["accuracy"], figures["examples"], z)[0],
        "macro_f1": max(0.0, macro["value"] - z * macro["standard_deviation"]),
    }
    return {
        "version": 0.0,
        CONSTRAINTS: {
            name: {"threshold": value, "comparison_operator": "LessThanThreshold"} for name, value in least.items()
        },
    }


def measure(layout: Layout, variables: Mapping[str, str]) -> None:
    """Run as Model Monitor starts it. Raises InputError for records that cannot be read and for a missing baseline."""
    given = _baseline(layout, variables)
    pairs = Pairs.of(_pairs(layout.at(variables["dataset_source"])))
    figures = quality(pairs.truth, pairs.predicted, pairs.confidence) if len(pairs) else None
    violations = list(_violations(figures, given, int(variables.get("min_labels", FEWEST))))
    output = layout.at(variables["output_path"])
    when = {name: variables[name] for name in ("start_time", "end_time") if name in variables}
    statistics: dict[str, Any] = {"version": 0.0, "dataset": {"item_count": len(pairs), **when}}
    if figures:
        statistics |= model_quality(pairs.truth, pairs.predicted)
    write_json(output / "statistics.json", statistics)
    write_json(output / "constraints.json", given)
    write_json(output / "constraint_violations.json", {"violations": violations})
    if variables.get("publish_cloudwatch_metrics") == "Enabled" and figures:
        _write_metrics(layout, statistics[SHAPE], variables)
    write_text(layout.message, _in_words(len(pairs), violations))


def _baseline(layout: Layout, variables: Mapping[str, str]) -> dict[str, Any]:
    path = variables.get("baseline_constraints")
    if path is None:
        raise InputError("baseline_constraints is not set: give the job definition a baseline")
    file = layout.at(path)
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        return {**found, CONSTRAINTS: dict(found[CONSTRAINTS])}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{file.name} holds no {CONSTRAINTS}: promote the model again") from error


def _pairs(folder: Path) -> Iterator[Pair]:
    for path in sorted(one for one in folder.rglob("*") if one.is_file()):
        for position, record in enumerate(records(path), start=1):
            try:
                yield _pair(record)
            except (RecordError, LookupError, TypeError) as error:
                raise InputError(f"{path.name}, record {position}: no answer with its label: {error}") from error


def _pair(record: Mapping[str, Any]) -> Pair:
    answer = _answer(record)
    label = next(csv.reader([record["groundTruthData"]["data"]]))[0]
    return Pair.of({**answer, "label": label, "predicted": answer["label"], "model_version": "scheduled"})


def _answer(record: Mapping[str, Any]) -> Mapping[str, Any]:
    captured = record.get("captureData")
    if captured is None:
        return record
    (output,) = (part for name, part in captured.items() if name.endswith("Output"))
    return parse(output["data"].encode())


def _violations(figures: Mapping[str, Any] | None, given: Mapping[str, Any], fewest: int) -> Iterator[dict[str, str]]:
    """Figures that are below their constraint even at the most that chance allows; too few labels prove nothing."""
    if figures is None or figures["examples"] < fewest:
        return
    z = NormalDist().inv_cdf(CONFIDENCE)
    macro = figures["macro_f1"]
    most = {
        "accuracy": (figures["accuracy"], wilson(figures["accuracy"], figures["examples"], z)[1]),
        "macro_f1": (macro["value"], macro["value"] + z * macro["standard_deviation"]),
    }
    for name, constraint in given[CONSTRAINTS].items():
        if name in most and most[name][1] < constraint["threshold"]:
            said = f"{most[name][0]:.4f} on {figures['examples']} labels is below {constraint['threshold']:.4f}"
            yield {
                "constraint_check_type": constraint["comparison_operator"],
                "description": f"Metric {name}: {said}, by more than chance",
                "metric_name": name,
            }


def _write_metrics(layout: Layout, figures: Mapping[str, Any], variables: Mapping[str, str]) -> None:
    """One line a metric, which the platform sends to CloudWatch."""
    schedule = variables.get("sagemaker_monitoring_schedule_name", "unknown")
    lines = [
        json.dumps(
            {
                "MetricName": name,
                "Timestamp": variables["end_time"],
                "Dimensions": [{"Name": "MonitoringSchedule", "Value": schedule}],
                "Value": figures[name]["value"],
            }
        )
        for name in ("accuracy", "macro_f1")
    ]
    write_text(layout.root / "output/metrics/cloudwatch/quality.jsonl", "\n".join(lines) + "\n")


def _in_words(labels: int, violations: Sequence[Mapping[str, str]]) -> str:
    if not violations:
        return f"Completed: {labels} labels, no violation"
    return f"CompletedWithViolations: {labels} labels: " + "; ".join(one["description"] for one in violations)
