"""The monitor within **score**: what it is given, what is published and told of it, and what is remembered."""

import json
from typing import Any

import pytest

from pipeline_code import contracts
from tests.workflows.conftest import definitions
from tests.workflows.evaluation import chosen, evaluate

MODEL = {"version": "3", "model_name": "criba-v3", "trained_by": "train-1"}
CONTEXT = {
    "Execution": {"StartTime": "2026-11-23T01:00:00Z", "Name": "r-2-1", "RedriveCount": 0},
    "State": {"EnteredTime": "2026-11-23T01:20:00Z"},
}
ENVIRONMENT = [{"Name": "Environment", "Value": "local"}]


def found(data: tuple[int, int] = (0, 0), model: tuple[int, int] = (0, 0), **more: Any) -> dict[str, Any]:
    """A summary.json; `data` and `model` are warn and page, of one signal each."""
    kinds = {
        f"{kind}_drift": {"judged": True, "warn": warn, "page": page, "signals": [signal] if warn else []}
        for kind, signal, (warn, page) in (("data", "unknown_ngram_rate", data), ("model", "label_psi", model))
    }
    metrics = [{"MetricName": "DriftPage", "Value": data[1], "Unit": "Count"}]
    top = {"warn": max(data[0], model[0]), "page": max(data[1], model[1])}
    return {"records": 5, "report": "report.html", "metrics": metrics, **kinds, **top, **more}


def known(**more: Any) -> dict[str, Any]:
    steps = {
        "clean": {"quarantined": 1, "duplicates": 2},
        "published": {"published": 5, "review": 3, "unscorable": 1},
        "monitor": found(),
    }
    return {"run_id": "r-2", "model": MODEL, "context": CONTEXT, "steps": steps, "second_tries": 2, **more}


def arguments(state: str, **more: Any) -> Any:
    return evaluate(definitions()["score"]["States"][state]["Arguments"], **known(**more))


def assigned(state: str, body: dict[str, str]) -> Any:
    states = definitions()["score"]["States"]
    return evaluate(states[state]["Assign"], result={"Body": json.dumps(body)}, run_id="r-2")


def inputs(**more: Any) -> dict[str, str]:
    given = arguments("Monitor", **more)["ProcessingInputs"]
    return {one["InputName"]: one["S3Input"]["S3Uri"].partition("//")[2].partition("/")[2] for one in given}


def test_the_monitor_gets_the_baseline_of_the_model_and_the_report_before() -> None:
    assert inputs(has_baseline=True, before="r-1") == {
        "messages": "batch/run_id=r-2/in/",
        "predictions": "batch/run_id=r-2/out/",
        "baseline": "baseline/3/",
        "previous": "reports/run_id=r-1/report.json",
    }


def test_a_first_run_asks_for_no_input_that_is_not_there() -> None:
    assert list(inputs(has_baseline=False, before="")) == ["messages", "predictions"]
    assert list(inputs(has_baseline=True, before="")) == ["messages", "predictions", "baseline"]


def test_the_monitor_is_told_what_model_monitor_would_tell_it() -> None:
    assert arguments("Monitor", has_baseline=True, before="")["Environment"] == {
        "publish_cloudwatch_metrics": "Disabled",
        "start_time": "2026-11-23T01:00:00Z",
        "end_time": "2026-11-23T01:20:00Z",
        "run_id": "r-2",
        "model_version": "3",
        "trained_by": "train-1",
        "baseline_statistics": "/opt/ml/processing/input/baseline/statistics.json",
        "baseline_constraints": "/opt/ml/processing/input/baseline/constraints.json",
    }
    assert "baseline_constraints" not in arguments("Monitor", has_baseline=False, before="")["Environment"]


def test_a_champion_promoted_before_there_were_baselines_has_none() -> None:
    old = {"version": "1", "model_name": "criba-v1"}
    assert arguments("Monitor", has_baseline=False, before="", model=old)["Environment"]["trained_by"] == ""


@pytest.mark.parametrize(("keys", "there"), [(0, False), (1, True)])
def test_a_baseline_is_there_once_its_limits_are(keys: int, there: bool) -> None:
    state = definitions()["score"]["States"]["Look for the baseline"]
    assert arguments("Look for the baseline")["Prefix"] == "baseline/3/constraints.json"
    assert evaluate(state["Assign"], result={"KeyCount": keys}) == {"has_baseline": there, "before": ""}


def test_the_report_before_is_that_of_another_run() -> None:
    state = "Look for the report before"
    assert arguments(state)["Key"] == "latest/3.json"
    assert assigned(state, {"run_id": "r-1", "before": "r-0"}) == {"before": "r-1"}
    assert assigned(state, {"run_id": "r-2", "before": "r-1"}) == {"before": "r-1"}
    (caught,) = definitions()["score"]["States"][state]["Catch"]
    assert (caught["ErrorEquals"], caught["Next"]) == (["S3.NoSuchKeyException"], "Monitor")


def test_a_report_is_remembered_with_the_one_before() -> None:
    remembered = arguments("Remember the report", before="r-1")
    assert (remembered["Key"], remembered["Body"]) == ("latest/3.json", {"run_id": "r-2", "before": "r-1"})


