"""The second tier without its libraries: which tier a model is of, its artefact, records, batches and checkpoints."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline_code.classifier import ArtefactError, Classifier
from pipeline_code.errors import InputError
from pipeline_code.hyperparameters import read as read_hyperparameters
from pipeline_code.tiers import load
from pipeline_code.transformer import artefact
from pipeline_code.transformer.batching import batches
from pipeline_code.transformer.checkpoints import mark, newest
from pipeline_code.transformer.reading import read
from pipeline_code.transformer.recipe import LIMITS, Recipe

OTHER_LIBRARIES = ("torch", "transformers", "safetensors", "tokenizers", "accelerate")


@pytest.fixture
def sealed(tmp_path: Path) -> Path:
    """A folder with the files of an artefact, as far as they are checked without reading them."""
    for name in artefact.NEEDED:
        (tmp_path / name).write_text(f"content of {name}")
    artefact.seal(tmp_path, {"labels": ["no", "yes"]})
    return tmp_path


def edit(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def test_a_linear_model_is_loaded_as_ever_and_brings_in_nothing_of_the_second_tier(
    yes_or_no: Classifier, tmp_path: Path
) -> None:
    yes_or_no.save(tmp_path / "model")
    asked = (
        "import sys; from pipeline_code.server_settings import ServerSettings; "
        "from pipeline_code.server import application; application(ServerSettings.read({})); "
        "print([name for name in sys.modules if name.startswith('pipeline_code.transformer')"
        f" or name.partition('.')[0] in {OTHER_LIBRARIES}])"
    )
    environment = os.environ | {"SAGEMAKER_BASE_DIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", asked], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
    assert isinstance(load(tmp_path / "model"), Classifier)


def test_an_image_without_torch_says_so_of_a_transformer(sealed: Path) -> None:
    with pytest.raises(ArtefactError, match=r"is a criba-transformer and this image has no \w+: use the image of Dock"):
        load(sealed)


@pytest.mark.parametrize("content", [None, "{", "[]", '{"format": "other"}'])
def test_what_is_neither_tiers_is_refused_as_it_was_before(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "model.json").write_text(content)
    with pytest.raises(ArtefactError):
        load(tmp_path)


def test_a_sealed_artefact_is_read_and_names_each_file_with_its_hash(sealed: Path) -> None:
    found = artefact.read(sealed)
    assert (found["format"], found["schema"], found["labels"]) == ("criba-transformer", 1, ["no", "yes"])
    assert sorted(found["files"]) == ["config.json", "model.safetensors", "tokenizer.json"]
    assert found["files"]["config.json"] == "5c5e4e34186b39aefbb453c12d4e90f311ccefaca102765d6019d1d20421ff54"


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer.json"])
def test_a_file_that_is_damaged_or_missing_is_named(sealed: Path, name: str) -> None:
    (sealed / name).write_text("content of another")
    with pytest.raises(ArtefactError, match=rf"{name} is damaged: its SHA-256 is not the one in model\.json"):
        artefact.read(sealed)
    (sealed / name).unlink()
    with pytest.raises(ArtefactError, match=rf"cannot read \S+{name} \(No such file or directory\)"):
        artefact.read(sealed)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (
            lambda content: content.update(schema=2),
            r"has schema 2 and this code reads 1: use the image that trained it",
        ),
        (lambda content: content.update(format="pickle"), "does not describe a criba-transformer"),
        (lambda content: content.pop("files"), r"does not name config\.json, model\.safetensors, tokenizer\.json"),
        (lambda content: content["files"].pop("config.json"), "does not name config"),
        (lambda content: content["files"].update({"weights.pkl": ""}), r"names weights\.pkl, which is no file of a mo"),
        (lambda content: content["files"].update({"../x.json": ""}), r"names \.\./x\.json, which is no file of a mod"),
    ],
)
def test_a_newer_foreign_or_dangerous_description_is_refused(
    sealed: Path, change: Callable[[dict[str, Any]], object], reason: str
) -> None:
    edit(sealed / "model.json", change)
    with pytest.raises(ArtefactError, match=reason):
        artefact.read(sealed)


def test_a_file_that_the_description_does_not_name_is_refused(sealed: Path) -> None:
    (sealed / "adapter_config.json").write_text("{}")
    with pytest.raises(ArtefactError, match=r"holds adapter_config\.json, which model\.json does not name"):
        artefact.read(sealed)


def test_a_record_keeps_its_id_as_it_was_and_gives_its_text_unescaped() -> None:
    body = b'{"id": {"a":\t1e999}, "text": "s\\u00ed \\ud83c\\udf89 \\ud800"}\r\n\n \t\n{"text":"x"}\n{"id":2}\nno'
    assert [(record.id, record.text, record.problem) for record in read(body)] == [
        (b'{"a": 1e999}', "sí 🎉 \ud800", None),
        (b"null", "x", None),
        (b"2", "", "no text"),
        (b"null", "", "not JSON"),
    ]


PIECES = [b'{"id":1,"text":"no"}', b'"id"', b'"text"', b":", b",", b"{", b"}", b"[", b"]", b'"', b"\\", b"\\ud800"]
PIECES += [b"\xff", b"\xc3\xb1", b"\n", b"\r", b" ", b"\0", b"1e999", b"null", b"\\u0000", b"\x0b"]


@given(st.lists(st.sampled_from(PIECES), max_size=30).map(b"".join))
def test_both_tiers_find_the_same_records_the_same_ids_and_the_same_faults(trained: Classifier, body: bytes) -> None:
    answers = b"".join(trained.answers(body)).splitlines()
    found = list(read(body))
    assert len(found) == len(answers)
    for record, answer in zip(found, answers, strict=True):
        assert answer.startswith(b'{"id":' + record.id + b",")
        assert json.loads(answer).get("error") == record.problem


@given(st.lists(st.integers(1, 40), max_size=60), st.integers(1, 100))
def test_batches_hold_each_text_once_and_never_more_than_the_tokens_allowed(lengths: list[int], most: int) -> None:
    found = list(batches(lengths, most))
    assert sorted(position for batch in found for position in batch) == list(range(len(lengths)))
    for batch in found:
        assert len(batch) == 1 or len(batch) * max(lengths[position] for position in batch) <= most


def test_texts_of_like_length_stand_together() -> None:
    assert list(batches([2, 9, 3, 8, 2], 18)) == [[1, 3], [2, 0, 4]]


def checkpoint(folder: Path, step: int, fingerprint: str = "ours") -> Path:
    made = folder / f"checkpoint-{step}"
    made.mkdir()
    (made / "model.safetensors").write_bytes(b"weights")
    mark(made, fingerprint)
    return made


def test_training_goes_on_from_the_latest_step(tmp_path: Path) -> None:
    checkpoint(tmp_path, 9)
    latest = checkpoint(tmp_path, 10)
    assert newest(tmp_path, "ours") == latest


def test_without_a_checkpoint_it_starts_at_the_beginning(tmp_path: Path) -> None:
    assert newest(tmp_path / "missing", "ours") is None


@pytest.mark.parametrize(
    "harm",
    [
        lambda made: (made / "whole.json").unlink(),
        lambda made: (made / "whole.json").write_text('{"fing'),
        lambda made: (made / "whole.json").write_text("[]"),
        lambda made: (made / "model.safetensors").write_bytes(b"weig"),
        lambda made: (made / "model.safetensors").unlink(),
    ],
)
def test_an_incomplete_checkpoint_is_left_aside_and_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], harm: Callable[[Path], object]
) -> None:
    before = checkpoint(tmp_path, 5)
    harm(checkpoint(tmp_path, 7))
    assert newest(tmp_path, "ours") == before
    assert capsys.readouterr().out == "checkpoint-7 is incomplete and left aside\n"


def test_a_checkpoint_of_another_run_is_refused(tmp_path: Path) -> None:
    checkpoint(tmp_path, 5, "theirs")
    with pytest.raises(InputError, match="checkpoint-5 is of a run with other data, hyperparameters or weights"):
        newest(tmp_path, "ours")


def test_the_recipe_takes_sagemakers_strings(tmp_path: Path) -> None:
    (tmp_path / "given.json").write_text('{"epochs": "3", "learning_rate": "5e-5", "seed": "4"}')
    found = Recipe(**read_hyperparameters(tmp_path / "given.json", LIMITS))
    assert (found.epochs, found.learning_rate, found.seed, found.batch_size) == (3, 5e-5, 4, 32)


@pytest.mark.parametrize(
    ("given_", "reason"),
    [
        ({"epoch": "3"}, "unknown hyperparameter 'epoch': known are seed, min_confidence, auto_accuracy, review_qu"),
        ({"epochs": "0"}, "hyperparameter epochs is '0': give a whole number from 1 to 1000"),
        ({"learning_rate": "fast"}, "hyperparameter learning_rate is 'fast': give a number from 1e-08 to 1"),
        ({"warm_up": "1"}, r"hyperparameter warm_up is '1': give a number from 0 to 0\.9"),
        ({"max_length": "4"}, "hyperparameter max_length is '4': give a whole number from 8 to 8192"),
    ],
)
def test_a_wrong_hyperparameter_of_the_recipe_is_named(tmp_path: Path, given_: dict[str, str], reason: str) -> None:
    (tmp_path / "given.json").write_text(json.dumps(given_))
    with pytest.raises(InputError, match=reason):
        read_hyperparameters(tmp_path / "given.json", LIMITS)
