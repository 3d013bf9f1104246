"""measure: labels that came later against the figures of the model's test set, and when that wakes people."""

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
from container_samples import write_lines

from pipeline_code import measure
from pipeline_code.measuring.quality import quality
from pipeline_code.measuring.verdict import Limits, judge, wilson

Run = Callable[..., CompletedProcess[str]]
ARGUMENTS = ("--min-labels", "200", "--warn-fall", "0.02", "--page-fall", "0.05")
COUNTS = dict.fromkeys(("unknown", "outside", "duplicates", "conflicting", "refused", "early"), 0)
LABELS = ("billing", "delivery")


def pairs(right: int, wrong: int, **more: Any) -> list[dict[str, Any]]:
    """So many messages of each of two labels that the model got right, and wrong, 0.9 sure of all."""
    found = []
    for label, other in (LABELS, LABELS[::-1]):
        for number in range(right + wrong):
            said = label if number < right else other
            one = {"label": label, "predicted": said, "confidence": 0.9, "decision": "auto", "model_version": "7"}
            found.append({**one, "language": "es", "source": "web", "date": "2026-01-15", "fresh": True, **more})
    return found


def figures(right: int, wrong: int) -> dict[str, Any]:
    """The figures of a test set with so many right and wrong messages of each of two labels."""
    import numpy as np

    rows = pairs(right, wrong)
    return quality([one["label"] for one in rows], [one["predicted"] for one in rows], np.full(len(rows), 0.9, "f4"))


def lay_out(root: Path, rows: list[dict[str, Any]], *, predictions: int = 1000, **facts: Any) -> None:
    """What MatchLabels leaves for a run whose model, version 7, was right in 900 of 1000 test messages."""
    folder = root / "processing/input/matched"
    write_lines(folder / "pairs/pairs-00000.jsonl", rows)
    labelled = len(rows)
    given = {
        "run_id": "m2",
        "measured_at": "2026-01-20T06:00:00+00:00",
        "since": "2025-12-21",
        "days": 30,
        "counts": {
            **COUNTS,
            "landed": labelled,
            "joined": labelled,
            "predictions": predictions,
            "labelled": labelled,
            "missing": predictions - labelled,
        },
        "dates": [{"date": "2026-01-15", "model_version": "7", "predictions": predictions, "labelled": labelled}],
        "previous": None,
        **facts,
    }
    (folder / "facts.json").write_text(json.dumps(given))
    (folder / "baselines.json").write_text(json.dumps({"7": figures(450, 50)}))


def measured(root: Path) -> dict[str, Any]:
    """The summary that the workflow reads, after a run that succeeded."""
    assert measure.main(ARGUMENTS) == 0, (root / "output/message").read_text()
    return dict(json.loads((root / "processing/output/summary.json").read_text()))


def values(summary: dict[str, Any]) -> dict[str, float]:
    return {one["MetricName"]: one["Value"] for one in summary["metrics"]}


def test_predictions_as_good_as_on_the_test_set_raise_nothing(tmp_path: Path, run_command: Run) -> None:
    lay_out(tmp_path, pairs(180, 20))
    finished = run_command("measure", *ARGUMENTS)
    assert (finished.returncode, finished.stdout, finished.stderr) == (0, "", "")
    summary = json.loads((tmp_path / "processing/output/summary.json").read_text())
    assert (summary["judged"], summary["warn"], summary["page"], summary["signals"]) == (True, 0, 0, [])
    assert values(summary) == {
        "Accuracy": 0.9,
        "MacroF1": pytest.approx(0.9),
        "CalibrationError": pytest.approx(0.0, abs=1e-6),
        "LabelsMissing": 0.6,
        "QualityWarn": 0,
        "QualityPage": 0,
    }
    said = (tmp_path / "output/message").read_text()
    assert said == "Completed: 400 of 1000 messages labelled; as good as on the test set"
    page = (tmp_path / "processing/output/report.html").read_text()
    assert "As good as on the test set" in page and page.count("data:image/svg+xml") == 3
    shape = json.loads((tmp_path / "processing/output/model_quality-7.json").read_text())
    assert shape["multiclass_classification_metrics"]["accuracy"]["value"] == 0.9


