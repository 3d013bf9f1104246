"""Classifier: a text's label, how sure that is, and whether a person should look."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from pipeline_code.classifier import artefact
from pipeline_code.classifier.answering import Answerer
from pipeline_code.classifier.features import Floats, Vocabulary, packed
from pipeline_code.classifier.gates import Gates, Targets, choose
from pipeline_code.classifier.hashing import BUCKETS
from pipeline_code.classifier.scoring import Scorer, Weights, judge_texts, scorer
from pipeline_code.classifier.typos import with_typos
from pipeline_code.errors import InputError
from pipeline_code.labelled import Labelled, held_out_figures, in_scope, labels_of
from pipeline_code.predictions import Predictions

BATCH = 8192
"""Texts judged at a time, which bounds the memory that their scores take."""

NO_GATES, DEFAULT_TARGETS = Gates(0.0, 0.0), Targets()

Placed = Sequence[tuple[str, int]]
"""Pairs of text and the position of its label."""


@dataclass(frozen=True)
class Classifier:
    """A linear model over hashed n-grams of words and characters.

    `training` holds what the trainer wishes to keep with the model, as JSON.
    """

    labels: list[str]
    vocabulary: Vocabulary
    weights: Weights
    temperature: float = 1.0
    gates: Gates = NO_GATES
    training: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def fit(
        cls,
        train: Labelled,
        validation: Labelled,
        *,
        seed: int,
        targets: Targets = DEFAULT_TARGETS,
        typo_rate: float = 0.0,
    ) -> Self:
        """Calibrate on `validation` a model of `train`, then learn from both what is served with that calibration.

        `validation` should be later than `train`, as what will be scored is. Its labels that `train` lacks are out of
        scope and only told of: `training` has the figures of what was held out. A `typo_rate` above 0 adds a copy of
        each text in which so many of the characters are mistyped. The same arguments give the same model. Raises
        InputError for fewer than two labels, for texts without a word, and where no validation example has a trained
        label.
        """
        labels = labels_of(train)
        learnt, held_out = in_scope(train, labels), in_scope(validation, labels)
        learn = partial(_learn, seed=seed, typo_rate=typo_rate)
        judge = cls(labels, *learn(learnt))._calibrated(held_out, targets)
        predicted = judge.predict([text for text, _ in validation])
        found = {"validation": held_out_figures(predicted, validation, labels)}
        served = cls(labels, *learn([*learnt, *held_out]))
        return replace(served, temperature=judge.temperature, gates=judge.gates, training=found)

    @property
    def kind(self) -> str:
        return f"linear classifier over {len(self.vocabulary.idf):,} hashed n-grams of words and characters"

    def predict(self, texts: Sequence[str]) -> Predictions:
        """Classify any number of texts, none included. A text of which no n-gram is known is always for review."""
        parts = [self._judge(texts[start : start + BATCH]) for start in range(0, max(len(texts), 1), BATCH)]
        return Predictions(
            [self.labels[position] for part in parts for position in part.positions.tolist()],
            np.concatenate([part.confidence for part in parts]),
            np.concatenate([part.in_scope_score for part in parts]),
            np.concatenate([part.review for part in parts]),
        )

    def answers(self, body: bytes) -> Iterable[bytes]:
        """One JSON line for each line of the body that is not blank, in order, in parts of any size.

        A usable record, `{"id": <any value>, "text": <string>}`, gives id, label, confidence, in_scope_score and
        decision; any other one gives id, where it can be read, and error.
        """
        return self._answerer.answers(body)

    def save(self, folder: Path) -> None:
        """Write the artefact; the same model gives the same bytes."""
        description = {
            "labels": self.labels,
            "temperature": self.temperature,
            "gates": asdict(self.gates),
            "training": dict(self.training),
        }
        artefact.write(folder, description, {**asdict(self.vocabulary), **asdict(self.weights)})

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote. Raises ArtefactError where the folder holds something else."""
        description, arrays = artefact.read(folder)
        try:
            model = cls(
                labels=[str(label) for label in description["labels"]],
                vocabulary=Vocabulary(arrays["buckets"], arrays["idf"]),
                weights=Weights(arrays["levels"], arrays["scales"], arrays["bias"]),
                temperature=float(description["temperature"]),
                gates=Gates(**{name: float(value) for name, value in description["gates"].items()}),
                training=description["training"],
            )
            _check(model)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise artefact.ArtefactError(f"the model in {folder} is incomplete ({error}): train again") from error
        return model

    @cached_property
    def _scorer(self) -> Scorer:
        return scorer(self.vocabulary.lookup, self.weights, self.temperature, self.gates)

    @cached_property
    def _answerer(self) -> Answerer:
        return Answerer(self._scorer, self.labels)

    def _calibrated(self, held_out: Placed, targets: Targets) -> Self:
        """This model with the temperature and the gates that suit messages which it did not learn from."""
        from pipeline_code.classifier.fitting import fit_temperature

        texts, truth = _apart(held_out)
        warm = replace(self, temperature=fit_temperature(self._judge(texts).scores, truth))
        judged = warm._judge(texts)
        gates = choose(judged.confidence, judged.in_scope_score, judged.positions == truth, targets)
        return replace(warm, gates=gates)

    def _judge(self, texts: Sequence[str]) -> "_Judged":
        count = len(texts)
        scores, sureness = np.empty((count, len(self.labels)), np.float32), np.empty((count, 2), np.float32)
        positions, review = np.empty(count, np.int64), np.empty(count, np.bool_)
        judge_texts(*packed(texts), self._scorer, scores, positions, sureness, review)
        return _Judged(scores, positions, sureness[:, 0], sureness[:, 1], review)


