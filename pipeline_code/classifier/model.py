"""Classifier: a text's label, how sure that is, and whether a person should look."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from pipeline_code.classifier import artefact
from pipeline_code.classifier.features import NgramFeatures
from pipeline_code.errors import InputError

BATCH = 2048
"""Texts scored at a time, which bounds the memory that a request takes."""

Floats = NDArray[np.float32]
Labelled = Sequence[tuple[str, str]]
"""Pairs of text and label."""


@dataclass(frozen=True)
class Gates:
    """Below either of the two a prediction is for review: unsure between labels, or unlike what was validated."""

    min_confidence: float
    min_in_scope_score: float


@dataclass(frozen=True)
class Predictions:
    """One entry a text, in order. `confidence` is in 0..1.

    `in_scope_score` (about 0..4) is what the text alone gives its label: the raw score without the label's bias. With
    it, a text like nothing in training would pass for the commonest label.
    """

    labels: list[str]
    confidence: Floats
    in_scope_score: Floats
    review: NDArray[np.bool_]


@dataclass(frozen=True)
class Classifier:
    """A linear model over word and character n-grams. `weights` is columns x labels, `bias` has one entry a label.

    `training` holds what the trainer wishes to keep with the model, as JSON.
    """

    labels: list[str]
    features: NgramFeatures
    weights: Floats
    bias: Floats
    temperature: float = 1.0
    gates: Gates = Gates(0.0, 0.0)
    training: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def fit(
        cls, train: Labelled, validation: Labelled, *, seed: int, min_confidence: float, review_quantile: float
    ) -> Self:
        """Fit on `train`; calibrate, and set the gate of the `review_quantile` lowest scores, on `validation`.

        The same arguments give the same model. Raises InputError for fewer than two labels, and where no validation
        example has a trained label.
        """
        labels = _labels(train)
        column = {label: position for position, label in enumerate(labels)}
        in_scope = [(text, column[label]) for text, label in validation if label in column]
        if not in_scope:
            raise InputError(
                f"none of {len(validation)} validation examples has a trained label, so that confidence cannot be "
                "calibrated: add labelled messages"
            )
        # Here and not above: scikit-learn takes seconds to import and the server does without it.
        from pipeline_code.classifier.fitting import fit_temperature, fit_weights

        features = NgramFeatures.fit([text for text, _ in train])
        truth = np.array([column[label] for _, label in train])
        weights, bias = fit_weights(features.matrix([text for text, _ in train]), truth, seed)
        model = cls(labels, features, weights, bias)
        scores, _ = model._scores([text for text, _ in in_scope])
        lowest = float(np.quantile(model._in_scope_scores(scores), review_quantile))
        temperature = fit_temperature(scores, np.array([position for _, position in in_scope]))
        return replace(model, temperature=temperature, gates=Gates(min_confidence, lowest))

    def predict(self, texts: Sequence[str]) -> Predictions:
        """Classify any number of texts, none included. A text of which no n-gram is known is always for review."""
        parts = [self._scores(texts[start : start + BATCH]) for start in range(0, max(len(texts), 1), BATCH)]
        scores = np.concatenate([scores for scores, _ in parts])
        known = np.concatenate([known for _, known in parts])
        confidence, in_scope_score = softmax(scores, self.temperature).max(axis=1), self._in_scope_scores(scores)
        unsure, out_of_scope = confidence < self.gates.min_confidence, in_scope_score < self.gates.min_in_scope_score
        labels = [self.labels[position] for position in scores.argmax(axis=1)]
        return Predictions(labels, confidence, in_scope_score, unsure | out_of_scope | ~known)

    def save(self, folder: Path) -> None:
        """Write the artefact; the same model gives the same bytes."""
        description = {
            "labels": self.labels,
            "temperature": self.temperature,
            "gates": asdict(self.gates),
            "training": dict(self.training),
        }
        arrays: dict[str, artefact.Array] = {
            "word_ngrams": _packed(self.features.words),
            "character_ngrams": _packed(self.features.characters),
            "idf": self.features.idf,
            "weights": self.weights,
            "bias": self.bias,
        }
        artefact.write(folder, description, arrays)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote. Raises ArtefactError where the folder holds something else."""
        description, arrays = artefact.read(folder)
        try:
            words, characters = _unpacked(arrays["word_ngrams"]), _unpacked(arrays["character_ngrams"])
            labels, weights, idf = list(description["labels"]), arrays["weights"], arrays["idf"]
            if weights.shape != (len(words) + len(characters), len(labels)) or len(idf) != len(weights):
                raise ValueError(f"{weights.shape} weights for {len(labels)} labels")
            return cls(
                labels=labels,
                features=NgramFeatures(words, characters, idf),
                weights=weights,
                bias=arrays["bias"],
                temperature=float(description["temperature"]),
                gates=Gates(**description["gates"]),
                training=description["training"],
            )
        except (KeyError, TypeError, ValueError) as error:
            raise artefact.ArtefactError(f"the model in {folder} is incomplete ({error}): train again") from error

    def _scores(self, texts: Sequence[str]) -> tuple[Floats, NDArray[np.bool_]]:
        """Raw scores (texts x labels), and whether any n-gram of each text is known."""
        matrix = self.features.matrix(texts)
        return np.asarray(matrix @ self.weights + self.bias, dtype=np.float32), np.diff(matrix.indptr) > 0

    def _in_scope_scores(self, scores: Floats) -> Floats:
        best = scores.argmax(axis=1)
        return np.asarray(scores[np.arange(len(scores)), best] - self.bias[best], dtype=np.float32)


def softmax(scores: Floats, temperature: float) -> Floats:
    """Probabilities (rows x labels, each row summing to 1) of raw scores divided by the temperature."""
    scaled = scores / np.float32(temperature)
    powers = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), dtype=np.float32)


def _labels(train: Labelled) -> list[str]:
    labels = sorted({label for _, label in train})
    if not labels:
        raise InputError("the training set is empty: at least two labels with examples are needed")
    if len(labels) == 1:
        raise InputError(f"training set has one label only ({labels[0]}): at least two are needed")
    return labels


def _packed(ngrams: Sequence[str]) -> NDArray[np.uint8]:
    return np.frombuffer("\n".join(ngrams).encode(), dtype=np.uint8)


def _unpacked(ngrams: NDArray[np.uint8]) -> list[str]:
    return ngrams.tobytes().decode().split("\n") if len(ngrams) else []
