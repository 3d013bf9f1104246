"""Streams: a trained model, messages that it has not seen, and strangers that may be mixed among them."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from benchmarks.drift.shifts import label_prior, typos
from pipeline_code.classifier import Classifier, Predictions
from pipeline_code.evaluate import observed
from pipeline_code.monitoring.statistics import Observation
from pipeline_code.records import Example

SEED = 7
OUT_OF_SCOPE = "oos"


@dataclass(frozen=True)
class Watched:
    """Messages and what the monitor sees of each."""

    texts: list[str]
    seen: list[Observation]

    def part(self, places: Iterable[int]) -> "Watched":
        chosen = list(places)
        return Watched([self.texts[place] for place in chosen], [self.seen[place] for place in chosen])


@dataclass(frozen=True)
class Stream:
    """Held-out messages in an order of their own, the texts that were learnt from, and strangers by kind of shift."""

    name: str
    held_out: Watched
    learnt: list[str]
    strangers: dict[str, Watched]
    accuracy: float
    model: Classifier


def streams(folder: Path) -> list[Stream]:
    """Two streams: alarms and reminders in Spanish, an assistant's 150 intents in English.

    New topics are the weather in Spanish and a bank's customers in English; what the English assistant cannot do is the
    nearest that a topic can be.
    """
    spanish, english = _read(folder, "multinlu_es_en", "es"), _read(folder, "multinlu_es_en", "en")
    weather = [one for one in spanish if one.label.startswith("weather/")]
    assistant = [one for one in _read(folder, "clinc150") if one.label != OUT_OF_SCOPE]
    near = [one for one in _read(folder, "clinc150") if one.label == OUT_OF_SCOPE]
    return [
        _stream(
            "es",
            [one for one in spanish if one not in set(weather)],
            2_000,
            {"new topic": weather, "language": english},
        ),
        _stream(
            "en",
            assistant,
            4_500,
            {"new topic": _read(folder, "banking77"), "near topic": near, "language": spanish},
        ),
    ]


def _stream(name: str, examples: Sequence[Example], train: int, strangers: dict[str, list[Example]]) -> Stream:
    order = list(examples)
    Random(SEED).shuffle(order)  # noqa: S311 - reproducible on purpose
    learnt, rest = order[:train], order[train:]
    pairs = [(one.text, one.label) for one in learnt]
    model = Classifier.fit(pairs[train // 10 :], pairs[: train // 10], seed=SEED)
    predicted = model.predict([one.text for one in rest])
    spoilt = [Example(text, one.label, one.language, one.source) for text, one in zip(typos(rest), rest, strict=True)]
    shifted = {**strangers, "typos": spoilt, "label prior": label_prior(rest)}
    right = sum(guess == one.label for guess, one in zip(predicted.labels, rest, strict=True))
    return Stream(
        name,
        _watched(rest, predicted),
        [text for text, _ in pairs],
        {kind: _watched(of, model.predict([one.text for one in of])) for kind, of in shifted.items()},
        right / len(rest),
        model,
    )


def _watched(examples: Sequence[Example], predicted: Predictions) -> Watched:
    return Watched(*observed(examples, predicted))


def _read(folder: Path, name: str, language: str | None = None) -> list[Example]:
    """The messages of a set, each text once: equal ones in both halves would make a baseline look better than it is."""
    path = folder / name / "data.jsonl"
    return list({one.text.lower(): one for one in _examples(path) if language in (None, one.language)}.values())


def _examples(path: Path) -> Iterator[Example]:
    with path.open(encoding="utf-8") as lines:
        for record in map(json.loads, lines):
            yield Example(record["text"], record["label"], record["lang"], "bench")
