"""monitor: messages beside their answers in, statistics without any text out."""

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
from container_samples import write_lines

from pipeline_code import monitor

MESSAGES: list[dict[str, Any]] = [
    {"id": "web:1", "text": "xyzzy no llega", "language": "es"},
    {"id": "web:2", "text": "xyzzy", "language": "en"},
    {"id": "web:3", "text": 7, "language": "es"},
]
ANSWERS: list[dict[str, Any]] = [
    {"id": "web:1", "label": "delivery", "confidence": 0.9, "in_scope_score": 1.2, "decision": "auto"},
    {"id": "web:2", "label": "billing", "confidence": 0.4, "in_scope_score": 0.2, "decision": "review"},
    {"id": "web:3", "error": "text is not a string"},
]


def lay_out(root: Path, messages: list[dict[str, Any]], answers: list[dict[str, Any]], shard: str = "0") -> None:
    write_lines(root / f"processing/input/messages/shard-{shard}.jsonl", messages)
    write_lines(root / f"processing/input/predictions/shard-{shard}.jsonl.out", answers)


def message(root: Path) -> str:
    return (root / "output/message").read_text()


def test_monitor_sums_up_all_shards(tmp_path: Path, run_command: Callable[..., CompletedProcess[str]]) -> None:
    lay_out(tmp_path, MESSAGES, ANSWERS)
    lay_out(tmp_path, MESSAGES[:1], ANSWERS[:1], shard="1")
    finished = run_command("monitor")
    assert (finished.returncode, finished.stdout, finished.stderr) == (0, "", "")
    assert json.loads((tmp_path / "processing/output/summary.json").read_text()) == {
        "records": 4,
        "unscorable": 1,
        "review_rate": pytest.approx(1 / 3),
        "mean_confidence": pytest.approx(2.2 / 3),
        "mean_in_scope_score": pytest.approx(2.6 / 3),
        "mean_length": 11.0,  # 14, 5 and 14 characters; the third message has no text
        "languages": {"es": 3, "en": 1},
        "labels": {"delivery": 2, "billing": 1},
    }
    statistics = json.loads((tmp_path / "processing/output/statistics.json").read_text())
    assert statistics["dataset"] == {"item_count": 4}
    assert message(tmp_path) == "Completed: 4 messages, 1 unscorable, 33.3% of the scored for review"


def test_no_output_holds_the_text_of_a_message(opt_ml: Path) -> None:
    lay_out(opt_ml, MESSAGES, ANSWERS)
    assert monitor.main() == 0
    for path in (*(opt_ml / "processing/output").iterdir(), opt_ml / "output/message"):
        assert "xyzzy" not in path.read_text()


def test_a_line_that_was_no_json_is_unscorable_like_the_server_said(opt_ml: Path) -> None:
    lay_out(opt_ml, MESSAGES[:1], [{"id": None, "error": "not JSON"}])
    (opt_ml / "processing/input/messages/shard-0.jsonl").write_bytes(b'{"id": \xff\n')
    assert monitor.main() == 0
    assert message(opt_ml) == "Completed: 1 messages, 1 unscorable, none could be scored"


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        (ANSWERS[:2], "shard-0.jsonl.out ends after 2 answers, shard-0.jsonl goes on: score it again"),
        ([*ANSWERS, ANSWERS[0]], "shard-0.jsonl.out goes on after the last message of shard-0.jsonl: score it again"),
        ([ANSWERS[1], ANSWERS[0], ANSWERS[2]], "record 1: answers another id than its message has: score it again"),
        ([{"id": "web:1", "label": "a"}, *ANSWERS[1:]], "record 1: no confidence: score it again"),
    ],
)
def test_answers_that_do_not_go_with_their_messages_are_a_failure(
    opt_ml: Path, answers: list[dict[str, Any]], reason: str
) -> None:
    lay_out(opt_ml, MESSAGES, answers)
    assert monitor.main() == 1
    assert message(opt_ml).endswith(reason)


def test_a_shard_without_answers_is_a_failure(opt_ml: Path) -> None:
    lay_out(opt_ml, MESSAGES, ANSWERS)
    write_lines(opt_ml / "processing/input/messages/shard-1.jsonl", MESSAGES)
    assert monitor.main() == 1
    assert message(opt_ml) == "shard-1.jsonl.out is missing: 1 of the shards were not scored; score them first"


def test_answers_without_a_shard_are_a_failure(opt_ml: Path) -> None:
    lay_out(opt_ml, MESSAGES, ANSWERS)
    write_lines(opt_ml / "processing/input/predictions/shard-9.jsonl.out", ANSWERS)
    assert monitor.main() == 1
    assert message(opt_ml) == "shard-9.jsonl.out has no shard: 1 files of answers belong to other messages"


def test_no_shards_at_all_are_a_failure(opt_ml: Path) -> None:
    assert monitor.main() == 1
    assert message(opt_ml) == "no messages to observe: give a folder of *.jsonl"
