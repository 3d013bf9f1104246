"""The classifier: its labels, its confidence, its two gates, and what it refuses to be fitted on."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipeline_code.classifier import ArtefactError, Classifier, Gates, Targets
from pipeline_code.classifier.fitting import fit_temperature
from pipeline_code.classifier.scoring import Weights
from pipeline_code.errors import InputError

NO_QUANTILE = Targets(review_quantile=0.0)
TWO_LABELS = [
    ("no va la web", "fault"),
    ("la app falla", "fault"),
    ("quiero pagar", "payment"),
    ("pago doble", "payment"),
]


def fit(train=TWO_LABELS, validation=TWO_LABELS, *, targets=NO_QUANTILE, typo_rate=0.0) -> Classifier:
    return Classifier.fit(train, validation, seed=7, targets=targets, typo_rate=typo_rate)


def test_the_label_is_the_one_with_the_highest_score(yes_or_no: Classifier) -> None:
    assert yes_or_no.predict(["no", "¡Sí!", "sí, no"]).labels == ["no", "yes", "no"]


def test_confidence_is_the_softmax_of_the_scores_over_the_temperature(yes_or_no: Classifier) -> None:
    predictions = yes_or_no.predict(["no", "si no"])
    assert predictions.confidence == pytest.approx([0.8808, 0.6960], abs=1e-4)


def test_the_in_scope_score_leaves_out_how_common_the_label_is(yes_or_no: Classifier) -> None:
    assert yes_or_no.predict(["no", "si", "si no", "nada"]).in_scope_score == pytest.approx(
        [1.5, 0.5, 1.4142, 0.0], abs=1e-4
    )


def test_a_high_temperature_halves_the_confidence_between_two_labels(yes_or_no: Classifier) -> None:
    assert replace(yes_or_no, temperature=1e6).predict(["no"]).confidence == pytest.approx([0.5], abs=1e-3)


def test_each_row_of_weights_is_rounded_to_one_127th_of_its_largest() -> None:
    weights = Weights.rounded(np.array([[1.27, -0.504], [0.0, 0.0]], np.float32), np.zeros(2, np.float32))
    assert weights.levels.tolist() == [[127, -50], [0, 0]]
    assert weights.scales[0] == pytest.approx(0.01)


@pytest.mark.parametrize(
    ("gates", "reviewed"),
    [
        (Gates(min_confidence=0.0, min_in_scope_score=0.0), [False, False]),
        (Gates(min_confidence=0.7, min_in_scope_score=0.0), [False, True]),
        (Gates(min_confidence=0.0, min_in_scope_score=1.45), [False, True]),
        (Gates(min_confidence=0.9, min_in_scope_score=0.0), [True, True]),
        (Gates(min_confidence=0.0, min_in_scope_score=1.51), [True, True]),
    ],
)
def test_either_gate_sends_a_prediction_to_review(yes_or_no: Classifier, gates: Gates, reviewed: list[bool]) -> None:
    # `no` has confidence 0.8808 and score 1.5, `si no` 0.6960 and 1.4142.
    assert replace(yes_or_no, gates=gates).predict(["no", "si no"]).review.tolist() == reviewed


def test_a_prediction_that_just_reaches_both_gates_passes(yes_or_no: Classifier) -> None:
    confidence = float(yes_or_no.predict(["no"]).confidence[0])
    gates = Gates(min_confidence=confidence, min_in_scope_score=1.5)
    assert replace(yes_or_no, gates=gates).predict(["no"]).review.tolist() == [False]


@pytest.mark.parametrize("text", ["", "   ", "🎉🎉", "привет", "¿?"])
def test_a_text_of_which_nothing_is_known_is_for_review_however_sure_the_model_is(
    yes_or_no: Classifier, text: str
) -> None:
    predictions = replace(yes_or_no, gates=Gates(0.0, -9.0)).predict([text])
    assert predictions.confidence == pytest.approx([0.8808], abs=1e-4)
    assert predictions.review.tolist() == [True]


def test_no_texts_give_no_predictions(yes_or_no: Classifier) -> None:
    predictions = yes_or_no.predict([])
    assert (predictions.labels, len(predictions.confidence), len(predictions.review)) == ([], 0, 0)


def test_many_texts_are_answered_in_order_whatever_the_size_of_the_batches(yes_or_no: Classifier) -> None:
    texts = ["si", "no", "no"] * 2000
    assert yes_or_no.predict(texts).labels == ["yes", "no", "no"] * 2000


def test_the_temperature_makes_three_in_four_right_a_confidence_of_three_quarters() -> None:
    # 75 of 100 rows are right by 4 points: 4 / T = ln(0.7451 / 0.2549), where 0.7451 = 0.75 x 101/102 + 0.25 x 1/102.
    scores = np.tile(np.array([[4.0, 0.0]], np.float32), (100, 1))
    truth = np.array([0] * 75 + [1] * 25)
    assert fit_temperature(scores, truth) == pytest.approx(3.729, abs=0.01)


def test_eight_right_answers_prove_nine_tenths_and_not_certainty() -> None:
    scores = np.tile(np.array([[1.0, 0.0]], np.float32), (8, 1))
    # 1 / (1 + exp(-1 / T)) = 0.9 where 1 / T = ln 9
    assert fit_temperature(scores, np.zeros(8, dtype=int)) == pytest.approx(1 / 2.1972, abs=1e-3)


def test_fitting_learns_the_labels_of_its_examples(trained: Classifier) -> None:
    assert trained.labels == ["account", "billing", "delivery"]
    texts = ["¿Dónde está mi PEDIDO?", "la factura", "he olvidado la contrasena"]
    assert trained.predict(texts).labels == ["delivery", "billing", "account"]


def test_two_labels_are_told_apart_too() -> None:
    assert fit().predict(["pagar", "la web no va"]).labels == ["payment", "fault"]


@pytest.mark.parametrize(("review_quantile", "reviewed"), [(0.0, 0), (0.3, 1), (0.5, 2), (1.0, 3)])
def test_the_review_quantile_of_validation_falls_below_the_in_scope_gate(review_quantile: float, reviewed: int) -> None:
    model = fit(targets=Targets(min_confidence=0.0, review_quantile=review_quantile))
    assert model.training["validation"]["coverage"] == 1 - reviewed / 4


def test_what_was_held_out_is_learnt_in_the_end_and_told_of_as_it_fared_before() -> None:
    model = fit(validation=[*TWO_LABELS, ("xyz", "fault")])
    assert model.predict(["xyz"]).labels == ["fault"]
    # of `xyz` the model that was judged knew no word
    assert model.training["validation"] == {
        "examples": 5,
        "accuracy": 0.8,
        "coverage": 0.8,
        "auto_accuracy": 1.0,
        "out_of_scope": 0,
        "out_of_scope_rejection": None,
    }


def test_held_out_messages_of_other_labels_are_out_of_scope_and_change_nothing() -> None:
    strangers = [("xyz", "out-of-scope"), ("pago doble", "out-of-scope")]
    model = fit(validation=[*TWO_LABELS, *strangers])
    assert (model.labels, model.gates, model.temperature) == (
        ["fault", "payment"],
        fit().gates,
        fit().temperature,
    )
    assert model.training["validation"]["out_of_scope"] == 2
    assert model.training["validation"]["out_of_scope_rejection"] == 0.5


def test_typos_are_learnt_beside_the_texts_as_they_were() -> None:
    plain, with_typos = (set(fit(typo_rate=rate).vocabulary.buckets) for rate in (0.0, 0.3))
    assert plain < with_typos


def test_two_fits_write_the_same_bytes(tmp_path: Path) -> None:
    for name in ("first", "second"):
        fit().save(tmp_path / name)
    for file in ("model.json", "arrays.npz"):
        assert (tmp_path / "first" / file).read_bytes() == (tmp_path / "second" / file).read_bytes()


def test_a_loaded_model_answers_as_the_saved_one_did(trained: Classifier, tmp_path: Path) -> None:
    trained.save(tmp_path)
    texts = ["mi pedido", "factura", "nada de esto", ""]
    saved, loaded = trained.predict(texts), Classifier.load(tmp_path).predict(texts)
    assert loaded.labels == saved.labels
    assert loaded.confidence.tolist() == saved.confidence.tolist()
    assert loaded.in_scope_score.tolist() == saved.in_scope_score.tolist()
    assert loaded.review.tolist() == saved.review.tolist()


def test_the_artefact_is_json_and_flat_arrays_of_plain_numbers(trained: Classifier, tmp_path: Path) -> None:
    trained.save(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["arrays.npz", "model.json"]
    with np.load(tmp_path / "arrays.npz", allow_pickle=False) as arrays:
        kinds = {name: (array.ndim, str(array.dtype)) for name, array in arrays.items()}
    assert kinds == {
        "buckets": (1, "int32"),
        "idf": (1, "float32"),
        "levels": (2, "int8"),
        "scales": (1, "float32"),
        "bias": (1, "float32"),
    }


def test_one_label_is_refused_by_name() -> None:
    with pytest.raises(InputError, match=r"^training set has one label only \(billing\): at least two are needed$"):
        fit(train=[("factura", "billing"), ("cobro", "billing")])


def test_no_examples_are_refused() -> None:
    with pytest.raises(InputError, match="the training set is empty"):
        fit(train=[])


def test_texts_without_a_word_are_refused() -> None:
    with pytest.raises(InputError, match=r"^none of 2 training texts holds a word: add labelled messages with text$"):
        fit(train=[("", "fault"), (" … ", "payment")])


def test_the_same_text_with_two_labels_is_learnt_as_unsure() -> None:
    model = fit(train=[*TWO_LABELS, ("quizá", "fault"), ("quizá", "payment")])
    assert model.predict(["quizá"]).confidence[0] < model.predict(["la app falla"]).confidence[0]


def test_a_label_with_one_example_is_learnt() -> None:
    assert fit(train=[*TWO_LABELS, ("¿abren los domingos?", "hours")]).predict(["abren domingos"]).labels == ["hours"]


def test_labels_may_be_any_text(tmp_path: Path) -> None:
    odd = ['a "quoted" \\ label', "línea\nnueva", "🎉", "<b>", " ", "x" * 300]
    examples = [(f"palabra{number} propia{number}", label) for number, label in enumerate(odd)]
    fit(train=examples, validation=examples).save(tmp_path)
    model = Classifier.load(tmp_path)
    lines = "".join(json.dumps({"id": number, "text": text}) + "\n" for number, (text, _) in enumerate(examples))
    answers = [json.loads(line) for line in b"".join(model.answers(lines.encode())).splitlines()]
    assert [answer["label"] for answer in answers] == odd


def test_a_thousand_labels_are_told_apart() -> None:
    examples = [(f"codigo{number:04d} {word}", f"label-{number}") for number in range(1000) for word in ("uno", "dos")]
    model = fit(train=examples, validation=examples[::7])
    assert model.predict(["codigo0007 uno", "codigo0999 dos"]).labels == ["label-7", "label-999"]


@pytest.mark.parametrize("validation", [[], [("hola", "greeting")]])
def test_validation_without_a_trained_label_is_refused(validation: list[tuple[str, str]]) -> None:
    with pytest.raises(InputError, match=rf"^none of {len(validation)} validation examples has a trained label"):
        fit(validation=validation)


def _cut_arrays(folder: Path) -> None:
    (folder / "arrays.npz").write_bytes((folder / "arrays.npz").read_bytes()[:-9])


def _cut_description(folder: Path) -> None:
    (folder / "model.json").write_bytes((folder / "model.json").read_bytes()[:-9])


def _described(**changes: object) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        description = json.loads((folder / "model.json").read_text()) | changes
        (folder / "model.json").write_text(json.dumps(description))

    return change


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (_cut_arrays, r"arrays\.npz is damaged: its SHA-256 is not the one in model\.json"),
        (_cut_description, r"model\.json is damaged, it is not JSON"),
        (_described(format="pickle"), r"model\.json does not describe a criba-classifier"),
        (_described(schema=4), r"model\.json has schema 4 and this code reads 3: use the image that trained it"),
        (_described(schema=2), r"model\.json has schema 2 and this code reads 3: use the image that trained it"),
        (
            _described(labels=["one"]),
            r"is incomplete \(int8 array of \(\d+, 3\) where int8 of \(\d+, 1\) belongs\): train again",
        ),
        (_described(gates={"min_confidence": 0.5}), r"is incomplete \(.*min_in_scope_score.*\): train again"),
        (lambda folder: (folder / "arrays.npz").unlink(), r"cannot read .*arrays\.npz \(No such file or directory\)"),
        (lambda folder: (folder / "model.json").unlink(), r"cannot read .*model\.json \(No such file or directory\)"),
    ],
)
def test_an_artefact_that_is_damaged_foreign_or_newer_is_refused(
    trained: Classifier, tmp_path: Path, spoil: Callable[[Path], None], reason: str
) -> None:
    trained.save(tmp_path)
    spoil(tmp_path)
    with pytest.raises(ArtefactError, match=reason):
        Classifier.load(tmp_path)