def test_outliers_are_kept_where_the_catalog_looks_for_them() -> None:
    kept = arguments("Keep the outliers")
    assert kept["CopySource"].endswith("/reports/run_id=r-2/outliers.jsonl")
    assert kept["Key"] == "outliers/r-2.jsonl"


def test_metrics_are_of_the_environment_alone_so_that_a_promotion_orphans_no_alarm() -> None:
    told = arguments("Publish metrics", second_tries=1)
    assert told["Namespace"] == "Criba"
    assert told["MetricData"] == [
        {"MetricName": "Messages", "Unit": "Count", "Value": 5, "Dimensions": ENVIRONMENT},
        {"MetricName": "Review", "Unit": "Count", "Value": 3, "Dimensions": ENVIRONMENT},
        {"MetricName": "Quarantined", "Unit": "Count", "Value": 2, "Dimensions": ENVIRONMENT},
        {"MetricName": "Duplicates", "Unit": "Count", "Value": 2, "Dimensions": ENVIRONMENT},
        {"MetricName": "Unscorable", "Unit": "Count", "Value": 1, "Dimensions": ENVIRONMENT},
        {"MetricName": "SecondTries", "Unit": "Count", "Value": 1, "Dimensions": ENVIRONMENT},
        {"MetricName": "DriftPage", "Unit": "Count", "Value": 0, "Dimensions": ENVIRONMENT},
    ]


def test_what_could_not_be_judged_is_not_published() -> None:
    steps = {**known()["steps"], "monitor": found(metrics=[])}
    told = arguments("Publish metrics", steps=steps, second_tries=0)["MetricData"]
    names = [one["MetricName"] for one in told]
    assert names == ["Messages", "Review", "Quarantined", "Duplicates", "Unscorable", "SecondTries"]


@pytest.mark.parametrize(
    ("data", "model", "told"),
    [
        ((0, 0), (0, 0), []),
        ((1, 0), (0, 0), ["Tell of the messages"]),
        ((0, 0), (1, 1), ["Tell of the model"]),
        ((1, 0), (1, 1), ["Tell of the messages", "Tell of the model"]),
    ],
)
def test_people_are_told_of_each_kind_of_drift_and_of_nothing_else(
    data: tuple[int, int], model: tuple[int, int], told: list[str]
) -> None:
    visited, state = [], "Have the messages drifted?"
    while state != "Count the transitions":
        visited.append(state)
        here = definitions()["score"]["States"][state]
        state = here["Next"] if "Next" in here else chosen("score", state, steps={"monitor": found(data, model)})
    assert [one for one in visited if one.startswith("Tell")] == told


def event(state: str, data: tuple[int, int], model: tuple[int, int]) -> dict[str, Any]:
    (entry,) = arguments(state, steps={"monitor": found(data, model)})["Entries"]
    assert (entry["Source"], entry["DetailType"]) == ("criba", contracts.DRIFT_DETECTED)
    return dict(entry["Detail"])


def test_a_drift_event_says_what_moved_how_badly_and_where_to_look() -> None:
    told = event("Tell of the messages", (1, 0), (0, 0))
    assert told.pop("report").endswith("/reports/run_id=r-2/report.html")
    assert told == {
        "run_id": "r-2",
        "workflow": "score",
        "severity": "warn",
        "kind": "data",
        "signals": ["unknown_ngram_rate"],
        "model_version": "3",
    }


def test_each_kind_of_drift_has_its_own_severity() -> None:
    told = event("Tell of the model", (1, 0), (1, 1))
    assert (told["kind"], told["severity"], told["signals"]) == ("model", "page", ["label_psi"])


def test_promote_copies_both_files_of_the_baseline_and_names_the_training_run() -> None:
    states = definitions()["promote"]["States"]
    package = {
        "ModelPackageVersion": 3,
        "ModelPackageArn": "arn:p/3",
        "CustomerMetadataProperties": {"run_id": "train-1"},
        "InferenceSpecification": {"Containers": [{"ModelDataUrl": "s3://m/x", "Image": "i"}]},
    }
    for state, file in (("Keep its baseline", "statistics"), ("Keep its limits", "constraints")):
        copied = evaluate(states[state]["Arguments"], package=package)
        assert copied["CopySource"].endswith(f"/evaluations/run_id=train-1/baseline/{file}.json")
        assert copied["Key"] == f"baseline/3/{file}.json"
    pointer = evaluate(
        states["Keep its limits"]["Assign"], package=package, model_name="criba-v3", run_id="promote-1", context=CONTEXT
    )["model"]
    assert pointer["trained_by"] == "train-1"


def test_the_registry_names_the_baseline_of_a_challenger() -> None:
    registered = definitions()["train"]["States"]["Register the challenger"]["Arguments"]
    parts = registered["DriftCheckBaselines"]["ModelDataQuality"]
    assert {part: one["S3Uri"].rpartition("'/")[2] for part, one in parts.items()} == {
        "Statistics": "baseline/statistics.json' %}",
        "Constraints": "baseline/constraints.json' %}",
    }
