"""Drift that wakes people starts a training, but for one that began lately or a challenger that waits."""

from typing import Any

import pytest

from tests.workflows.conftest import definitions
from tests.workflows.evaluation import chosen, evaluate

DRIFT = {
    "source": "criba",
    "detail-type": "DriftDetected",
    "id": "e-1",
    "time": "2026-11-23T10:00:00Z",
    "detail": {"run_id": "night", "severity": "page", "kind": "data"},
}


def trained(*executions: dict[str, Any], at: str = "2026-11-23T10:00:00Z") -> str:
    """Where drift leads to, when these are the latest executions of **train**."""
    context = {"Execution": {"Input": DRIFT}, "State": {"EnteredTime": at}}
    assert chosen("launch", "What happened?", context=context) == "Look for the last training"
    look = definitions(cooldown_days=7)["launch"]["States"]["Look for the last training"]
    known = evaluate(look["Assign"], context=context, result={"Executions": list(executions)})
    return chosen("launch", "Trained lately?", cooldown_days=7, context=context, **known)


@pytest.mark.parametrize(
    ("executions", "next_"),
    [
        ([], "Look for a challenger"),
        ([{"Status": "SUCCEEDED", "StartDate": "2026-11-15T09:00:00.000Z"}], "Look for a challenger"),
        ([{"Status": "SUCCEEDED", "StartDate": "2026-11-17T10:00:00.000Z"}], "Cooling down"),
        ([{"Status": "FAILED", "StartDate": "2026-11-23T09:00:00.000Z"}], "Cooling down"),
        ([{"Status": "RUNNING", "StartDate": "2026-11-10T09:00:00.000Z"}], "A challenger waits"),
    ],
)
def test_drift_starts_no_training_so_soon_after_another(executions: list[dict[str, Any]], next_: str) -> None:
    assert trained(*executions) == next_


@pytest.mark.parametrize(
    ("packages", "next_"), [([], "Retrain"), ([{"ModelPackageArn": "arn:p"}], "A challenger waits")]
)
def test_drift_starts_no_training_while_a_challenger_waits(packages: list[Any], next_: str) -> None:
    look = definitions()["launch"]["States"]["Look for a challenger"]
    assert look["Arguments"]["ModelApprovalStatus"] == "PendingManualApproval"
    known = evaluate(look["Assign"], result={"ModelPackageSummaryList": packages})
    assert chosen("launch", "Does a challenger wait?", **known) == next_


def test_all_drift_of_a_day_asks_for_the_same_run() -> None:
    runs = []
    for kind, id_ in (("data", "e-1"), ("model", "e-2")):
        event = {**DRIFT, "id": id_, "detail": {**DRIFT["detail"], "kind": kind}}  # type: ignore[dict-item]
        context = {"Execution": {"Input": event}}
        runs.append(evaluate(definitions()["launch"]["States"]["Retrain"]["Assign"], context=context))
    assert runs[0] == runs[1]
    assert runs[0]["name"] == "train-2026-11-23-drift-1"
    assert runs[0]["request"]["trigger"] == {"kind": "drift", "id": "2026-11-23"}
    assert runs[0]["request"]["started_by"] == "drift"
    assert "Train" in runs[0]["target"]


def test_a_drift_that_starts_nothing_is_a_launch_that_succeeds_and_says_why() -> None:
    states = definitions()["launch"]["States"]
    for outcome in ("Cooling down", "A challenger waits"):
        assert states[outcome] == {"Type": "Succeed", "Output": {"outcome": outcome}}
