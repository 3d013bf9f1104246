"""The transformer: it learns, is calibrated, gated, saved and loaded, and answers as the classifier does."""

import json
import math
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import PAIRS, RECIPE, tokenizer, write_pretrained
from safetensors.torch import load_file, save_file
from transformers import AutoModel

from pipeline_code.classifier import ArtefactError
from pipeline_code.errors import InputError
from pipeline_code.metrics import score
from pipeline_code.tiers import load
from pipeline_code.transformer import artefact
from pipeline_code.transformer.model import Gates, Transformer

TEXTS = [text for text, _ in PAIRS]
LABELS = [label for _, label in PAIRS]
SCORED = {"label", "confidence", "in_scope_score", "decision"}


def answered(model: Transformer, body: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in b"".join(model.answers(body)).splitlines()]


def edit(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


@pytest.fixture
def saved(tuned: Transformer, tmp_path: Path) -> Path:
    tuned.save(tmp_path / "model")
    return tmp_path / "model"


def test_it_learns_a_small_set_by_heart(tuned: Transformer) -> None:
    assert tuned.labels == ["account", "billing", "delivery"]
    assert tuned.predict(TEXTS).labels == LABELS


def test_words_that_it_knows_lead_it_in_texts_that_it_does_not(tuned: Transformer) -> None:
    assert tuned.predict(["la factura", "pedido perdido", "mi cuenta bloqueada"]).labels == [
        "billing",
        "delivery",
        "account",
    ]


def test_confidence_is_the_softmax_over_the_temperature_and_the_in_scope_score_the_highest(tuned: Transformer) -> None:
    scores = tuned.network.scores(tuned.network.tokens(["la factura"]))[0].tolist()
    shares = [math.exp(score / tuned.temperature) for score in scores]
    found = tuned.predict(["la factura"])
    assert found.confidence[0] == pytest.approx(max(shares) / sum(shares), rel=1e-5)
    assert found.in_scope_score[0] == pytest.approx(max(scores), rel=1e-6)


DISPUTED = [(text, "billing" if place % 2 else label) for place, (text, label) in enumerate(PAIRS)]


@pytest.mark.parametrize("validation", [PAIRS, DISPUTED])
def test_the_temperature_brings_confidence_nearer_to_how_often_it_is_right(
    pretrained: Path, tmp_path: Path, validation: list[tuple[str, str]]
) -> None:
    model = Transformer.fit(PAIRS, validation, recipe=RECIPE, pretrained=pretrained, checkpoints=tmp_path)
    predicted = model.predict(TEXTS)
    right = np.mean([label == truth for label, (_, truth) in zip(predicted.labels, validation, strict=True)])
    before = replace(model, temperature=1.0).predict(TEXTS).confidence.mean()
    assert abs(predicted.confidence.mean() - right) < 0.7 * abs(before - right)


def test_the_gate_of_the_in_scope_score_is_the_quantile_asked_for(pretrained: Path, tmp_path: Path) -> None:
    recipe = replace(RECIPE, review_quantile=0.5, min_confidence=0.0, auto_accuracy=0.0)
    model = Transformer.fit(PAIRS, PAIRS, recipe=recipe, pretrained=pretrained, checkpoints=tmp_path)
    assert model.predict(TEXTS).review.sum() == 6
    assert model.gates.min_confidence == 0.0


def test_the_gate_of_confidence_lets_pass_as_many_as_are_right_often_enough(pretrained: Path, tmp_path: Path) -> None:
    recipe = replace(RECIPE, min_confidence=0.0, auto_accuracy=0.75)
    model = Transformer.fit(PAIRS, DISPUTED, recipe=recipe, pretrained=pretrained, checkpoints=tmp_path)
    predicted = model.predict(TEXTS)
    sure = predicted.confidence >= model.gates.min_confidence
    right = np.array([label == truth for label, (_, truth) in zip(predicted.labels, DISPUTED, strict=True)])
    assert 0 < sure.sum() < 12
    assert right.mean() < 0.75 <= right[sure].mean()


def test_what_was_held_out_is_told_with_the_labels_that_were_not_learnt(pretrained: Path, tmp_path: Path) -> None:
    held_out = [*PAIRS, ("🎉", "out-of-scope")]
    model = Transformer.fit(PAIRS, held_out, recipe=RECIPE, pretrained=pretrained, checkpoints=tmp_path)
    found = model.training["validation"]
    assert (found["examples"], found["accuracy"], found["out_of_scope"]) == (12, 1.0, 1)
    assert found["out_of_scope_rejection"] == 1.0


def test_either_gate_alone_sends_to_review(tuned: Transformer) -> None:
    for gates, decision in ((Gates(0, 0), "auto"), (Gates(1, 0), "review"), (Gates(0, 99), "review")):
        assert answered(replace(tuned, gates=gates), b'{"text": "la factura"}')[0]["decision"] == decision


@pytest.mark.parametrize("text", ["", "   ", "\n", "🎉", "\ud800", "中文", "\0"])
def test_a_text_without_a_known_token_is_for_review_whatever_the_gates(tuned: Transformer, text: str) -> None:
    assert replace(tuned, gates=Gates(0, 0)).predict([text]).review.tolist() == [True]


def test_no_text_gives_no_prediction(tuned: Transformer) -> None:
    found = tuned.predict([])
    assert (found.labels, len(found.confidence), len(found.review)) == ([], 0, 0)


def test_texts_come_back_in_their_order_whatever_their_length(tuned: Transformer) -> None:
    texts = [f"{'x ' * (place * 7 % 40)}{text}" for place, text in enumerate(TEXTS * 3)]
    together = tuned.predict(texts)
    alone = [tuned.predict([text]) for text in texts]
    assert together.labels == [one.labels[0] for one in alone]
    assert together.confidence == pytest.approx([one.confidence[0] for one in alone], abs=1e-5)


def test_small_batches_give_what_a_large_one_gives(tuned: Transformer) -> None:
    tokens = tuned.network.tokens(TEXTS)
    assert tuned.network.scores(tokens, most_tokens=1) == pytest.approx(tuned.network.scores(tokens), abs=1e-5)


def test_what_stands_beyond_the_longest_text_is_not_read(tuned: Transformer) -> None:
    ends = [2, 3]
    assert tuned.network.tokens([" " * 10_000 + "la factura", ""]) == [ends, ends]
    assert len(tuned.network.tokens(["la " * 1_000_000])[0]) == 48


def test_a_saved_model_is_loaded_by_its_format_and_answers_alike(tuned: Transformer, saved: Path) -> None:
    loaded = load(saved)
    body = b"".join(json.dumps({"id": text, "text": text}).encode() + b"\n" for text in TEXTS)
    assert b"".join(loaded.answers(body)) == b"".join(tuned.answers(body))


def test_an_artefact_is_safetensors_and_json_alone_and_the_same_each_time(
    tuned: Transformer, saved: Path, tmp_path: Path
) -> None:
    assert sorted(path.name for path in saved.iterdir()) == [
        "config.json",
        "model.json",
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
    ]
    tuned.save(tmp_path / "again")
    for path in saved.iterdir():
        assert path.read_bytes() == (tmp_path / "again" / path.name).read_bytes()


def test_hugging_faces_own_config_names_the_labels(saved: Path) -> None:
    config = json.loads((saved / "config.json").read_text())
    assert config["id2label"] == {"0": "account", "1": "billing", "2": "delivery"}


def test_the_same_seed_gives_the_same_weights_and_another_one_others(
    tuned: Transformer, pretrained: Path, tmp_path: Path
) -> None:
    for seed, same in ((7, True), (8, False)):
        recipe = replace(RECIPE, seed=seed)
        again = Transformer.fit(PAIRS, PAIRS, recipe=recipe, pretrained=pretrained, checkpoints=tmp_path / str(seed))
        ours, theirs = tuned.network.encoder.state_dict(), again.network.encoder.state_dict()
        assert all(bool((ours[name] == theirs[name]).all()) for name in ours) is same


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda content: content["labels"].pop(), "2 labels for 3 scores"),
        (lambda content: content.update(temperature=0), "temperature 0"),
        (lambda content: content.pop("gates"), "'gates'"),
        (lambda content: content.update(max_length="long"), "invalid literal for int"),
    ],
)
def test_a_description_that_does_not_belong_to_the_network_is_refused(
    saved: Path, change: Callable[[dict[str, Any]], object], reason: str
) -> None:
    edit(saved / "model.json", change)
    with pytest.raises(ArtefactError, match=rf"is incomplete \({reason}.*\): train again"):
        load(saved)


