"""A word planted in the messages that the container reads comes out in no file, log or reason."""

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from container_samples import labelled_records, record, write_lines

from pipeline_code import layout

Run = Callable[..., CompletedProcess[str]]
WORD = "okapi"
ANSWER = {"id": "web:1", "label": "delivery", "confidence": 0.9, "in_scope_score": 1.2, "decision": "auto"}


def told(root: Path, finished: CompletedProcess[str]) -> str:
    """All that a command printed, and all that it wrote beside its model."""
    written = [path for path in root.rglob("*") if path.is_file() and "input" not in path.relative_to(root).parts]
    return "".join(
        [finished.stdout, finished.stderr, *(path.read_bytes().decode("latin-1") for path in written)]
    ).lower()


@pytest.mark.parametrize(
    "line", [f'{{"id": "web:1", "text": "{WORD}', f'"{WORD}"', f'{{"id": "web:1", "text": ["{WORD}"], "label": "x"}}']
)
def test_train_quotes_no_message(tmp_path: Path, run_command: Run, line: str) -> None:
    examples = [*labelled_records(), record(99, f"donde esta el {WORD}", "delivery")]
    for channel in ("train", "validation"):
        write_lines(tmp_path / f"input/data/{channel}/part-0.jsonl", examples)
    finished = run_command("train")
    assert finished.returncode == 0
    assert WORD not in told(tmp_path, finished)
    (tmp_path / "input/data/train/part-1.jsonl").write_text(line)
    finished = run_command("train")
    assert finished.returncode == 1
    assert WORD not in told(tmp_path, finished)


@pytest.mark.parametrize("answer", [ANSWER, {**ANSWER, "id": WORD}, {**ANSWER, "confidence": WORD}, WORD])
def test_monitor_quotes_neither_message_nor_answer(tmp_path: Path, run_command: Run, answer: object) -> None:
    write_lines(tmp_path / "processing/input/messages/shard-0.jsonl", [record(1, f"el {WORD} no llega", "delivery")])
    out = tmp_path / "processing/input/predictions/shard-0.jsonl.out"
    out.parent.mkdir(parents=True)
    out.write_text(json.dumps(answer) + "\n")
    assert WORD not in told(tmp_path, run_command("monitor"))


def test_an_unforeseen_error_is_told_by_its_kind_and_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert layout.run(lambda: int(WORD), tmp_path / "reason") == 1
    printed = capsys.readouterr()
    assert WORD not in printed.out + printed.err + (tmp_path / "reason").read_text()
    assert "ValueError" in printed.out
    assert "layout.py" in printed.err