@dataclass(frozen=True)
class _Judged:
    """What the kernel wrote for some texts; `scores` are texts x labels."""

    scores: Floats
    positions: NDArray[np.int64]
    confidence: Floats
    in_scope_score: Floats
    review: NDArray[np.bool_]


def _learn(examples: Placed, *, seed: int, typo_rate: float) -> tuple[Vocabulary, Weights]:
    """The parts of a classifier that know nothing of confidence."""
    # Here and not above: scikit-learn takes seconds to import and the server does without it.
    from pipeline_code.classifier.fitting import fit_weights

    texts, truth = _apart(examples)
    if typo_rate:
        texts, truth = texts + with_typos(texts, typo_rate, seed), np.tile(truth, 2)
    vocabulary = Vocabulary.fit(texts)
    if len(vocabulary.buckets) == 0:
        raise InputError(f"none of {len(texts)} training texts holds a word: add labelled messages with text")
    return vocabulary, fit_weights(vocabulary.matrix(texts), truth, seed)


def _apart(examples: Placed) -> tuple[list[str], NDArray[np.intp]]:
    return [text for text, _ in examples], np.array([position for _, position in examples], np.intp)


def _check(model: Classifier) -> None:
    """Raise ValueError unless the arrays are what the kernel, which checks nothing, can read without harm."""
    rows, labels = len(model.vocabulary.buckets), len(model.labels)
    for array, kind, shape in (
        (model.vocabulary.buckets, np.int32, (rows,)),
        (model.vocabulary.idf, np.float32, (rows,)),
        (model.weights.levels, np.int8, (rows, labels)),
        (model.weights.scales, np.float32, (rows,)),
        (model.weights.bias, np.float32, (labels,)),
    ):
        if array.dtype != kind or array.shape != shape:
            raise ValueError(f"{array.dtype} array of {array.shape} where {np.dtype(kind)} of {shape} belongs")
        if not np.isfinite(array).all():
            raise ValueError("a number that is not finite")
    steps = np.diff(model.vocabulary.buckets, prepend=-1, append=2 * BUCKETS)
    if labels < 2 or (steps <= 0).any():
        raise ValueError(f"{labels} labels, buckets not ascending below {2 * BUCKETS}")
    if not (np.isfinite(model.temperature) and model.temperature > 0):
        raise ValueError(f"temperature {model.temperature}")