def reseal(folder: Path) -> None:
    description = json.loads((folder / "model.json").read_text())
    artefact.seal(folder, {name: description[name] for name in ("labels", "max_length", "temperature", "gates")})


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda weights: weights.pop("classifier.weight"), "no weights for classifier.weight"),
        (lambda weights: weights["classifier.bias"].fill_(np.nan), "weights that are no finite numbers"),
    ],
)
def test_weights_that_are_missing_or_no_numbers_are_refused(
    saved: Path, change: Callable[[dict[str, Any]], object], reason: str
) -> None:
    weights = load_file(saved / "model.safetensors")
    change(weights)
    save_file(weights, saved / "model.safetensors", {"format": "pt"})
    reseal(saved)
    with pytest.raises(ArtefactError, match=reason):
        load(saved)


@pytest.mark.parametrize(
    ("name", "content"),
    [("model.safetensors", b"PK"), ("config.json", b"{"), ("config.json", b"{}"), ("tokenizer.json", b"{}")],
)
def test_files_that_are_no_network_are_refused_in_one_sentence(saved: Path, name: str, content: bytes) -> None:
    (saved / name).write_bytes(content)
    reseal(saved)
    with pytest.raises(ArtefactError, match="holds no network that can be read here: "):
        load(saved)


def fit(pretrained: Path, tmp_path: Path, **changes: Any) -> Transformer:
    recipe = replace(RECIPE, epochs=1, **changes)
    return Transformer.fit(PAIRS, PAIRS, recipe=recipe, pretrained=pretrained, checkpoints=tmp_path / "checkpoints")


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer.json"])
def test_a_pretrained_channel_without_a_part_is_refused(tmp_path: Path, name: str) -> None:
    write_pretrained(tmp_path)
    (tmp_path / name).unlink()
    named = name.replace("model.", r"\*\.")
    with pytest.raises(InputError, match=rf"^the pretrained channel has no {named}: give a folder with config"):
        fit(tmp_path, tmp_path)