def test_a_deep_fall_warns_at_once_and_pages_when_the_next_verdict_finds_it_too(opt_ml: Path) -> None:
    lay_out(opt_ml, pairs(140, 60))
    first = measured(opt_ml)
    assert (first["warn"], first["page"], first["verdicts"]) == (1, 0, {"7": {"run": "m2", "beyond": True}})
    assert first["model_version"] == "7"
    assert set(first["signals"]) == {"accuracy", "macro_f1", "calibration of billing", "calibration of delivery"}
    assert (opt_ml / "output/message").read_text().startswith("CompletedWithViolations: 400 of 1000 messages labelled;")
    lay_out(opt_ml, pairs(140, 60), previous={"run_id": "m1", "verdicts": {"7": {"run": "m1", "beyond": True}}})
    second = measured(opt_ml)
    assert (second["warn"], second["page"]) == (1, 1)
    assert values(second)["QualityPage"] == 1


def test_the_verdict_rests_on_labels_that_no_earlier_one_rested_on(opt_ml: Path) -> None:
    """Yesterday's bad labels, seen again beside today's good ones, prove nothing new."""
    lay_out(
        opt_ml,
        [*pairs(60, 140, fresh=False), *pairs(180, 20)],
        previous={"run_id": "m1", "verdicts": {"7": {"run": "m1", "beyond": True}}},
    )
    summary = measured(opt_ml)
    assert (summary["warn"], summary["page"], summary["verdicts"]["7"]["beyond"]) == (0, 0, False)
    assert values(summary)["Accuracy"] == 0.9


def test_too_few_new_labels_are_waited_for_and_the_last_verdict_stands(opt_ml: Path) -> None:
    lay_out(
        opt_ml,
        [*pairs(180, 20, fresh=False), *pairs(5, 45)],
        previous={"run_id": "m1", "verdicts": {"7": {"run": "m0", "beyond": True}}},
    )
    summary = measured(opt_ml)
    assert (summary["judged"], summary["warn"], summary["page"]) == (False, 0, 0)
    assert summary["why_not"] == "version 7: 100 labels that no verdict rests on yet, of 200 needed"
    assert summary["verdicts"] == {"7": {"run": "m0", "beyond": True}}
    assert values(summary) == {"LabelsMissing": 0.5}


def test_without_any_label_only_how_many_are_missing_is_told(opt_ml: Path) -> None:
    lay_out(opt_ml, [])
    summary = measured(opt_ml)
    assert (summary["judged"], summary["labelled"], summary["missing"]) == (False, 0, 1000)
    assert summary["why_not"] == "no label has arrived for any of 1000 messages since 2025-12-21"
    assert values(summary) == {"LabelsMissing": 1.0}
    assert summary["model_version"] is None


def test_labels_of_one_class_only_are_no_ground_for_a_verdict(opt_ml: Path) -> None:
    lay_out(opt_ml, [one for one in pairs(100, 200) if one["label"] == "billing"])
    summary = measured(opt_ml)
    assert (summary["judged"], summary["warn"]) == (False, 0)
    assert summary["why_not"] == "version 7: all labels say billing: how good the model is at others is not known"


def test_a_label_too_rare_leaves_macro_f1_out_and_accuracy_in(opt_ml: Path) -> None:
    rows = pairs(200, 30)
    lay_out(opt_ml, [*rows[:230], *rows[230:239]])
    measured(opt_ml)
    (version,) = json.loads((opt_ml / "processing/output/report.json").read_text())["versions"]
    assert [one["name"] for one in version["falls"]] == [
        "accuracy",
        "calibration of billing",
        "calibration of delivery",
    ]
    assert version["not_judged"] == ["macro_f1: 1 of 2 labels have fewer than 10 messages"]


def test_a_version_without_its_test_sets_figures_is_told_and_not_judged(opt_ml: Path) -> None:
    lay_out(opt_ml, pairs(100, 100, model_version="6"))
    summary = measured(opt_ml)
    assert summary["why_not"] == "version 6: the figures of its test set are not there: promote it again"


