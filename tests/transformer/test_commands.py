"""train and serve of the second tier as SageMaker runs them: folders, HTTP and signals."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import PAIRS, write_pretrained

from pipeline_code import evaluate
from pipeline_code.classifier import Classifier
from pipeline_code.tiers import load
from pipeline_code.transformer.model import Transformer
from pipeline_code.transformer.train import main
from tests.unit.pipeline_code.container_samples import LENIENT, arguments, labelled_records, pack, record, write_lines
from tests.unit.pipeline_code.running_server import RunningServer, start

HYPERPARAMETERS = {
    "seed": "7",
    "epochs": "12",
    "patience": "12",
    "learning_rate": "0.005",
    "batch_size": "2",
    "accumulation": "2",
    "max_length": "48",
}


def lay_out(root: Path, **changes: str) -> None:
    for split in ("train", "validation"):
        write_lines(root / f"input/data/{split}/part-0.jsonl", labelled_records())
    write_pretrained(root / "input/data/pretrained")
    config = root / "input/config"
    config.mkdir(parents=True)
    (config / "hyperparameters.json").write_text(json.dumps(HYPERPARAMETERS | changes))


def train(root: Path) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "pipeline_code.transformer.train"]
    environment = os.environ | {"SAGEMAKER_BASE_DIR": str(root)}
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.fixture
def opt_ml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(tmp_path))
    return tmp_path


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("job")
    lay_out(root)
    job = train(root)
    out, error = job.communicate(timeout=120)
    assert (job.returncode, error) == (0, "")
    assert json.loads(out.splitlines()[-1])["validation"]["accuracy"] == 1.0
    return root


def test_train_leaves_a_model_and_its_account_in_sagemakers_folder(finished: Path) -> None:
    model = load(finished / "model")
    assert model.predict(["donde esta el paquete"]).labels == ["delivery"]
    assert (model.training["examples"], model.training["validation"]["examples"]) == (12, 12)
    assert model.training["hyperparameters"]["accumulation"] == 2
    assert not (finished / "output/failure").exists()


def test_asked_to_end_it_leaves_a_checkpoint_and_goes_on_to_the_very_same_weights(
    finished: Path, tmp_path: Path
) -> None:
    lay_out(tmp_path)
    job = train(tmp_path)
    deadline = time.monotonic() + 60
    while not list(tmp_path.glob("checkpoints/checkpoint-*/whole.json")) and time.monotonic() < deadline:
        time.sleep(0.005)
    job.send_signal(signal.SIGTERM)
    out, error = job.communicate(timeout=60)
    assert (job.returncode, error) == (143, "")
    assert out.splitlines()[-1].startswith("asked to end after step ")
    assert not (tmp_path / "model").exists()
    assert not (tmp_path / "output/failure").exists()

    resumed = train(tmp_path)
    out, error = resumed.communicate(timeout=120)
    assert (resumed.returncode, error) == (0, "")
    assert "'epoch': '1'}" not in out  # it did not begin again
    for name in ("model.json", "model.safetensors"):
        assert (tmp_path / "model" / name).read_bytes() == (finished / "model" / name).read_bytes()


def test_a_checkpoint_of_another_run_ends_in_the_failure_file(finished: Path, opt_ml: Path) -> None:
    lay_out(opt_ml, seed="8")
    (opt_ml / "checkpoints").symlink_to(finished / "checkpoints")
    assert main() == 1
    assert "is of a run with other data, hyperparameters or weights" in (opt_ml / "output/failure").read_text()


def test_bad_input_is_one_sentence_in_the_failure_file(opt_ml: Path) -> None:
    lay_out(opt_ml)
    write_lines(opt_ml / "input/data/train/part-0.jsonl", [record(1, "la factura", "billing")])
    assert main() == 1
    reason = "training set has one label only (billing): at least two are needed"
    assert (opt_ml / "output/failure").read_text() == reason


def test_evaluate_compares_models_of_both_tiers_on_the_same_messages(tuned: Transformer, opt_ml: Path) -> None:
    inputs = opt_ml / "processing/input"
    for split in ("train", "validation", "test"):
        write_lines(inputs / split / "part-0.jsonl", labelled_records())
    linear = Classifier.fit(PAIRS, PAIRS, seed=7)
    for name, model in (("challenger", tuned), ("champion", linear)):
        model.save(opt_ml / name)
        pack(opt_ml / name, inputs / name / "model.tar.gz")
    assert evaluate.main(arguments(LENIENT)) == 0
    found = json.loads((opt_ml / "processing/output/evaluation.json").read_text())
    assert (found["good_enough"], found["challenger"]["accuracy"], found["champion"]["accuracy"]) == (True, 1.0, 1.0)
    assert found["near_duplicates"]["examples"] == 12
    assert "fine-tuned transformer of" in (opt_ml / "processing/output/model_card.html").read_text()


@pytest.fixture(scope="module")
def server(tuned: Transformer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    root = tmp_path_factory.mktemp("server")
    tuned.save(root / "model")
    running = start(root)
    try:
        running.wait_until_healthy()
        yield running
    finally:
        assert running.stop() == ""


def test_the_same_server_answers_with_the_model_that_it_finds(server: RunningServer, tuned: Transformer) -> None:
    body = b'{"id": {"a": [1e999]}, "text": "la factura"}\n\n{"id": "b"}\nnada\n{"id": 7, "text": "\\ud800 \\u0000"}\n'
    status, answer = server.request("POST", "/invocations", body)
    assert status == 200
    assert answer == b"".join(tuned.answers(body))
    first, second, third, fourth = answer.splitlines()
    assert first.startswith(b'{"id":{"a": [1e999]},"label":"billing","confidence":0.')
    assert json.loads(second) == {"id": "b", "error": "no text"}
    assert json.loads(third) == {"id": None, "error": "not JSON"}
    assert json.loads(fourth)["decision"] == "review"


def test_long_lines_many_lines_and_none_are_answered_line_for_line(server: RunningServer) -> None:
    lines = [b'{"id": %d, "text": "%s"}' % (place, b"mi pedido " * (place % 50)) for place in range(5000)]
    lines.append(b'{"id": 5000, "text": "%s"}' % (b"la factura " * 90_000))
    status, answer = server.request("POST", "/invocations", b"\n".join(lines))
    assert (status, [json.loads(line)["id"] for line in answer.splitlines()]) == (200, list(range(5001)))
    assert server.request("POST", "/invocations", b"") == (200, b"")


def test_it_proposes_to_sagemaker_what_the_classifiers_server_proposes(server: RunningServer) -> None:
    status, answer = server.request("GET", "/execution-parameters")
    assert (status, json.loads(answer)["BatchStrategy"]) == (200, "MULTI_RECORD")


def test_a_damaged_model_does_not_start_and_says_why(tuned: Transformer, tmp_path: Path) -> None:
    tuned.save(tmp_path / "model")
    (tmp_path / "model/model.safetensors").write_bytes(b"half")
    running = start(tmp_path)
    log = running.process.communicate(timeout=60)[1]
    assert running.process.returncode == 1
    assert log.startswith("serve: ")
    assert "model.safetensors is damaged" in log
    assert "Traceback" not in log
