"""evaluate: challenger against champion, the bar, and the three files that it leaves."""

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import numpy as np
import pytest
from container_samples import labelled_records, pack, record, write_lines

from pipeline_code import evaluate
from pipeline_code.classifier import Classifier, Predictions
from pipeline_code.evaluate import Bar
from pipeline_code.records import Example

BAR = ["--run-id", "r-1", "--min-accuracy", "0.8", "--min-macro-f1", "0.75", "--max-worst-label-drop", "0.1"]
LENIENT = Bar(min_accuracy=0.0, min_macro_f1=0.0, max_worst_label_drop=1.0)

TEST = [
    Example("uno", "a", "es", "web"),
    Example("dos", "a", "es", "web"),
    Example("three", "a", "en", "web"),
    Example("four", "b", "en", "app"),
]


def predicted(*labels: str, review: tuple[bool, ...] = (False, False, False, True)) -> Predictions:
    sure = np.array([0.9, 0.9, 0.9, 0.3], np.float32)
    return Predictions(list(labels), sure, sure, np.array(review))


def judge(*labels: str, champion: Predictions | None = None, bar: Bar = LENIENT) -> evaluate.Evaluation:
    return evaluate.evaluate(TEST, ["a", "b"], predicted(*labels), champion, bar)


def test_the_figures_are_those_counted_by_hand() -> None:
    found = judge("a", "a", "b", "b").challenger
    assert found["accuracy"] == 0.75
    assert found["macro_f1"] == pytest.approx((0.8 + 2 / 3) / 2)
    assert found["coverage"] == 0.75
    # in the bin of 0.9: sure of 2.7 and right in 2; in the bin of 0.3: sure of 0.3 and right in 1
    assert found["expected_calibration_error"] == pytest.approx((0.7 + 0.7) / 4)
    assert found["worst_label"] == {"label": "b", "f1": pytest.approx(2 / 3)}
    assert found["per_label"]["a"] == {"precision": 1.0, "recall": pytest.approx(2 / 3), "f1": 0.8, "examples": 3}


def test_languages_and_sources_have_figures_of_their_own() -> None:
    found = judge("a", "a", "b", "b").challenger
    assert found["per_language"] == {
        "es": {"accuracy": 1.0, "macro_f1": 1.0, "examples": 2},
        "en": {"accuracy": 0.5, "macro_f1": pytest.approx(1 / 3), "examples": 2},
    }
    assert found["per_source"] == {
        "web": {"accuracy": pytest.approx(2 / 3), "macro_f1": 0.8, "examples": 3},
        "app": {"accuracy": 1.0, "macro_f1": 1.0, "examples": 1},
    }


def test_a_challenger_above_the_bar_is_good_enough() -> None:
    evaluation = judge("a", "a", "b", "b", bar=Bar(0.75, 0.73, 0.0))
    assert (evaluation.good_enough, evaluation.reasons, evaluation.champion) == (True, [], None)


def test_a_challenger_below_the_bar_is_told_why_in_words() -> None:
    evaluation = judge("a", "a", "b", "b", bar=Bar(0.8, 0.75, 0.0))
    assert not evaluation.good_enough
    assert evaluation.reasons == ["accuracy 0.7500 is below 0.8", "macro-F1 0.7333 is below 0.75"]


def test_a_label_that_the_champion_knew_better_is_named() -> None:
    champion = predicted("a", "a", "a", "b")
    evaluation = judge("a", "a", "b", "b", champion=champion, bar=Bar(0.0, 0.0, 0.25))
    # a falls by 0.2, b by a third
    assert evaluation.reasons == ["label b fell from F1 1.0000 to 0.6667, by more than 0.25"]
    assert evaluation.champion is not None
    assert evaluation.champion["accuracy"] == 1.0


def test_a_drop_of_just_the_allowed_size_is_allowed() -> None:
    # against the champion's 1.0, both labels are at 2 x 1 / (3 + 1) = 0.5
    assert judge("b", "b", "a", "b", champion=predicted("a", "a", "a", "b"), bar=Bar(0.0, 0.0, 0.5)).good_enough


def test_a_label_that_the_challenger_knows_better_is_no_drop() -> None:
    assert judge("a", "a", "a", "b", champion=predicted("b", "b", "b", "a"), bar=Bar(0.0, 0.0, 0.0)).good_enough


def test_the_baseline_is_the_monitors_summary_of_the_predictions() -> None:
    assert evaluate.baseline(TEST, predicted("a", "a", "b", "b")).summary() == {
        "records": 4,
        "unscorable": 0,
        "review_rate": 0.25,
        "mean_confidence": pytest.approx(0.75),
        "mean_in_scope_score": pytest.approx(0.75),
        "mean_length": 3.75,
        "languages": {"es": 2, "en": 2},
        "labels": {"a": 2, "b": 2},
    }


def test_labels_never_trained_count_as_wrong_and_are_reported() -> None:
    test = [*TEST[:3], Example("cuatro", "new", "es", "web")]
    evaluation = evaluate.evaluate(test, ["a", "b"], predicted("a", "a", "a", "a"), None, LENIENT)
    assert evaluation.unknown_labels == ["new"]
    assert evaluation.challenger["accuracy"] == 0.75
    assert evaluation.challenger["per_label"]["new"]["f1"] == 0.0


