"""train: SageMaker's folders in, an artefact out, or one sentence about what is wrong."""

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from container_samples import labelled_records, record, write_lines

from pipeline_code import train
from pipeline_code.classifier import Classifier
from pipeline_code.records import Example

DEFAULTS = {"seed": 0, "min_confidence": 0.5, "auto_accuracy": 0.95, "review_quantile": 0.02, "typo_rate": 0.0}


def lay_out(root: Path, records: list[dict[str, str]], hyperparameters: dict[str, str] | None = None) -> None:
    write_lines(root / "input/data/train/part-0.jsonl", records)
    write_lines(root / "input/data/validation/part-0.jsonl", records)
    if hyperparameters is not None:
        path = root / "input/config/hyperparameters.json"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(hyperparameters))


def test_train_leaves_a_model_in_sagemakers_folder(
    tmp_path: Path, run_command: Callable[..., CompletedProcess[str]]
) -> None:
    lay_out(tmp_path, labelled_records(), {"seed": "7", "review_quantile": "0.1", "min_confidence": "0.25"})
    finished = run_command("train")
    assert (finished.returncode, finished.stderr) == (0, "")
    assert json.loads(finished.stdout) == {
        "labels": 3,
        "examples": 12,
        "validation": {
            "examples": 12,
            "accuracy": 1.0,
            "coverage": pytest.approx(10 / 12),
            "auto_accuracy": 1.0,
            "out_of_scope": 0,
            "out_of_scope_rejection": None,
        },
    }
    model = Classifier.load(tmp_path / "model")
    assert model.predict(["donde esta el paquete"]).labels == ["delivery"]
    assert model.gates.min_confidence == 0.25
    assert model.training["hyperparameters"] == DEFAULTS | {"seed": 7, "review_quantile": 0.1, "min_confidence": 0.25}


def test_the_same_examples_in_other_files_and_another_process_give_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run_command: Callable[..., CompletedProcess[str]]
) -> None:
    records = labelled_records()
    lay_out(tmp_path, records)
    assert run_command("train").returncode == 0
    shuffled = tmp_path / "again"
    write_lines(shuffled / "input/data/train/b/part-1.jsonl", records[5:][::-1])
    write_lines(shuffled / "input/data/train/a/part-9.jsonl", records[:5])
    write_lines(shuffled / "input/data/validation/part-0.jsonl", records[::-1])
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(shuffled))
    assert train.main() == 0
    for file in ("model.json", "arrays.npz"):
        assert (tmp_path / "model" / file).read_bytes() == (shuffled / "model" / file).read_bytes()


def test_without_hyperparameters_the_defaults_hold(opt_ml: Path) -> None:
    lay_out(opt_ml, labelled_records())
    assert train.main() == 0
    assert Classifier.load(opt_ml / "model").training["hyperparameters"] == DEFAULTS


def test_the_data_hash_is_of_the_examples_and_not_of_their_order() -> None:
    one, two = Example("a", "x", "es", "web"), Example("b", "y", "es", "web")
    assert train.data_hash([one, two]) == train.data_hash([two, one])
    assert train.data_hash([one, two]) != train.data_hash([one, one])


def test_one_label_only_ends_in_the_failure_file_without_a_traceback(
    tmp_path: Path, run_command: Callable[..., CompletedProcess[str]]
) -> None:
    lay_out(tmp_path, [record(1, "la factura", "billing"), record(2, "un cobro", "billing")])
    finished = run_command("train")
    assert finished.returncode == 1
    reason = (tmp_path / "output/failure").read_text()
    assert reason == "training set has one label only (billing): at least two are needed"
    assert (finished.stdout, finished.stderr) == (f"failed: {reason}\n", "")
    assert not (tmp_path / "model").exists()


def test_an_empty_training_channel_is_a_failure(opt_ml: Path) -> None:
    assert train.main() == 1
    assert (opt_ml / "output/failure").read_text().startswith("the training set is empty")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"text": "secreto"', "not JSON"),
        (b'["secreto"]', "not a JSON object"),
        (b'{"text": "secreto \xff"}', "invalid UTF-8"),
        (b'{"text": "secreto", "language": "es", "source": "web"}', "no label"),
        (b'{"text": ["secreto"], "label": "a", "language": "es", "source": "web"}', "text is not a string"),
    ],
)
def test_a_bad_example_is_named_by_its_place_and_never_quoted(opt_ml: Path, line: bytes, reason: str) -> None:
    lay_out(opt_ml, labelled_records())
    with (opt_ml / "input/data/train/part-0.jsonl").open("ab") as file:
        file.write(b"\n" + line + b"\n")
    assert train.main() == 1
    assert (opt_ml / "output/failure").read_text() == f"part-0.jsonl, record 13: {reason}"


@pytest.mark.parametrize(
    ("hyperparameters", "reason"),
    [
        (
            {"sead": "1"},
            "unknown hyperparameter 'sead': known are seed, min_confidence, auto_accuracy, review_quantile, typo_rate",
        ),
        ({"seed": "1.5"}, "hyperparameter seed is '1.5': give a whole number from 0 to 2147483647"),
        ({"review_quantile": "2"}, "hyperparameter review_quantile is '2': give a number from 0 to 1"),
        ({"min_confidence": "nan"}, "hyperparameter min_confidence is 'nan': give a number from 0 to 1"),
    ],
)
def test_a_wrong_hyperparameter_is_named_with_its_value(
    opt_ml: Path, hyperparameters: dict[str, str], reason: str
) -> None:
    lay_out(opt_ml, labelled_records(), hyperparameters)
    assert train.main() == 1
    assert (opt_ml / "output/failure").read_text() == reason


def test_our_own_mistakes_leave_their_kind_as_the_reason_and_a_traceback_in_the_log(
    opt_ml: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lay_out(opt_ml, labelled_records())
    (opt_ml / "model").write_text("a file where the folder should be")
    assert train.main() == 1
    assert (opt_ml / "output/failure").read_text() == "unexpected FileExistsError: the job's log has the traceback"
    told = capsys.readouterr()
    assert "in save" in told.err
    assert "FileExistsError" in told.out
