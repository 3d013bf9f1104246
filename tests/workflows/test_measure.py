"""The expressions of **measure**: what adds up, what is published, remembered and told."""

from typing import Any

import pytest

from tests.workflows.conftest import definitions
from tests.workflows.evaluation import chosen, evaluate

MATCHED = {
    "landed": 21,
    "joined": 6,
    "unknown": 1,
    "outside": 2,
    "duplicates": 3,
    "conflicting": 4,
    "refused": 5,
    "predictions": 10,
    "labelled": 6,
    "missing": 4,
    "pairs": 6,
    "objects": 2,
    "bytes": 900,
}
QUALITY: dict[str, Any] = {
    "run_id": "m2",
    "verdicts": {"7": {"run": "m2", "beyond": True}},
    "previous": {"run_id": "m1", "verdicts": {"7": {"run": "m1", "beyond": True}}},
    "warn": 1,
    "page": 1,
    "labelled": 6,
    "signals": ["accuracy", "macro_f1"],
    "model_version": "7",
    "metrics": [
        {"MetricName": "Accuracy", "Value": 0.7, "Unit": "None"},
        {"MetricName": "LabelsMissing", "Value": 0.4, "Unit": "None"},
    ],
}


def states() -> dict[str, Any]:
    return dict(definitions()["measure"]["States"])


def discrepancies(**changed: int) -> list[str]:
    found = evaluate(states()["Reconcile"]["Assign"]["discrepancies"], steps={"matched": {**MATCHED, **changed}})
    return list(found or [])


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, []),
        (
            {"unknown": 0},
            [
                "Match labels: 21 landed, but 6 joined + 0 unknown + 2 outside + 3 duplicates + 4 conflicting"
                " + 5 refused"
            ],
        ),
        ({"missing": 5}, ["Match labels: 10 predictions, but 6 labelled + 5 missing"]),
        ({"pairs": 5}, ["Match labels: 6 joined, but 5 pairs"]),
    ],
)
def test_every_label_and_every_prediction_is_accounted_for(changed: dict[str, int], said: list[str]) -> None:
    assert discrepancies(**changed) == said


def test_without_predictions_there_is_nothing_to_measure_and_that_is_no_failure() -> None:
    after = "Do the counts add up?"
    assert chosen("measure", after, discrepancies=[], steps={"matched": {"predictions": 0}}) == "Nothing to measure"
    assert chosen("measure", after, discrepancies=[], steps={"matched": {"predictions": 3}}) == "Measure"


@pytest.mark.parametrize("metrics", [QUALITY["metrics"], QUALITY["metrics"][1:]])
def test_metrics_bear_the_environment_and_no_other_dimension(metrics: list[dict[str, Any]]) -> None:
    arguments = states()["Publish metrics"]["Arguments"]
    assert arguments["Namespace"] == "Criba"
    published = evaluate(arguments["MetricData"], steps={"quality": {**QUALITY, "metrics": metrics}})
    dimensions = {"Dimensions": [{"Name": "Environment", "Value": "local"}]}
    assert list(published) == [{**one, **dimensions} for one in metrics]


@pytest.mark.parametrize(("labelled", "outcome"), [(6, "Quality measured"), (0, "No labels yet")])
def test_the_outcome_says_whether_there_were_labels(labelled: int, outcome: str) -> None:
    known = {"steps": {"quality": {**QUALITY, "labelled": labelled}}}
    assert evaluate(states()["Publish metrics"]["Assign"]["outcome"], **known) == outcome


def test_the_verdict_is_remembered_for_the_next_run() -> None:
    said = evaluate(states()["Remember the verdict"]["Arguments"], steps={"quality": QUALITY})
    assert said["Key"] == "latest/quality.json"
    assert said["Body"] == {name: QUALITY[name] for name in ("run_id", "verdicts", "previous")}


@pytest.mark.parametrize(
    ("warn", "page", "next_", "severity"),
    [(0, 0, "Count the transitions", None), (1, 0, "Tell people", "warn"), (1, 1, "Tell people", "page")],
)
def test_a_fall_is_told_with_its_severity(warn: int, page: int, next_: str, severity: str | None) -> None:
    known = {"steps": {"quality": {**QUALITY, "warn": warn, "page": page}}, "run_id": "m2"}
    assert chosen("measure", "Worse than before?", **known) == next_
    if severity:
        (entry,) = states()["Tell people"]["Arguments"]["Entries"]
        assert (entry["Source"], entry["DetailType"]) == ("criba", "DriftDetected")
        detail = evaluate(entry["Detail"], **known)
        assert detail["report"].endswith("/reports/run_id=m2/report.html")
        assert {**detail, "report": ""} == {
            "run_id": "m2",
            "workflow": "measure",
            "severity": severity,
            "kind": "quality",
            "signals": ["accuracy", "macro_f1"],
            "model_version": "7",
            "report": "",
        }