def lay_out(root: Path, trained: Classifier, *, champion: bool = True) -> None:
    write_lines(root / "processing/input/test/part-0.jsonl", labelled_records())
    trained.save(root / "saved")
    pack(root / "saved", root / "processing/input/challenger/model.tar.gz")
    if champion:
        pack(root / "saved", root / "processing/input/champion/model.tar.gz")


def output(root: Path, name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((root / "processing/output" / name).read_text())
    return content


def message(root: Path) -> str:
    return (root / "output/message").read_text()


def test_evaluate_reads_and_writes_sagemakers_folders(
    tmp_path: Path, trained: Classifier, run_command: Callable[..., CompletedProcess[str]]
) -> None:
    lay_out(tmp_path, trained)
    finished = run_command("evaluate", *BAR)
    assert (finished.returncode, finished.stdout, finished.stderr) == (0, "", "")
    evaluation = output(tmp_path, "evaluation.json")
    assert sorted(evaluation) == ["challenger", "champion", "good_enough", "reasons", "run_id", "unknown_labels"]
    assert (evaluation["run_id"], evaluation["good_enough"], evaluation["challenger"]["accuracy"]) == ("r-1", True, 1.0)
    assert evaluation["champion"] == evaluation["challenger"]
    quality = output(tmp_path, "model_quality.json")["multiclass_classification_metrics"]
    assert quality["accuracy"] == {"value": 1.0, "standard_deviation": 0.0}
    assert output(tmp_path, "baseline_statistics.json")["dataset"] == {"item_count": 12}
    assert message(tmp_path) == "Completed: good enough, accuracy 1.0000 and macro-F1 1.0000 on 12 examples"


def test_not_good_enough_is_an_outcome_and_no_failure(opt_ml: Path, trained: Classifier) -> None:
    lay_out(opt_ml, trained, champion=False)
    wrong = [record(position, "la factura", label) for position, label in enumerate(["billing", "account", "delivery"])]
    write_lines(opt_ml / "processing/input/test/part-0.jsonl", wrong)
    assert evaluate.main(BAR) == 0
    evaluation = output(opt_ml, "evaluation.json")
    assert (evaluation["good_enough"], evaluation["champion"]) == (False, None)
    assert evaluation["reasons"] == ["accuracy 0.3333 is below 0.8", "macro-F1 0.1667 is below 0.75"]
    assert message(opt_ml) == f"Completed: not good enough: {'; '.join(evaluation['reasons'])}"


def test_no_report_holds_the_text_of_a_message(opt_ml: Path, trained: Classifier) -> None:
    lay_out(opt_ml, trained)
    secret = record(99, "xyzzy", "billing")
    write_lines(opt_ml / "processing/input/test/part-1.jsonl", [secret])
    assert evaluate.main(BAR) == 0
    for path in (opt_ml / "processing/output").iterdir():
        assert "xyzzy" not in path.read_text()


def test_an_empty_test_set_is_a_failure(opt_ml: Path, trained: Classifier) -> None:
    lay_out(opt_ml, trained)
    write_lines(opt_ml / "processing/input/test/part-0.jsonl", [])
    assert evaluate.main(BAR) == 1
    assert message(opt_ml).startswith("the test set is empty")
    assert not (opt_ml / "processing/output").exists()


def test_a_missing_challenger_is_a_failure(opt_ml: Path) -> None:
    write_lines(opt_ml / "processing/input/test/part-0.jsonl", labelled_records())
    assert evaluate.main(BAR) == 1
    assert message(opt_ml) == "the challenger's model.tar.gz is missing: train first"


def test_a_damaged_archive_names_whose_it_is(opt_ml: Path, trained: Classifier) -> None:
    lay_out(opt_ml, trained)
    archive = opt_ml / "processing/input/champion/model.tar.gz"
    archive.write_bytes(archive.read_bytes()[:200])
    assert evaluate.main(BAR) == 1
    assert message(opt_ml).startswith("the champion's model.tar.gz is damaged")


def test_an_archive_of_something_else_names_whose_it_is(opt_ml: Path, trained: Classifier) -> None:
    lay_out(opt_ml, trained)
    (opt_ml / "other").mkdir()
    (opt_ml / "other/model.joblib").write_bytes(b"not ours")
    pack(opt_ml / "other", opt_ml / "processing/input/challenger/model.tar.gz")
    assert evaluate.main(BAR) == 1
    assert message(opt_ml).startswith("the challenger's model.tar.gz: cannot read ")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (BAR[2:], "the following arguments are required: --run-id"),
        ([*BAR[:3], "80", *BAR[4:]], "argument --min-accuracy: '80': give a number from 0 to 1"),
        ([*BAR[:3], "high", *BAR[4:]], "argument --min-accuracy: 'high': give a number from 0 to 1"),
        ([*BAR, "--colour", "red"], "unrecognized arguments: --colour red"),
    ],
)
def test_a_wrong_argument_ends_in_the_exit_message(opt_ml: Path, arguments: list[str], reason: str) -> None:
    assert evaluate.main(arguments) == 1
    assert message(opt_ml) == reason
