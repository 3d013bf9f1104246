"""monitor: messages beside their answers in, Model Monitor's files and our report out, and no text."""

import json
from collections.abc import Callable
from pathlib import Path
from random import Random
from subprocess import CompletedProcess
from typing import Any

import pytest
from watched import (
    ANSWERS,
    MESSAGES,
    TRAINED_BY,
    exit_message,
    lay_out,
    lay_out_baseline,
    lay_out_batch,
    message,
    messages,
    problems,
)

from pipeline_code import monitor

OF_A_RUN = {
    "run_id": "r-7",
    "model_version": "3",
    "trained_by": TRAINED_BY,
    "start_time": "2026-03-02T02:00:00Z",
    "end_time": "2026-03-02T02:05:00.250Z",
    "publish_cloudwatch_metrics": "Disabled",
}
STRANGE = [{"text": "where is my parcel, it should be here", "language": "en", "label": "delivery"}]


def output(root: Path, name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((root / "processing/output" / name).read_text())
    return content


@pytest.fixture
def asked(opt_ml: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Run the command as score asks for it, against a baseline of 400 messages unless told otherwise."""

    def ask(baseline: int | None = 400, **changed: str) -> int:
        given = {**OF_A_RUN, **changed}
        if baseline is not None:
            lay_out_baseline(opt_ml / "processing/input/baseline", baseline)
            given = {"baseline_constraints": "/opt/ml/processing/input/baseline/constraints.json", **given}
        for name, value in given.items():
            monkeypatch.setenv(name, value)
        return monitor.main()

    return ask


def hand_on(root: Path) -> None:
    """Make the report the one before."""
    previous = root / "processing/input/previous/report.json"
    previous.parent.mkdir(parents=True, exist_ok=True)
    previous.write_text((root / "processing/output/report.json").read_text())


def test_a_first_run_is_described_and_not_judged(
    tmp_path: Path, run_command: Callable[..., CompletedProcess[str]]
) -> None:
    lay_out(tmp_path, MESSAGES, ANSWERS)
    lay_out(tmp_path, MESSAGES[:1], ANSWERS[:1], shard="1")
    finished = run_command("monitor")
    assert (finished.returncode, finished.stdout, finished.stderr) == (0, "", "")
    nothing = {"judged": False, "warn": 0, "page": 0, "signals": []}
    assert output(tmp_path, "summary.json") == {
        "run_id": "unnamed",
        "records": 4,
        "unscorable": 1,
        "model_version": "",
        "judged": False,
        "why_not": "model version unknown has no baseline",
        "warn": 0,
        "page": 0,
        "data_drift": nothing,
        "model_drift": nothing,
        "metrics": [],
        "report": "report.html",
    }
    assert output(tmp_path, "statistics.json")["dataset"] == {"item_count": 4}
    assert problems(output(tmp_path, "constraints.json"), "constraints") == []
    assert exit_message(tmp_path) == (
        "Completed: 4 messages, 1 unscorable; not judged: model version unknown has no baseline"
    )


def test_a_batch_like_the_baseline_completes_with_all_files(opt_ml: Path, asked: Callable[..., int]) -> None:
    lay_out_batch(opt_ml, messages(600, "calm"), shards=3)
    assert asked() == 0
    assert sorted(path.name for path in (opt_ml / "processing/output").iterdir()) == [
        "constraint_violations.json",
        "constraints.json",
        "outliers.jsonl",
        "report.html",
        "report.json",
        "statistics.json",
        "summary.json",
    ]
    for file in ("statistics", "constraints", "constraint_violations"):
        assert problems(output(opt_ml, f"{file}.json"), file) == []
    assert output(opt_ml, "constraint_violations.json") == {"violations": []}
    assert exit_message(opt_ml) == "Completed: 600 messages, 0 unscorable; no drift"
    summary = output(opt_ml, "summary.json")
    assert (summary["records"], summary["judged"], summary["why_not"], summary["warn"]) == (600, True, None, 0)
    assert {one["MetricName"]: one["Value"] for one in summary["metrics"]}.items() >= {
        "DriftWarn": 0,
        "DriftPage": 0,
        "ModelDriftWarn": 0,
        "ModelDriftPage": 0,
    }.items()
    assert len(summary["metrics"]) == 15
    assert not (opt_ml / "output/metrics").exists()


def test_drift_is_a_violation_that_warns_once_and_pages_on_the_second_batch_running(
    opt_ml: Path, asked: Callable[..., int]
) -> None:
    lay_out_batch(opt_ml, [*messages(400, "calm"), *STRANGE * 100])
    assert asked(run_id="r-1") == 0
    violations = output(opt_ml, "constraint_violations.json")
    assert problems(violations, "constraint_violations") == []
    assert {"unknown_ngram_rate", "language_mix_distance"} <= {one["feature_name"] for one in violations["violations"]}
    assert exit_message(opt_ml).startswith("CompletedWithViolations: 500 messages, 0 unscorable; unknown_ngram_rate 0.")
    assert (output(opt_ml, "summary.json")["warn"], output(opt_ml, "summary.json")["page"]) == (1, 0)
    hand_on(opt_ml)
    assert asked(run_id="r-2") == 0
    assert output(opt_ml, "summary.json")["data_drift"]["page"] == 1
    assert [one["run_id"] for one in output(opt_ml, "report.json")["runs"]] == ["r-1", "r-2"]
    assert "pages: so was the batch before" in exit_message(opt_ml)


def test_a_run_that_is_scored_once_more_is_not_its_own_predecessor(opt_ml: Path, asked: Callable[..., int]) -> None:
    lay_out_batch(opt_ml, [*messages(400, "calm"), *STRANGE * 100])
    asked(run_id="r-1")
    hand_on(opt_ml)
    asked(run_id="r-1")
    assert output(opt_ml, "summary.json")["page"] == 0
    assert len(output(opt_ml, "report.json")["runs"]) == 1


def test_a_batch_too_small_to_judge_does_not_break_the_row(opt_ml: Path, asked: Callable[..., int]) -> None:
    lay_out_batch(opt_ml, [*messages(400, "calm"), *STRANGE * 100])
    asked(run_id="r-1")
    hand_on(opt_ml)
    lay_out_batch(opt_ml, messages(5, "few"))
    asked(run_id="r-2")
    assert output(opt_ml, "summary.json")["judged"] is False
    hand_on(opt_ml)
    lay_out_batch(opt_ml, [*messages(400, "calm"), *STRANGE * 100])
    asked(run_id="r-3")
    assert output(opt_ml, "summary.json")["page"] == 1


def test_the_report_before_of_another_model_counts_for_nothing(opt_ml: Path, asked: Callable[..., int]) -> None:
    lay_out_batch(opt_ml, [*messages(400, "calm"), *STRANGE * 100])
    asked(run_id="r-1", model_version="2")
    hand_on(opt_ml)
    asked(run_id="r-2")
    assert output(opt_ml, "summary.json")["page"] == 0


def test_outliers_are_listed_by_id_with_the_signal_its_value_and_threshold(
    opt_ml: Path, asked: Callable[..., int]
) -> None:
    lay_out_batch(opt_ml, [*messages(300, "calm"), *STRANGE])
    asked()
    lines = [json.loads(line) for line in (opt_ml / "processing/output/outliers.jsonl").read_text().splitlines()]
    assert list(lines[0]) == ["run_id", "model_version", "source", "message_id", "signal", "value", "threshold"]
    assert (lines[0]["source"], lines[0]["message_id"], lines[0]["signal"]) == ("web", "0-300", "unknown_ngram_rate")
    assert lines[0]["value"] > lines[0]["threshold"]
    metrics = {one["MetricName"]: one["Value"] for one in output(opt_ml, "summary.json")["metrics"]}
    assert metrics["Outliers"] == len(lines)
    assert metrics["OutlierRate"] == pytest.approx(len(lines) / 301)


def test_five_messages_are_not_judged(opt_ml: Path, asked: Callable[..., int]) -> None:
    lay_out_batch(opt_ml, messages(5, "few"))
    assert asked() == 0
    assert output(opt_ml, "summary.json")["metrics"] == []
    assert exit_message(opt_ml) == (
        "Completed: 5 messages, 0 unscorable; not judged: 5 messages with a text: 100 are needed to judge"
    )


@pytest.mark.parametrize("baseline", [400, None])
def test_an_empty_batch_is_not_judged(opt_ml: Path, asked: Callable[..., int], baseline: int | None) -> None:
    lay_out(opt_ml, [], [])
    assert asked(baseline) == 0
    assert output(opt_ml, "summary.json")["records"] == 0
    assert problems(output(opt_ml, "statistics.json"), "statistics") == []


def test_a_batch_of_which_nothing_could_be_scored_is_judged_by_its_messages(
    opt_ml: Path, asked: Callable[..., int]
) -> None:
    asked_for = [{"id": f"web:{n}", **one} for n, one in enumerate(messages(300, "calm"))]
    lay_out(opt_ml, asked_for, [{"id": one["id"], "error": "broken"} for one in asked_for])
    assert asked() == 0
    summary = output(opt_ml, "summary.json")
    assert (summary["unscorable"], summary["data_drift"]["judged"], summary["model_drift"]["judged"]) == (
        300,
        True,
        False,
    )
    assert summary["why_not"] == "0 scored messages: 100 are needed to judge"
    names = {one["MetricName"] for one in summary["metrics"]}
    assert "DriftPage" in names and not names & {"ModelDriftPage", "MeanMaxScore", "ReviewRate"}


def test_one_label_only_warns_of_the_model(opt_ml: Path, asked: Callable[..., int]) -> None:
    lay_out_batch(opt_ml, messages(400, "one", labels=("billing",)))
    assert asked() == 0
    assert "label_psi" in output(opt_ml, "summary.json")["model_drift"]["signals"]


def test_a_baseline_of_few_messages_judges_nothing(opt_ml: Path, asked: Callable[..., int]) -> None:
    lay_out_batch(opt_ml, messages(300, "calm"))
    assert asked(12) == 0
    assert output(opt_ml, "summary.json")["why_not"] == "the baseline has 12 messages: 100 are needed to judge"


def test_the_baseline_of_another_model_version_is_refused(opt_ml: Path, asked: Callable[..., int]) -> None:
    lay_out_batch(opt_ml, messages(300, "calm"))
    assert asked(trained_by="train-2") == 1
    assert exit_message(opt_ml) == (
        "the baseline is of the model that run train-1 trained, but version 3 was trained by run train-2: "
        "promote version 3 again"
    )


def test_a_baseline_that_is_named_and_not_there_is_refused(opt_ml: Path, asked: Callable[..., int]) -> None:
    lay_out_batch(opt_ml, messages(300, "calm"))
    assert asked(None, baseline_constraints="/opt/ml/elsewhere/constraints.json") == 1
    assert exit_message(opt_ml).startswith(
        "baseline_constraints is /opt/ml/elsewhere/constraints.json, where no file is"
    )


def test_clocks_that_disagree_are_told_and_decide_nothing(opt_ml: Path, asked: Callable[..., int]) -> None:
    lay_out_batch(opt_ml, messages(300, "calm"))
    assert asked(start_time="2026-03-02T03:00:00+00:00", end_time="2026-03-02T02:00:00") == 0
    report = output(opt_ml, "report.json")
    assert report["judged"] is True
    assert report["notes"] == [
        "start_time 2026-03-02T03:00:00+00:00 is after end_time 2026-03-02T02:00:00: the clocks disagree"
    ]


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("start_time", "yesterday", "start_time is 'yesterday': give an ISO 8601 time"),
        ("publish_cloudwatch_metrics", "yes", "publish_cloudwatch_metrics is 'yes': give Enabled or Disabled"),
        ("dataset_format", '{"csv": {"header": true}}', 'dataset_format is {"csv": {"header": true}}: this monitor'),
        ("dataset_format", "json", "dataset_format is json: this monitor reads"),
    ],
)
def test_what_the_contract_does_not_know_is_refused(
    opt_ml: Path, asked: Callable[..., int], name: str, value: str, reason: str
) -> None:
    lay_out_batch(opt_ml, messages(5, "few"))
    assert asked(**{name: value}) == 1
    assert exit_message(opt_ml).startswith(reason)


def test_a_damaged_report_before_is_refused(opt_ml: Path, asked: Callable[..., int]) -> None:
    lay_out_batch(opt_ml, messages(300, "calm"))
    asked()
    hand_on(opt_ml)
    (opt_ml / "processing/input/previous/report.json").write_text('{"model_version": "3"}')
    assert asked() == 1
    assert exit_message(opt_ml) == "the previous report.json is damaged (KeyError): score that run again"


def test_a_schedule_gets_its_files_where_it_says_and_its_metrics_where_the_platform_looks(
    opt_ml: Path, asked: Callable[..., int]
) -> None:
    """As docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-byoc-contract-inputs.html tells it."""
    lay_out_batch(opt_ml, messages(300, "calm"))
    captured = opt_ml / "processing/endpointdata"
    captured.mkdir()
    (opt_ml / "processing/input/messages").rename(captured / "input")
    (opt_ml / "processing/input/predictions").rename(captured / "output")
    code = asked(
        dataset_format='{"json": {"line": true}}',
        dataset_source="/opt/ml/processing/endpointdata",
        output_path="/opt/ml/processing/resultdata",
        sagemaker_monitoring_schedule_name="criba-local-data-quality",
        publish_cloudwatch_metrics="Enabled",
    )
    assert code == 0
    results = opt_ml / "processing/resultdata"
    assert json.loads((results / "summary.json").read_text())["records"] == 300
    assert {"statistics.json", "constraints.json", "constraint_violations.json"} <= {
        path.name for path in results.iterdir()
    }
    lines = (opt_ml / "output/metrics/cloudwatch/criba.jsonl").read_text().splitlines()
    first = json.loads(lines[0])
    assert first["MetricName"] == "UnknownNgramRate"
    assert first["Dimensions"] == [{"Name": "MonitoringSchedule", "Value": "criba-local-data-quality"}]
    assert first["Timestamp"] == "2026-03-02T02:05:00.250Z"


def test_a_schedule_that_captures_messages_alone_judges_the_messages(opt_ml: Path, asked: Callable[..., int]) -> None:
    lay_out_batch(opt_ml, messages(300, "calm"))
    for path in (opt_ml / "processing/input/predictions").iterdir():
        path.unlink()
    assert asked(sagemaker_monitoring_schedule_name="data-quality") == 0
    summary = output(opt_ml, "summary.json")
    assert (summary["data_drift"]["judged"], summary["model_drift"]["judged"]) == (True, False)


def test_of_a_large_batch_every_nth_message_is_judged_and_all_are_counted(
    opt_ml: Path, asked: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    lay_out_batch(opt_ml, messages(20_500, "many"), shards=2)
    assert asked() == 0
    report = output(opt_ml, "report.json")
    assert (report["records"], report["judged_every"], report["judged_messages"]) == (20_500, 2, 10_250)
    assert output(opt_ml, "statistics.json")["dataset"] == {"item_count": 10_250}


@pytest.mark.parametrize("block", [16, 64, 1 << 18])
def test_lines_and_errors_are_counted_whatever_a_file_is_read_in(
    opt_ml: Path, asked: Callable[..., int], monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    monkeypatch.setattr("pipeline_code.monitoring.batch.BLOCK", block)
    lay_out(opt_ml, MESSAGES, ANSWERS)
    answers = opt_ml / "processing/input/predictions/shard-0.jsonl.out"
    answers.write_text(answers.read_text().rstrip("\n"))
    assert asked(None) == 0
    summary = output(opt_ml, "summary.json")
    assert (summary["records"], summary["unscorable"]) == (3, 1)


def test_no_output_holds_the_text_of_a_message(opt_ml: Path, asked: Callable[..., int]) -> None:
    rng = Random("x")
    told = [{**one, "text": f"xyzzy {one['text']}"} for one in (message(rng, "billing") for _ in range(150))]
    lay_out_batch(opt_ml, told)
    assert asked() == 0
    for path in (*(opt_ml / "processing/output").iterdir(), opt_ml / "output/message"):
        assert "xyzzy" not in path.read_text()
