"""train: fit the classifier on SageMaker's train channel, calibrate it on the validation channel."""

import hashlib
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from pipeline_code.classifier import Classifier, Targets
from pipeline_code.hyperparameters import Limits, read, within
from pipeline_code.layout import Layout, run
from pipeline_code.model import Model
from pipeline_code.records import Example, examples


@dataclass(frozen=True)
class Hyperparameters:
    """What may be given; the rest has these defaults."""

    seed: int = 0
    min_confidence: float = Targets.min_confidence
    auto_accuracy: float = Targets.auto_accuracy
    review_quantile: float = Targets.review_quantile
    typo_rate: float = 0.0

    @property
    def targets(self) -> Targets:
        return Targets(**{field.name: getattr(self, field.name) for field in fields(Targets)})


LIMITS: Limits = {
    "seed": within(int, "whole number", 0, 2**31 - 1),
    "min_confidence": within(float, "number", 0, 1),
    "auto_accuracy": within(float, "number", 0, 1),
    "review_quantile": within(float, "number", 0, 1),
    "typo_rate": within(float, "number", 0, 1),
}


def fit(train: Sequence[Example], validation: Sequence[Example], hyperparameters: Hyperparameters) -> Classifier:
    """The fitted classifier, with what it was made of in `training`."""
    classifier = Classifier.fit(
        pairs(train),
        pairs(validation),
        seed=hyperparameters.seed,
        targets=hyperparameters.targets,
        typo_rate=hyperparameters.typo_rate,
    )
    return replace(classifier, training={**classifier.training, **account(train, validation, hyperparameters)})


def account(
    train: Sequence[Example], validation: Sequence[Example], hyperparameters: Hyperparameters
) -> dict[str, Any]:
    """What a model of either tier was made of."""
    return {
        "hyperparameters": asdict(hyperparameters),
        "examples": len(train),
        "data_sha256": {"train": data_hash(train), "validation": data_hash(validation)},
    }


def pairs(found: Sequence[Example]) -> list[tuple[str, str]]:
    """Text and label of each."""
    return [(example.text, example.label) for example in found]


def data_hash(found: Sequence[Example]) -> str:
    """SHA-256 of the examples, whatever their order."""
    digest = hashlib.sha256()
    for example in sorted(found):
        digest.update(json.dumps(asdict(example), sort_keys=True).encode())
    return digest.hexdigest()


def main() -> int:
    layout = Layout.from_environment()

    def job() -> None:
        hyperparameters = Hyperparameters(**read(layout.hyperparameters, LIMITS))
        train, validation = examples(layout.channel("train")), examples(layout.channel("validation"))
        classifier = fit(train, validation, hyperparameters)
        classifier.save(layout.model)
        print(in_short(classifier), flush=True)

    return run(job, layout.failure)


def in_short(model: Model) -> str:
    """What the job's log says of a model, as one line of JSON."""
    figures = {name: model.training[name] for name in ("examples", "validation")}
    return json.dumps({"labels": len(model.labels), **figures})


if __name__ == "__main__":
    sys.exit(main())