def test_pretrained_weights_of_another_network_are_refused_and_not_replaced_by_chance(tmp_path: Path) -> None:
    write_pretrained(tmp_path)
    edit(tmp_path / "config.json", lambda content: content.update(num_hidden_layers=3))
    with pytest.raises(InputError, match=r"lack 16 of the encoder's tensors, bert\.encoder\.layer\.2\.attention"):
        fit(tmp_path, tmp_path)
    edit(tmp_path / "config.json", lambda content: content.update(num_hidden_layers=2, intermediate_size=128))
    with pytest.raises(InputError, match="lack 6 of the encoder's tensors"):
        fit(tmp_path, tmp_path)


def test_weights_without_any_head_do_as_well(tmp_path: Path) -> None:
    write_pretrained(tmp_path)
    AutoModel.from_pretrained(tmp_path).save_pretrained(tmp_path)
    assert fit(tmp_path, tmp_path).labels == ["account", "billing", "delivery"]


def test_pretrained_code_is_never_run(tmp_path: Path) -> None:
    write_pretrained(tmp_path)
    (tmp_path / "code.py").write_text("raise SystemExit('it was run')")
    remote = {"AutoConfig": "code.Config", "AutoModelForSequenceClassification": "code.Model"}
    edit(tmp_path / "config.json", lambda content: content.update(model_type="unheard-of", auto_map=remote))
    with pytest.raises(InputError, match="holds no network that can be read here"):
        fit(tmp_path, tmp_path)


def test_a_tokenizer_that_cannot_pad_is_refused(tmp_path: Path) -> None:
    write_pretrained(tmp_path)
    unpadded = tokenizer()
    unpadded.pad_token = None
    unpadded.save_pretrained(tmp_path)
    with pytest.raises(InputError, match="has no padding token"):
        fit(tmp_path, tmp_path)


def test_more_tokens_than_the_encoder_reads_are_refused(pretrained: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="max_length is 65: this encoder reads 64 tokens at most"):
        fit(pretrained, tmp_path, max_length=65)


def test_training_that_diverges_is_said(tmp_path: Path) -> None:
    write_pretrained(tmp_path)
    weights = load_file(tmp_path / "model.safetensors")
    save_file({name: 1e30 * tensor for name, tensor in weights.items()}, tmp_path / "model.safetensors")
    with pytest.raises(InputError, match=r"training diverged at learning_rate 0\.005: give a lower one"):
        fit(tmp_path, tmp_path)


def test_training_ends_when_nothing_gets_better_and_keeps_the_best_epoch(
    pretrained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = replace(RECIPE, patience=1)
    model = Transformer.fit(PAIRS, PAIRS, recipe=recipe, pretrained=pretrained, checkpoints=tmp_path)
    reached = [float(one) for one in re.findall(r"'eval_macro_f1': '([\d.]+)'", capsys.readouterr().out)]
    assert len(reached) < RECIPE.epochs
    assert reached[-1] <= reached[-2] == max(reached)
    assert score(LABELS, model.predict(TEXTS).labels).macro_f1 == pytest.approx(max(reached), abs=1e-4)


def test_a_typo_rate_adds_a_spoilt_copy_of_each_text(pretrained: Path, tmp_path: Path) -> None:
    fit(pretrained, tmp_path, typo_rate=0.1)
    # 12 texts and 12 copies, 4 in each step.
    assert [path.name for path in (tmp_path / "checkpoints").iterdir()] == ["checkpoint-6"]


def test_one_label_and_no_known_validation_label_are_refused_as_by_the_classifier(
    pretrained: Path, tmp_path: Path
) -> None:
    given: dict[str, Any] = {"recipe": RECIPE, "pretrained": pretrained, "checkpoints": tmp_path}
    with pytest.raises(InputError, match=r"one label only \(billing\): at least two are needed"):
        Transformer.fit(PAIRS[:4], PAIRS, **given)
    with pytest.raises(InputError, match="none of 1 validation examples has a trained label"):
        Transformer.fit(PAIRS, [("hola", "greeting")], **given)
