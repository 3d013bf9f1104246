"""monitor, given answers that do not go with their messages: refused in one sentence, and nothing is written."""

from pathlib import Path
from typing import Any

import pytest
from container_samples import write_lines
from watched import ANSWERS, MESSAGES, exit_message, lay_out

from pipeline_code import monitor


def test_a_line_that_was_no_json_is_unscorable_like_the_server_said(opt_ml: Path) -> None:
    lay_out(opt_ml, MESSAGES[:1], [{"id": None, "error": "not JSON"}])
    (opt_ml / "processing/input/messages/shard-0.jsonl").write_bytes(b'{"id": \xff\n')
    assert monitor.main() == 0
    assert exit_message(opt_ml).startswith("Completed: 1 messages, 1 unscorable; not judged")


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        (ANSWERS[:2], "shard-0.jsonl.out ends after 2 answers, shard-0.jsonl goes on: score it again"),
        ([*ANSWERS, ANSWERS[0]], "shard-0.jsonl.out goes on after the last message of shard-0.jsonl: score it again"),
        ([ANSWERS[1], ANSWERS[0], ANSWERS[2]], "record 1: answers another id than its message has: score it again"),
        ([{"id": "web:1", "label": "a"}, *ANSWERS[1:]], "record 1: no confidence: score it again"),
        *(
            (
                [{**ANSWERS[0], **wrong}, *ANSWERS[1:]],
                f"record 1: {next(iter(wrong))} is not what a model answers: score it again",
            )
            for wrong in ({"confidence": "high"}, {"confidence": True}, {"label": 7}, {"decision": "maybe"})
        ),
    ],
)
def test_answers_that_do_not_go_with_their_messages_are_a_failure(
    opt_ml: Path, answers: list[dict[str, Any]], reason: str
) -> None:
    lay_out(opt_ml, MESSAGES, answers)
    assert monitor.main() == 1
    assert exit_message(opt_ml).endswith(reason)


def test_a_shard_without_answers_is_a_failure(opt_ml: Path) -> None:
    lay_out(opt_ml, MESSAGES, ANSWERS)
    write_lines(opt_ml / "processing/input/messages/shard-1.jsonl", MESSAGES)
    assert monitor.main() == 1
    assert exit_message(opt_ml) == "shard-1.jsonl.out is missing: 1 of the shards were not scored; score them first"


def test_answers_without_a_shard_are_a_failure(opt_ml: Path) -> None:
    lay_out(opt_ml, MESSAGES, ANSWERS)
    write_lines(opt_ml / "processing/input/predictions/shard-9.jsonl.out", ANSWERS)
    assert monitor.main() == 1
    assert exit_message(opt_ml) == "shard-9.jsonl.out has no shard: 1 files of answers belong to other messages"


def test_a_number_beyond_all_numbers_is_a_failure(opt_ml: Path) -> None:
    lay_out(opt_ml, MESSAGES[:1], ANSWERS[:1])
    answers = opt_ml / "processing/input/predictions/shard-0.jsonl.out"
    answers.write_text(answers.read_text().replace("1.2", "1e999"))
    assert monitor.main() == 1
    assert exit_message(opt_ml).endswith("record 1: in_scope_score is not what a model answers: score it again")
