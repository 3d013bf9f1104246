"""evaluate: challenger against champion, the bar, and the files that it leaves."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import numpy as np
import pytest
from container_samples import labelled_records, pack, record, write_lines

from pipeline_code import evaluate, figures
from pipeline_code.bar import Bar
from pipeline_code.classifier import Classifier, Predictions, artefact
from pipeline_code.records import Example

LENIENT = Bar(
    min_accuracy=0.0,
    min_macro_f1=0.0,
    min_coverage_at_95=0.0,
    min_out_of_scope_rejection=0.0,
    max_calibration_error=1.0,
    max_worst_label_drop=1.0,
    max_slice_drop=1.0,
    significance=1.0,
)
STRICT = replace(LENIENT, min_accuracy=0.8, min_macro_f1=0.75, max_worst_label_drop=0.1, significance=0.05)


def arguments(bar: Bar = STRICT) -> list[str]:
    gates = [(f"--{name.replace('_', '-')}", str(limit)) for name, limit in asdict(bar).items()]
    return ["--run-id", "r-1", *(word for gate in gates for word in gate)]


TEST = [
    Example("uno", "a", "es", "web"),
    Example("dos", "a", "es", "web"),
    Example("three", "a", "en", "web"),
    Example("four", "b", "en", "app"),
]


def predicted(*labels: str, review: tuple[bool, ...] = (False, False, False, True)) -> Predictions:
    sure = np.array([0.9, 0.9, 0.9, 0.3, 0.3, 0.3][: len(labels)], np.float32)
    return Predictions(list(labels), sure, sure, np.array(review))


def held_out(examples: Sequence[Example] = TEST, *, near: Sequence[int] = ()) -> figures.TestSet:
    """The examples at the positions `near` are near-duplicates of training messages."""
    return figures.TestSet(examples, np.isin(np.arange(len(examples)), near))


def judge(*labels: str, champion: Predictions | None = None, bar: Bar = LENIENT) -> evaluate.Evaluation:
    return evaluate.compare(held_out(), ["a", "b"], {"a", "b"}, predicted(*labels), champion, bar)


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


def test_coverage_is_the_share_that_is_right_at_a_rate_surest_first() -> None:
    # the three of 0.9 stand together: right in two of three; all four: right in three of four
    assert [judge("a", "a", "b", "b").challenger[f"coverage_at_{rate}"] for rate in (95, 98)] == [0.0, 0.0]
    # the three surest are right, the fourth is not
    assert [judge("a", "a", "a", "a").challenger[f"coverage_at_{rate}"] for rate in (95, 98)] == [0.75, 0.75]


def test_near_duplicates_of_training_messages_can_be_left_out() -> None:
    test = held_out(near=[0, 1])
    found = evaluate.compare(test, ["a", "b"], {"a", "b"}, predicted("a", "a", "b", "b"), None, LENIENT)
    assert found.challenger["without_near_duplicates"] == {
        "accuracy": 0.5,
        "macro_f1": pytest.approx(1 / 3),
        "examples": 2,
    }
    assert found.report("r-1", test)["near_duplicates"] == {"cosine": 0.9, "examples": 2}


def test_without_anything_but_near_duplicates_there_is_no_such_figure() -> None:
    test = held_out(near=[0, 1, 2, 3])
    found = evaluate.compare(test, ["a", "b"], {"a", "b"}, predicted("a", "a", "b", "b"), None, LENIENT)
    assert found.challenger["without_near_duplicates"] is None


def test_messages_about_no_label_count_only_as_sent_to_review_or_not() -> None:
    outside = [Example("¿?", "out-of-scope", "es", "web"), Example("¡!", "out-of-scope", "pt", "chat")]
    test = held_out([*TEST, *outside])
    predictions = predicted("a", "a", "b", "b", "a", "b", review=(False, False, False, True, True, False))
    found = evaluate.compare(test, ["a", "b"], {"a", "b"}, predictions, None, LENIENT)
    alone = judge("a", "a", "b", "b").challenger
    assert found.challenger == {**alone, "out_of_scope_rejection": 0.5}
    assert alone["out_of_scope_rejection"] is None
    assert found.unknown_labels == []
    assert found.report("r-1", test)["out_of_scope_examples"] == 2


def test_a_challenger_above_the_bar_is_good_enough() -> None:
    evaluation = judge("a", "a", "b", "b", bar=replace(LENIENT, min_accuracy=0.75, min_macro_f1=0.73))
    assert (evaluation.good_enough, evaluation.reasons, evaluation.champion) == (True, [], None)


def test_a_challenger_below_the_bar_is_told_why_in_words() -> None:
    evaluation = judge("a", "a", "b", "b", bar=replace(LENIENT, min_accuracy=0.8, min_macro_f1=0.75))
    assert not evaluation.good_enough
    assert evaluation.reasons == ["accuracy 0.7500 is below 0.8", "macro-F1 0.7333 is below 0.75"]


def test_a_label_that_the_champion_knew_better_is_named() -> None:
    champion = predicted("a", "a", "a", "b")
    evaluation = judge("a", "a", "b", "b", champion=champion, bar=replace(LENIENT, max_worst_label_drop=0.25))
    # a falls by 0.2, b by a third
    assert evaluation.reasons == ["label b fell from F1 1.0000 to 0.6667, by more than 0.25"]
    assert evaluation.worst_label_against_champion == {
        "label": "b",
        "champion": 1.0,
        "challenger": pytest.approx(2 / 3),
    }
    assert evaluation.champion is not None
    assert evaluation.champion["accuracy"] == 1.0


def test_a_drop_of_just_the_allowed_size_is_allowed() -> None:
    # against the champion's 1.0, both labels are at 2 x 1 / (3 + 1) = 0.5
    bar = replace(LENIENT, max_worst_label_drop=0.5)
    assert judge("b", "b", "a", "b", champion=predicted("a", "a", "a", "b"), bar=bar).good_enough


def test_a_label_that_the_challenger_knows_better_is_no_drop() -> None:
    bar = replace(LENIENT, max_worst_label_drop=0.0, max_slice_drop=0.0)
    assert judge("a", "a", "a", "b", champion=predicted("b", "b", "b", "a"), bar=bar).good_enough


def test_where_the_models_differ_is_counted_by_label_language_and_source() -> None:
    evaluation = judge("a", "b", "b", "a", champion=predicted("a", "a", "a", "b"))
    assert evaluation.differences is not None
    counted = {(one.kind, one.name): (one.lost, one.won, one.examples) for one in evaluation.differences}
    assert counted == {
        # dos and three are no longer a, four no longer b: each is wrong about both labels
        ("label", "a"): (3, 0, 3),
        ("label", "b"): (3, 0, 1),
        ("language", "en"): (2, 0, 2),
        ("language", "es"): (1, 0, 2),
        ("source", "app"): (1, 0, 1),
        ("source", "web"): (2, 0, 3),
    }


def test_labels_of_either_model_without_a_test_example_are_said_to_be_not_judged() -> None:
    known = {"a", "b", "old", "ne\nw"}
    evaluation = evaluate.compare(
        held_out(), ["a", "b", "ne\nw"], known, predicted("a", "a", "a", "b"), predicted("a", "a", "a", "b"), LENIENT
    )
    assert evaluation.good_enough
    assert evaluation.not_judged == [
        "out-of-scope rejection cannot be judged: the test set has no example for it",
        "label ne w has no test example",
        "label old has no test example",
    ]


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
    evaluation = evaluate.compare(held_out(test), ["a", "b"], {"a", "b"}, predicted("a", "a", "a", "a"), None, LENIENT)
    assert evaluation.unknown_labels == ["new"]
    assert evaluation.challenger["accuracy"] == 0.75
    assert evaluation.challenger["per_label"]["new"]["f1"] == 0.0


def lay_out(root: Path, trained: Classifier, *, champion: bool = True) -> None:
    write_lines(root / "processing/input/test/part-0.jsonl", labelled_records())
    write_lines(root / "processing/input/train/part-0.jsonl", labelled_records())
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
    finished = run_command("evaluate", *arguments())
    assert (finished.returncode, finished.stdout, finished.stderr) == (0, "", "")
    evaluation = output(tmp_path, "evaluation.json")
    assert sorted(evaluation) == [
        "challenger",
        "champion",
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
        "baseline_statistics.json",
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
    assert output(tmp_path, "baseline_statistics.json")["dataset"] == {"item_count": 12}
    assert message(tmp_path) == "Completed: good enough, accuracy 1.0000 and macro-F1 1.0000 on 12 examples"


def test_not_good_enough_is_an_outcome_and_no_failure(opt_ml: Path, trained: Classifier) -> None:
    lay_out(opt_ml, trained, champion=False)
    wrong = [record(position, "la factura", label) for position, label in enumerate(["billing", "account", "delivery"])]
    write_lines(opt_ml / "processing/input/test/part-0.jsonl", wrong)
    assert evaluate.main(arguments()) == 0
    evaluation = output(opt_ml, "evaluation.json")
    assert (evaluation["good_enough"], evaluation["champion"]) == (False, None)
    assert evaluation["reasons"] == ["accuracy 0.3333 is below 0.8", "macro-F1 0.1667 is below 0.75"]
    assert message(opt_ml) == f"Completed: not good enough: {'; '.join(evaluation['reasons'])}"


def test_no_report_holds_the_text_of_a_message(opt_ml: Path, trained: Classifier) -> None:
    lay_out(opt_ml, trained)
    secret = record(99, "xyzzy", "billing")
    write_lines(opt_ml / "processing/input/test/part-1.jsonl", [secret])
    assert evaluate.main(arguments()) == 0
    for path in (opt_ml / "processing/output").iterdir():
        assert "xyzzy" not in path.read_text()


def test_an_empty_test_set_is_a_failure(opt_ml: Path, trained: Classifier) -> None:
    lay_out(opt_ml, trained)
    write_lines(opt_ml / "processing/input/test/part-0.jsonl", [])
    assert evaluate.main(arguments()) == 1
    assert message(opt_ml).startswith("the test set is empty")
    assert not (opt_ml / "processing/output").exists()


def test_a_missing_challenger_is_a_failure(opt_ml: Path) -> None:
    write_lines(opt_ml / "processing/input/test/part-0.jsonl", labelled_records())
    assert evaluate.main(arguments()) == 1
    assert message(opt_ml) == "the challenger's model.tar.gz is missing: train first"


def test_a_damaged_archive_names_whose_it_is(opt_ml: Path, trained: Classifier) -> None:
    lay_out(opt_ml, trained)
    archive = opt_ml / "processing/input/champion/model.tar.gz"
    archive.write_bytes(archive.read_bytes()[:200])
    assert evaluate.main(arguments()) == 1
    assert message(opt_ml).startswith("the champion's model.tar.gz is damaged")


def test_an_archive_of_something_else_names_whose_it_is(opt_ml: Path, trained: Classifier) -> None:
    lay_out(opt_ml, trained)
    (opt_ml / "other").mkdir()
    (opt_ml / "other/model.joblib").write_bytes(b"not ours")
    pack(opt_ml / "other", opt_ml / "processing/input/challenger/model.tar.gz")
    assert evaluate.main(arguments()) == 1
    assert message(opt_ml).startswith("the challenger's model.tar.gz: cannot read ")


def test_a_missing_training_set_is_a_failure(opt_ml: Path, trained: Classifier) -> None:
    lay_out(opt_ml, trained)
    (opt_ml / "processing/input/train/part-0.jsonl").unlink()
    (opt_ml / "processing/input/train").rmdir()
    assert evaluate.main(arguments()) == 1
    assert message(opt_ml).startswith("the training messages are missing")


def test_a_test_set_about_no_label_at_all_is_a_failure(opt_ml: Path, trained: Classifier) -> None:
    lay_out(opt_ml, trained)
    write_lines(opt_ml / "processing/input/test/part-0.jsonl", [record(0, "hola", "out-of-scope")])
    assert evaluate.main(arguments()) == 1
    assert message(opt_ml).startswith("every message of the test set is out of scope")


def test_a_training_record_without_a_text_is_named_by_its_place(opt_ml: Path, trained: Classifier) -> None:
    lay_out(opt_ml, trained)
    write_lines(opt_ml / "processing/input/train/part-1.jsonl", [{"label": "billing"}])
    assert evaluate.main(arguments()) == 1
    assert message(opt_ml) == "part-1.jsonl, record 1: no text"


def fitted(pairs: list[tuple[str, str]]) -> Classifier:
    return Classifier.fit(pairs, pairs, seed=7, min_confidence=0.0, review_quantile=0.0)


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
    assert evaluate.main(arguments()) == 0
    evaluation = output(opt_ml, "evaluation.json")
    assert sorted(evaluation["champion"]["per_label"]) == ["account", "billing", "delivery"]
    assert evaluation["untested_labels"] == ["farewell", "greeting"]
    assert evaluation["good_enough"]


def test_a_champion_of_schema_1_is_compared(opt_ml: Path, trained: Classifier) -> None:
    lay_out(opt_ml, trained, champion=False)
    arrays = {
        "word_ngrams": np.frombuffer(b"factura\npedido\ncuenta", np.uint8),
        "character_ngrams": np.empty(0, np.uint8),
        "idf": np.ones(3, np.float32),
        "weights": np.array([[0, 1, 0], [0, 0, 1], [1, 0, 0]], np.float32),
        "bias": np.zeros(3, np.float32),
    }
    gates = {"min_confidence": 0.0, "min_in_scope_score": 0.0}
    description = {"labels": ["account", "billing", "delivery"], "temperature": 1.0, "gates": gates, "training": {}}
    artefact.write(opt_ml / "old", description, arrays)
    written = json.loads((opt_ml / "old/model.json").read_text())
    (opt_ml / "old/model.json").write_text(json.dumps({**written, "schema": 1}))
    pack(opt_ml / "old", opt_ml / "processing/input/champion/model.tar.gz")
    assert evaluate.main(arguments()) == 0
    champion = output(opt_ml, "evaluation.json")["champion"]
    # it knows the two messages with `factura`, the two with `pedido` and the two with `cuenta`, and says account else
    assert champion["per_label"]["billing"]["recall"] == 0.5
    assert champion["accuracy"] == pytest.approx(8 / 12)


def test_one_label_in_the_test_set_is_enough_to_judge(opt_ml: Path, trained: Classifier) -> None:
    lay_out(opt_ml, trained)
    write_lines(opt_ml / "processing/input/test/part-0.jsonl", labelled_records()[:4])
    assert evaluate.main(arguments()) == 0
    evaluation = output(opt_ml, "evaluation.json")
    assert (evaluation["challenger"]["macro_f1"], evaluation["untested_labels"]) == (1.0, ["account", "delivery"])


def test_a_thousand_labels_of_one_example_each_leave_a_small_verdict_and_card(opt_ml: Path) -> None:
    pairs = [(f"mensaje {n} sobre {n * n}", f"{n:04d} {'😀' * 196}") for n in range(1000)]
    challenger = fitted(pairs[:40])
    lay_out(opt_ml, challenger, champion=False)
    fitted(pairs[:20]).save(opt_ml / "old")
    pack(opt_ml / "old", opt_ml / "processing/input/champion/model.tar.gz")
    records = [record(n, text, label, f"l{n}", f"s{n}") for n, (text, label) in enumerate(pairs)]
    write_lines(opt_ml / "processing/input/test/part-0.jsonl", records)
    assert evaluate.main(arguments()) == 0
    written = opt_ml / "processing/output"
    assert (written / "verdict.json").stat().st_size < 20_000
    card = (written / "model_card.json").read_text()
    assert card.isascii()
    assert len(card) < 100_000
    assert len(output(opt_ml, "evaluation.json")["unknown_labels"]) == 960


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (arguments()[2:], "the following arguments are required: --run-id"),
        ([*arguments()[:3], "80", *arguments()[4:]], "argument --min-accuracy: '80': give a number from 0 to 1"),
        ([*arguments()[:3], "high", *arguments()[4:]], "argument --min-accuracy: 'high': give a number from 0 to 1"),
        ([*arguments(), "--colour", "red"], "unrecognized arguments: --colour red"),
    ],
)
def test_a_wrong_argument_ends_in_the_exit_message(opt_ml: Path, given: list[str], reason: str) -> None:
    assert evaluate.main(given) == 1
    assert message(opt_ml) == reason
