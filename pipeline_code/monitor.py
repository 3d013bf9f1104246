"""monitor: statistics of a scored batch, from its messages and the answers that Batch Transform wrote for them."""

import sys
from pathlib import Path
from typing import Any

from pipeline_code.batch_statistics import Observation, Statistics
from pipeline_code.errors import InputError
from pipeline_code.layout import Layout, run, write_json, write_text
from pipeline_code.records import RecordError, lines, parse, records

SCORED = frozenset({"label", "confidence", "in_scope_score", "decision"})
ANSWERED = ".out"
"""What Batch Transform adds to the name of each file that it has scored."""


def observe(messages: Path, predictions: Path) -> Statistics:
    """Read each shard of `messages` beside its answers in `predictions`, holding one line of each at a time.

    Raises InputError where a shard has no answers, answers have no shard, or the two do not go together.
    """
    shards = {str(path.relative_to(messages)) for path in messages.rglob("*.jsonl")}
    answered = {str(path.relative_to(predictions)) for path in predictions.rglob(f"*{ANSWERED}")}
    expected = {f"{shard}{ANSWERED}" for shard in shards}
    if not shards:
        raise InputError("no messages to observe: give a folder of *.jsonl")
    if expected != answered:
        raise InputError(_unpaired(sorted(expected - answered), sorted(answered - expected)))
    statistics = Statistics()
    for shard in sorted(shards):
        _observe_shard(messages / shard, predictions / f"{shard}{ANSWERED}", statistics)
    return statistics


def main() -> int:
    layout = Layout.from_environment()

    def job() -> None:
        statistics = observe(layout.processing_input("messages"), layout.processing_input("predictions"))
        summary = statistics.summary()
        write_json(layout.processing_output("statistics.json"), statistics.report())
        write_json(layout.processing_output("summary.json"), summary)
        write_text(layout.message, f"Completed: {_in_words(summary)}")

    return run(job, layout.message)


def _observe_shard(shard: Path, answers: Path, statistics: Statistics) -> None:
    answered = records(answers)
    for position, line in enumerate(lines(shard), start=1):
        answer = next(answered, None)
        if answer is None:
            raise InputError(f"{answers.name} ends after {position - 1} answers, {shard.name} goes on: score it again")
        try:
            statistics.add(_observation(_message(line), answer))
        except RecordError as error:
            raise InputError(f"{answers.name}, record {position}: {error}: score it again") from error
    if next(answered, None) is not None:
        raise InputError(f"{answers.name} goes on after the last message of {shard.name}: score it again")


def _message(line: bytes) -> dict[str, Any]:
    try:
        return parse(line)
    except RecordError:  # the server has answered it with an error, which counts as unscorable
        return {}


def _observation(message: dict[str, Any], answer: dict[str, Any]) -> Observation:
    text, language = message.get("text"), message.get("language")
    length = len(text) if isinstance(text, str) else None
    if "error" in answer:
        return Observation(length, language)
    if answer.get("id") != message.get("id"):
        raise RecordError("answers another id than its message has")
    missing = SCORED - answer.keys()
    if missing:
        raise RecordError(f"no {min(missing)}")
    return Observation(length, language, **{name: answer[name] for name in SCORED})


def _unpaired(unanswered: list[str], unasked: list[str]) -> str:
    if unanswered:
        return f"{unanswered[0]} is missing: {len(unanswered)} of the shards were not scored; score them first"
    return f"{unasked[0]} has no shard: {len(unasked)} files of answers belong to other messages"


def _in_words(summary: dict[str, Any]) -> str:
    rate = summary["review_rate"]
    review = "none could be scored" if rate is None else f"{rate:.1%} of the scored for review"
    return f"{summary['records']} messages, {summary['unscorable']} unscorable, {review}"


if __name__ == "__main__":
    sys.exit(main())
