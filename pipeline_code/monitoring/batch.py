"""Batch: the messages of a run beside what the model answered, as Batch Transform left them.

All lines are counted. Of a large batch every so-manieth message is judged: beyond some tens of thousands the baseline's
own size is what limits how little can be told from chance, so more messages would cost time and tell nothing.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from math import isfinite
from pathlib import Path
from typing import Any

from pipeline_code.errors import InputError
from pipeline_code.monitoring.statistics import AUTO, REVIEW, Observation
from pipeline_code.records import RecordError, parse

MOST_JUDGED = 20_000
MESSAGES, ANSWERS = ("messages", "input"), ("predictions", "output")
"""Folders of the two: score's own names, then those of what a transform job captures."""

ANSWERED = ".out"
"""What Batch Transform adds to the name of each file that it has scored."""

ERROR = b'"error":'
"""In no answer but one that has it as a key: within a string its quotes are escaped."""

BLOCK = 1 << 18


@dataclass(frozen=True)
class Batch:
    """Counts of all messages, and those that are judged: every `every`-th, from the first on.

    `texts` and `ids` are of the messages that have a text, and so are the first of `seen`; of the others nothing can
    be measured.
    """

    records: int
    unscorable: int
    every: int
    ids: list[str]
    texts: list[str]
    seen: list[Observation]


@dataclass(frozen=True)
class Shard:
    """One file of messages, its answers (None where there are none at all), and how many lines it has."""

    messages: Path
    answers: Path | None
    lines: int
    errors: int


def read(source: Path, *, answers_needed: bool, most: int = MOST_JUDGED) -> Batch:
    """Read the shards below `source`; the same files always give the same batch.

    Raises InputError where a shard has no answers, answers have no shard, or the two do not go together.
    """
    shards = [_counted(*pair) for pair in _pairs(source, answers_needed)]
    records, every = sum(shard.lines for shard in shards), 1
    if records > most:
        every = -(-records // most)
    ids, texts, seen, without_text, before = [], [], [], [], 0
    for shard in shards:
        for message, observation in _judged(shard, -before % every, every):
            if observation.length is None:
                without_text.append(observation)
                continue
            ids.append(str(message.get("id", "")))
            texts.append(message["text"])
            seen.append(observation)
        before += shard.lines
    return Batch(records, sum(shard.errors for shard in shards), every, ids, texts, [*seen, *without_text])


def _pairs(source: Path, answers_needed: bool) -> list[tuple[Path, Path | None]]:
    messages, answers = _root(source, MESSAGES), _root(source, ANSWERS)
    shards = {str(path.relative_to(messages)) for path in messages.rglob("*.jsonl")}
    answered = {str(path.relative_to(answers)) for path in answers.rglob(f"*.jsonl{ANSWERED}")}
    expected = {f"{shard}{ANSWERED}" for shard in shards}
    if expected != answered and (answered or (answers_needed and expected)):
        raise InputError(_unpaired(sorted(expected - answered), sorted(answered - expected)))
    return [(messages / one, answers / f"{one}{ANSWERED}" if answered else None) for one in sorted(shards)]


def _root(source: Path, names: tuple[str, ...]) -> Path:
    return next((source / name for name in names if (source / name).is_dir()), source)


def _counted(messages: Path, answers: Path | None) -> Shard:
    lines = _count(messages, b"\n")
    if answers is None:
        return Shard(messages, answers, lines, 0)
    answer_lines = _count(answers, b"\n")
    if answer_lines < lines:
        raise InputError(f"{answers.name} ends after {answer_lines} answers, {messages.name} goes on: score it again")
    if answer_lines > lines:
        raise InputError(f"{answers.name} goes on after the last message of {messages.name}: score it again")
    return Shard(messages, answers, lines, _count(answers, ERROR))


def _count(path: Path, wanted: bytes) -> int:
    """How often some bytes stand in a file; a last line without an end counts, too."""
    found, tail, edge = 0, wanted, len(wanted) - 1
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            found += block.count(wanted) + (tail[len(tail) - edge :] + block[:edge]).count(wanted)
            tail = block
    return found + (wanted == b"\n" and not tail.endswith(wanted))


def _judged(shard: Shard, first: int, every: int) -> Iterator[tuple[dict[str, Any], Observation]]:
    answers = _sample(shard.answers, first, every) if shard.answers else iter(())
    for position, line in enumerate(_sample(shard.messages, first, every)):
        message = _message(line)
        try:
            yield message, _observation(message, parse(next(answers)) if shard.answers else {"error": "not asked"})
        except RecordError as error:
            place, name = first + position * every + 1, f"{shard.messages.name}{ANSWERED}"
            raise InputError(f"{name}, record {place}: {error}: score it again") from error


def _sample(path: Path, first: int, every: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield from islice(file, first, None, every)


def _message(line: bytes) -> dict[str, Any]:
    try:
        return parse(line)
    except RecordError:  # the server has answered it with an error, which counts as unscorable
        return {}


def _observation(message: dict[str, Any], answer: dict[str, Any]) -> Observation:
    text, language = message.get("text"), message.get("language")
    length = len(text) if isinstance(text, str) else None
    language = language if isinstance(language, str) else None
    if "error" in answer:
        return Observation(length, language)
    if answer.get("id") != message.get("id"):
        raise RecordError("answers another id than its message has")
    for name, right in SCORED.items():
        if name not in answer:
            raise RecordError(f"no {name}")
        if not right(answer[name]):
            raise RecordError(f"{name} is not what a model answers")
    return Observation(length, language, **{name: answer[name] for name in SCORED})


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


SCORED: Mapping[str, Callable[[object], bool]] = {
    "confidence": _is_number,
    "decision": lambda value: value in (AUTO, REVIEW),
    "in_scope_score": _is_number,
    "label": lambda value: isinstance(value, str),
}


def _unpaired(unanswered: list[str], unasked: list[str]) -> str:
    if unanswered:
        return f"{unanswered[0]} is missing: {len(unanswered)} of the shards were not scored; score them first"
    return f"{unasked[0]} has no shard: {len(unasked)} files of answers belong to other messages"
