"""Transformer: the classifier's interface over a fine-tuned network."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any, Self

import numpy as np

from pipeline_code.classifier import ArtefactError, Gates, Predictions
from pipeline_code.classifier.gates import choose
from pipeline_code.classifier.typos import with_typos
from pipeline_code.errors import InputError
from pipeline_code.labelled import Labelled, held_out_figures, in_scope, labels_of
from pipeline_code.transformer import artefact
from pipeline_code.transformer.network import Floats, Network
from pipeline_code.transformer.reading import Record, read
from pipeline_code.transformer.recipe import Recipe

TEXTS = 2048
"""Texts judged at a time: enough of them to find some of like length, and few enough to hold their tokens."""

NO_GATES = Gates(0.0, 0.0)


@dataclass(frozen=True)
class Transformer:
    """A network with its labels, its temperature and its gates; `training` is what the trainer wishes to keep, as JSON.

    The in-scope score is the highest raw score. It has no bound as the linear model's has: compare it within one model.
    """

    labels: list[str]
    network: Network
    temperature: float = 1.0
    gates: Gates = NO_GATES
    training: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def fit(cls, train: Labelled, validation: Labelled, *, recipe: Recipe, pretrained: Path, checkpoints: Path) -> Self:
        """Fine-tune the network in `pretrained`; stop early, calibrate and set the gates on `validation`.

        Goes on from the newest whole checkpoint in `checkpoints`. Raises InputError for fewer than two labels, no
        validation example with a trained label, weights that cannot be used, a checkpoint of another run, and a
        training that diverged; Stopped where the job was asked to end.
        """
        from pipeline_code.transformer.training import fine_tune  # here: the server does without the Trainer

        labels = labels_of(train)
        held_out = in_scope(validation, labels)
        if recipe.typo_rate:
            spoilt = with_typos([text for text, _ in train], recipe.typo_rate, recipe.seed)
            train = [*train, *zip(spoilt, (label for _, label in train), strict=True)]
        network = fine_tune(
            train, held_out, labels=labels, recipe=recipe, pretrained=pretrained, checkpoints=checkpoints
        )
        model = cls(labels, network)._calibrated(held_out, recipe)
        predicted = model.predict([text for text, _ in validation])
        return replace(model, training={"validation": held_out_figures(predicted, validation, labels)})

    @property
    def kind(self) -> str:
        return f"fine-tuned transformer of {self.network.encoder.num_parameters():,} parameters"

    def predict(self, texts: Sequence[str]) -> Predictions:
        """Classify any number of texts, none included. A text without a token that means something is for review."""
        parts = [self._judge(texts[start : start + TEXTS]) for start in range(0, max(len(texts), 1), TEXTS)]
        return Predictions(
            [label for part in parts for label in part.labels],
            np.concatenate([part.confidence for part in parts]),
            np.concatenate([part.in_scope_score for part in parts]),
            np.concatenate([part.review for part in parts]),
        )

    def answers(self, body: bytes) -> Iterator[bytes]:
        """The classifier's answers: a line for each line of the body that is not blank, in order."""
        found = read(body)
        while records := list(islice(found, TEXTS)):
            yield b"".join(self._answer(records))

    def save(self, folder: Path) -> None:
        """Write the artefact; the same model gives the same bytes."""
        folder.mkdir(parents=True, exist_ok=True)
        self.network.save(folder)
        description = {
            "labels": self.labels,
            "max_length": self.network.max_length,
            "temperature": self.temperature,
            "gates": asdict(self.gates),
            "training": dict(self.training),
        }
        artefact.seal(folder, description)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote. Raises ArtefactError where the folder holds something else."""
        description = artefact.read(folder)
        try:
            model = cls(
                labels=[str(label) for label in description["labels"]],
                network=Network.load(folder, int(description["max_length"])),
                temperature=float(description["temperature"]),
                gates=Gates(**{name: float(value) for name, value in description["gates"].items()}),
                training=description["training"],
            )
            _check(model)
        except (AttributeError, InputError, KeyError, TypeError, ValueError) as error:
            raise ArtefactError(f"the model in {folder} is incomplete ({error}): train again") from error
        return model

    def _calibrated(self, held_out: Sequence[tuple[str, int]], recipe: Recipe) -> Self:
        """This model with the temperature and the gates that suit messages which it did not learn from."""
        from pipeline_code.classifier.fitting import fit_temperature  # here: the server does without SciPy

        scores = self.network.scores(self.network.tokens([text for text, _ in held_out]))
        if not np.isfinite(scores).all():
            raise InputError(f"training diverged at learning_rate {recipe.learning_rate}: give a lower one")
        truth = np.array([position for _, position in held_out])
        temperature = fit_temperature(scores, truth)
        right = scores.argmax(axis=1) == truth
        gates = choose(_confidence(scores, temperature), scores.max(axis=1), right, recipe.targets)
        return replace(self, temperature=temperature, gates=gates)

    def _judge(self, texts: Sequence[str]) -> Predictions:
        tokens = self.network.tokens(texts)
        scores = self.network.scores(tokens)
        confidence, in_scope_score = _confidence(scores, self.temperature), scores.max(axis=1)
        unknown = np.array([not self.network.is_known(ids) for ids in tokens], np.bool_)
        unsure = (confidence < self.gates.min_confidence) | (in_scope_score < self.gates.min_in_scope_score)
        labels = [self.labels[position] for position in scores.argmax(axis=1).tolist()]
        return Predictions(labels, confidence, in_scope_score, unknown | unsure)

    def _answer(self, records: Sequence[Record]) -> Iterator[bytes]:
        judged = self._judge([record.text for record in records if record.problem is None])
        columns = (judged.labels, judged.confidence.tolist(), judged.in_scope_score.tolist(), judged.review.tolist())
        found = zip(*columns, strict=True)
        for record in records:
            yield b'{"id":' + record.id + (_problem(record.problem) if record.problem else _verdict(*next(found)))


def _problem(reason: str) -> bytes:
    return f',"error":{json.dumps(reason)}}}\n'.encode()


def _verdict(label: str, confidence: float, in_scope_score: float, review: bool) -> bytes:
    decision = "review" if review else "auto"
    return (
        f',"label":{json.dumps(label)},"confidence":{confidence:.6f},"in_scope_score":{in_scope_score:.6f},'
        f'"decision":"{decision}"}}\n'
    ).encode()


def _confidence(scores: Floats, temperature: float) -> Floats:
    """The softmax of the best score over the temperature, for each row."""
    behind = (scores - scores.max(axis=1, keepdims=True)) / np.float32(temperature)
    best: Floats = 1 / np.exp(behind).sum(axis=1)
    return best


def _check(model: Transformer) -> None:
    """Raise ValueError unless the description belongs to the network."""
    heads = model.network.encoder.config.num_labels
    if len(model.labels) != heads or heads < 2:
        raise ValueError(f"{len(model.labels)} labels for {heads} scores")
    if not (np.isfinite(model.temperature) and model.temperature > 0):
        raise ValueError(f"temperature {model.temperature}")