def test_each_version_is_held_against_its_own_baseline(opt_ml: Path) -> None:
    lay_out(opt_ml, [*pairs(180, 20), *pairs(140, 60, model_version="8")])
    baselines = opt_ml / "processing/input/matched/baselines.json"
    baselines.write_text(json.dumps({"7": figures(450, 50), "8": figures(350, 150)}))
    assert measured(opt_ml)["warn"] == 0
    baselines.write_text(json.dumps({"7": figures(450, 50), "8": figures(450, 50)}))
    summary = measured(opt_ml)
    assert (summary["warn"], summary["model_version"]) == (1, "8")


def test_a_new_champions_first_bad_verdict_is_no_second_one_of_its_predecessor(opt_ml: Path) -> None:
    lay_out(
        opt_ml,
        pairs(140, 60, model_version="8"),
        previous={"run_id": "m1", "verdicts": {"7": {"run": "m1", "beyond": True}}},
    )
    (opt_ml / "processing/input/matched/baselines.json").write_text(json.dumps({"8": figures(450, 50)}))
    summary = measured(opt_ml)
    assert (summary["warn"], summary["page"]) == (1, 0)
    assert summary["verdicts"] == {"7": {"run": "m1", "beyond": True}, "8": {"run": "m2", "beyond": True}}


def test_what_a_person_calls_out_of_scope_counts_by_whether_it_went_to_review(opt_ml: Path) -> None:
    strangers = [{**one, "label": "out-of-scope", "decision": "review"} for one in pairs(3, 0)[:3]]
    auto = [{**one, "decision": "auto"} for one in strangers[:1]]
    lay_out(opt_ml, [*pairs(180, 20), *strangers, *auto])
    assert values(measured(opt_ml))["Accuracy"] == 0.9
    (version,) = json.loads((opt_ml / "processing/output/report.json").read_text())["versions"]
    assert (version["out_of_scope"], version["out_of_scope_rejection"]) == (4, 0.75)


@pytest.mark.parametrize(
    ("right", "warns"),
    [(180, False), (172, False), (165, False), (155, True)],
)
def test_a_fall_counts_only_beyond_what_chance_explains(right: int, warns: bool) -> None:
    """Of 400 labels 90 % are expected right: 82.5 % may still be chance on top of the 2 points allowed, 77.5 % not."""
    verdict = judge(figures(right, 200 - right), figures(450, 50), Limits(200, 0.02, 0.05))
    assert ("accuracy" in verdict.beyond(0.02)) is warns


def test_a_model_as_good_as_its_test_set_is_called_worse_once_in_a_hundred_at_most() -> None:
    import numpy as np

    random, limits = np.random.default_rng(7), Limits(200, 0.0, 0.05)
    alarms = 0
    for _ in range(100):
        right = int(random.binomial(200, 0.9))
        alarms += bool(judge(figures(right, 200 - right), figures(450, 50), limits).beyond(0.0))
    assert alarms <= 4  # 1 is expected; more than 4 has a chance of 0.3 %


def test_wilsons_interval_of_8_of_10() -> None:
    low, high = wilson(0.8, 10, 1.959964)
    assert (round(low, 4), round(high, 4)) == (0.4902, 0.9433)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ({"predicted": "a"}, "pairs-00000.jsonl, record 1: no label"),
        ({**pairs(1, 0)[0], "confidence": "okapi"}, "pairs-00000.jsonl, record 1: confidence is no number from 0 to 1"),
    ],
)
def test_a_pair_that_is_none_is_named_by_its_place(opt_ml: Path, line: dict[str, Any], reason: str) -> None:
    lay_out(opt_ml, pairs(1, 0))
    write_lines(opt_ml / "processing/input/matched/pairs/pairs-00000.jsonl", [line])
    assert measure.main(ARGUMENTS) == 1
    assert (opt_ml / "output/message").read_text() == reason


def test_a_missing_limit_is_named(opt_ml: Path) -> None:
    lay_out(opt_ml, pairs(1, 0))
    assert measure.main(ARGUMENTS[:4]) == 1
    assert "--page-fall" in (opt_ml / "output/message").read_text()
