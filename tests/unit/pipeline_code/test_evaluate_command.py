"""evaluate: challenger against champion, the bar, and the files that it leaves."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
from container_samples import LENIENT, arguments, labelled_records, pack, record, write_lines
from watched import problems

from pipeline_code import evaluate
from pipeline_code.classifier import Classifier, Targets

STRICT = replace(LENIENT, min_accuracy=0.8, min_macro_f1=0.75, max_worst_label_drop=0.1, significance=0.05)
AS_CALLED = arguments(STRICT)


def lay_out(root: Path, trained: Classifier, *, champion: bool = True) -> None:
    write_lines(root / "processing/input/test/part-0.jsonl", labelled_records())
    write_lines(root / "processing/input/train/part-0.jsonl", labelled_records()[:8])
    write_lines(root / "processing/input/validation/part-0.jsonl", labelled_records()[8:])
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
    finished = run_command("evaluate", *AS_CALLED)
    assert (finished.returncode, finished.stdout, finished.stderr) == (0, "", "")
    evaluation = output(tmp_path, "evaluation.json")
    assert sorted(evaluation) == [
        "challenger",
        "champion",
        "champion_not_compared",
        "checks",
        "differences",
        "good_enough",
        "near_duplicates",
        "not_judged",
        "out_of_scope_examples",
        "reasons",
        "run_id",
        "unknown_labels",
        "untested_labels",
        "worst_label_against_champion",
    ]
    assert sorted(path.name for path in (tmp_path / "processing/output").iterdir()) == [
        "baseline",
        "evaluation.json",
        "model_card.html",
        "model_card.json",
        "model_quality.json",
        "verdict.json",
    ]
    assert evaluation["near_duplicates"]["examples"] == 12
    assert evaluation["challenger"]["without_near_duplicates"] is None
    verdict = output(tmp_path, "verdict.json")
    assert (verdict["good_enough"], verdict["challenger"]["accuracy"], verdict["reasons"]) == (True, 1.0, [])
    assert (evaluation["run_id"], evaluation["good_enough"], evaluation["challenger"]["accuracy"]) == ("r-1", True, 1.0)
    assert evaluation["champion"] == evaluation["challenger"]
    quality = output(tmp_path, "model_quality.json")["multiclass_classification_metrics"]
    assert quality["accuracy"] == {"value": 1.0, "standard_deviation": 0.0}
    assert output(tmp_path, "baseline/statistics.json")["dataset"] == {"item_count": 12}
    baseline = output(tmp_path, "baseline/constraints.json")
    assert problems(baseline, "constraints") == []
    assert (baseline["criba"]["trained_by"], baseline["criba"]["messages"]) == ("r-1", 12)
    assert message(tmp_path) == "Completed: good enough, accuracy 1.0000 and macro-F1 1.0000 on 12 examples"


def test_not_good_enough_is_an_outcome_and_no_failure(opt_ml: Path, trained: Classifier) -> None:
    lay_out(opt_ml, trained, champion=False)
    wrong = [record(position, "la factura", label) for position, label in enumerate(["billing", "account", "delivery"])]
    write_lines(opt_ml / "processing/input/test/part-0.jsonl", wrong)
    assert evaluate.main(AS_CALLED) == 0
    evaluation = output(opt_ml, "evaluation.json")
    assert (evaluation["good_enough"], evaluation["champion"]) == (False, None)
    assert evaluation["reasons"] == ["accuracy 0.3333 is below 0.8", "macro-F1 0.1667 is below 0.75"]
    assert message(opt_ml) == f"Completed: not good enough: {'; '.join(evaluation['reasons'])}"


def test_no_report_holds_the_text_of_a_message(opt_ml: Path, trained: Classifier) -> None:
    lay_out(opt_ml, trained)
    secret = record(99, "xyzzy", "billing")
    write_lines(opt_ml / "processing/input/test/part-1.jsonl", [secret])
    assert evaluate.main(AS_CALLED) == 0
    written = [path for path in (opt_ml / "processing/output").rglob("*") if path.is_file()]
    assert len(written) == 9
    assert not [path for path in written if "xyzzy" in path.read_text()]


def test_an_empty_test_set_is_a_failure(opt_ml: Path, trained: Classifier) -> None:
    lay_out(opt_ml, trained)
    write_lines(opt_ml / "processing/input/test/part-0.jsonl", [])
    assert evaluate.main(AS_CALLED) == 1
    assert message(opt_ml).startswith("the test set is empty")
    assert not (opt_ml / "processing/output").exists()


def test_a_missing_challenger_is_a_failure(opt_ml: Path) -> None:
    write_lines(opt_ml / "processing/input/test/part-0.jsonl", labelled_records())
    assert evaluate.main(AS_CALLED) == 1
    assert message(opt_ml) == "the challenger's model.tar.gz is missing: train first"


def test_a_damaged_archive_names_whose_it_is(opt_ml: Path, trained: Classifier) -> None:
    lay_out(opt_ml, trained)
    archive = opt_ml / "processing/input/champion/model.tar.gz"
    archive.write_bytes(archive.read_bytes()[:200])
    assert evaluate.main(AS_CALLED) == 1
    assert message(opt_ml).startswith("the champion's model.tar.gz is damaged")


def test_an_archive_of_something_else_names_whose_it_is(opt_ml: Path, trained: Classifier) -> None:
    lay_out(opt_ml, trained)
    (opt_ml / "other").mkdir()
    (opt_ml / "other/model.joblib").write_bytes(b"not ours")
    pack(opt_ml / "other", opt_ml / "processing/input/challenger/model.tar.gz")
    assert evaluate.main(AS_CALLED) == 1
    assert message(opt_ml).startswith("the challenger's model.tar.gz: cannot read ")


@pytest.mark.parametrize("split", ["train", "validation"])
def test_messages_that_the_challenger_learnt_from_must_be_there(opt_ml: Path, trained: Classifier, split: str) -> None:
    lay_out(opt_ml, trained)
    shutil.rmtree(opt_ml / "processing/input" / split)
    assert evaluate.main(AS_CALLED) == 1
    assert message(opt_ml).startswith(f"the {split} messages are missing")


def test_a_test_set_about_no_label_at_all_is_a_failure(opt_ml: Path, trained: Classifier) -> None:
    lay_out(opt_ml, trained)
    write_lines(opt_ml / "processing/input/test/part-0.jsonl", [record(0, "hola", "out-of-scope")])
    assert evaluate.main(AS_CALLED) == 1
    assert message(opt_ml).startswith("every message of the test set is out of scope")


def test_a_training_record_without_a_text_is_named_by_its_place(opt_ml: Path, trained: Classifier) -> None:
    lay_out(opt_ml, trained)
    write_lines(opt_ml / "processing/input/train/part-1.jsonl", [{"label": "billing"}])
    assert evaluate.main(AS_CALLED) == 1
    assert message(opt_ml) == "part-1.jsonl, record 1: no text"


def fitted(pairs: list[tuple[str, str]]) -> Classifier:
    return Classifier.fit(pairs, pairs, seed=7, targets=Targets(0.0, 0.0, 0.0))


def test_a_challenger_that_is_better_on_average_but_ruins_a_label_is_refused(opt_ml: Path) -> None:
    """From the archives to the verdict: the champion knows refunds and little else, the challenger all but refunds."""
    common = [(f"el paquete {n} no llega", "delivery") for n in range(60)]
    common += [(f"la clave {n} no funciona", "account") for n in range(60)]
    refunds = [(f"devolver el dinero {n}", "refund") for n in range(20)]
    champion = fitted([*refunds, *common[:60], *[(text, "delivery") for text, _ in common[60:]]])
    challenger = fitted([*common, *[(text, "account") for text, _ in refunds]])
    lay_out(opt_ml, challenger, champion=False)
    champion.save(opt_ml / "old")
    pack(opt_ml / "old", opt_ml / "processing/input/champion/model.tar.gz")
    records = [record(place, text, label) for place, (text, label) in enumerate([*common, *refunds])]
    write_lines(opt_ml / "processing/input/test/part-0.jsonl", records)
    lenient = replace(LENIENT, max_worst_label_drop=0.1, significance=0.05)
    assert evaluate.main(arguments(lenient)) == 0
    evaluation = output(opt_ml, "evaluation.json")
    assert evaluation["challenger"]["accuracy"] == pytest.approx(120 / 140)
    assert evaluation["champion"]["accuracy"] == pytest.approx(80 / 140)
    reason = "label refund fell from F1 1.0000 to 0.0000, by more than 0.1"
    assert (evaluation["good_enough"], evaluation["reasons"]) == (False, [reason])
    assert message(opt_ml) == f"Completed: not good enough: {reason}"
    verdict = output(opt_ml, "verdict.json")
    assert (verdict["good_enough"], verdict["reasons"]) == (False, [reason])
    card = (opt_ml / "processing/output/model_card.html").read_text()
    assert "Not good enough" in card and reason in card


def test_a_champion_with_other_labels_is_compared_on_those_of_the_test(opt_ml: Path, trained: Classifier) -> None:
    lay_out(opt_ml, trained, champion=False)
    fitted([("hola", "greeting"), ("adios", "farewell"), ("la factura esta mal", "billing")]).save(opt_ml / "old")
    pack(opt_ml / "old", opt_ml / "processing/input/champion/model.tar.gz")
    assert evaluate.main(AS_CALLED) == 0
    evaluation = output(opt_ml, "evaluation.json")
    assert sorted(evaluation["champion"]["per_label"]) == ["account", "billing", "delivery"]
    assert evaluation["untested_labels"] == ["farewell", "greeting"]
    assert evaluation["good_enough"]


@pytest.mark.parametrize("schema", [1, 99])
def test_a_champion_of_another_schema_is_said_to_be_not_compared_and_stops_nobody(
    opt_ml: Path, trained: Classifier, schema: int
) -> None:
    lay_out(opt_ml, trained, champion=False)
    described = json.loads((opt_ml / "saved/model.json").read_text())
    (opt_ml / "saved/model.json").write_text(json.dumps({**described, "schema": schema}))
    pack(opt_ml / "saved", opt_ml / "processing/input/champion/model.tar.gz")
    assert evaluate.main(AS_CALLED) == 0
    evaluation = output(opt_ml, "evaluation.json")
    assert (evaluation["champion"], evaluation["good_enough"]) == (None, True)
    assert evaluation["not_judged"][0] == (
        f"the champion's model.json has schema {schema} and this code reads 3: use the image that trained it; "
        "the two are not compared"
    )
    assert "the champion could not be compared" in (opt_ml / "processing/output/model_card.html").read_text()


def test_a_challenger_of_another_schema_is_a_failure(opt_ml: Path, trained: Classifier) -> None:
    lay_out(opt_ml, trained, champion=False)
    described = json.loads((opt_ml / "saved/model.json").read_text())
    (opt_ml / "saved/model.json").write_text(json.dumps({**described, "schema": 99}))
    pack(opt_ml / "saved", opt_ml / "processing/input/challenger/model.tar.gz")
    assert evaluate.main(AS_CALLED) == 1
    assert "has schema 99" in message(opt_ml)


def test_one_label_in_the_test_set_is_enough_to_judge(opt_ml: Path, trained: Classifier) -> None:
    lay_out(opt_ml, trained)
    write_lines(opt_ml / "processing/input/test/part-0.jsonl", labelled_records()[:4])
    assert evaluate.main(AS_CALLED) == 0
    evaluation = output(opt_ml, "evaluation.json")
    assert (evaluation["challenger"]["macro_f1"], evaluation["untested_labels"]) == (1.0, ["account", "delivery"])


def test_a_thousand_labels_of_one_example_each_leave_a_small_verdict_and_card(opt_ml: Path) -> None:
    pairs = [(f"mensaje {n} sobre {n * n}", f"{n:04d} {'😀' * 196}") for n in range(1000)]
    lay_out(opt_ml, fitted(pairs[:2]), champion=False)
    fitted(pairs[:40]).save(opt_ml / "old")
    pack(opt_ml / "old", opt_ml / "processing/input/champion/model.tar.gz")
    records = [record(n, text, label, f"l{n}", f"s{n}") for n, (text, label) in enumerate(pairs)]
    write_lines(opt_ml / "processing/input/test/part-0.jsonl", records)
    demanding = replace(LENIENT, max_worst_label_drop=0.0, max_slice_drop=0.0)
    assert evaluate.main(arguments(demanding)) == 0
    written = opt_ml / "processing/output"
    verdict = output(opt_ml, "verdict.json")
    assert (written / "verdict.json").stat().st_size < 20_000
    # 38 labels that only the champion knows, each in a language and a source of its own, and the label said instead
    assert [len(verdict["reasons"]), verdict["reasons"][-1]] == [21, "and 95 more"]
    assert message(opt_ml).endswith("and 95 more")
    card = (written / "model_card.json").read_text()
    assert card.isascii()
    assert len(card) < 100_000
    assert len(output(opt_ml, "evaluation.json")["unknown_labels"]) == 998


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (AS_CALLED[2:], "the following arguments are required: --run-id"),
        ([*AS_CALLED[:3], "80", *AS_CALLED[4:]], "argument --min-accuracy: '80': give a number from 0 to 1"),
        (
            [*AS_CALLED[:3], "high", *AS_CALLED[4:]],
            "argument --min-accuracy: 'high': give a number from 0 to 1",
        ),
        ([*AS_CALLED, "--colour", "red"], "unrecognized arguments: --colour red"),
    ],
)
def test_a_wrong_argument_ends_in_the_exit_message(opt_ml: Path, given: list[str], reason: str) -> None:
    assert evaluate.main(given) == 1
    assert message(opt_ml) == reason
