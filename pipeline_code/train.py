"""train: fit the classifier on SageMaker's train channel, calibrate it on the validation channel."""

import hashlib
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Self

from pipeline_code.classifier import Classifier, Targets
from pipeline_code.errors import InputError
from pipeline_code.layout import Layout, run
from pipeline_code.records import Example, examples


@dataclass(frozen=True)
class Hyperparameters:
    """SageMaker hands every value over as a string."""

    seed: int = 0
    min_confidence: float = Targets.min_confidence
    auto_accuracy: float = Targets.auto_accuracy
    review_quantile: float = Targets.review_quantile
    typo_rate: float = 0.0

    @property
    def targets(self) -> Targets:
        return Targets(**{field.name: getattr(self, field.name) for field in fields(Targets)})

    @classmethod
    def read(cls, path: Path) -> Self:
        """Raises InputError for an unknown name and for a value out of range; without the file, the defaults."""
        if not path.exists():
            return cls()
        given: Any = json.loads(path.read_bytes())
        unknown = sorted(given.keys() - asdict(cls()).keys())
        if unknown:
            raise InputError(f"unknown hyperparameter {unknown[0]!r}: known are {', '.join(asdict(cls()))}")
        return cls(**{name: _LIMITS[name](name, value) for name, value in given.items()})


def fit(train: Sequence[Example], validation: Sequence[Example], hyperparameters: Hyperparameters) -> Classifier:
    """The fitted classifier, with what it was made of in `training`."""
    classifier = Classifier.fit(
        *([(example.text, example.label) for example in part] for part in (train, validation)),
        seed=hyperparameters.seed,
        targets=hyperparameters.targets,
        typo_rate=hyperparameters.typo_rate,
    )
    training = {
        **classifier.training,
        "hyperparameters": asdict(hyperparameters),
        "examples": len(train),
        "data_sha256": {"train": data_hash(train), "validation": data_hash(validation)},
    }
    return replace(classifier, training=training)


def data_hash(found: Sequence[Example]) -> str:
    """SHA-256 of the examples, whatever their order."""
    digest = hashlib.sha256()
    for example in sorted(found):
        digest.update(json.dumps(asdict(example), sort_keys=True).encode())
    return digest.hexdigest()


def main() -> int:
    layout = Layout.from_environment()

    def job() -> None:
        hyperparameters = Hyperparameters.read(layout.hyperparameters)
        train, validation = examples(layout.channel("train")), examples(layout.channel("validation"))
        classifier = fit(train, validation, hyperparameters)
        classifier.save(layout.model)
        figures = {name: classifier.training[name] for name in ("examples", "validation")}
        print(json.dumps({"labels": len(classifier.labels), **figures}), flush=True)

    return run(job, layout.failure)


def _within(kind: Callable[[str], Any], words: str, lowest: float, highest: float) -> Callable[[str, str], Any]:
    def parsed(name: str, value: str) -> Any:
        try:
            number = kind(value)
        except (TypeError, ValueError):
            number = None
        if number is None or not lowest <= number <= highest:
            raise InputError(f"hyperparameter {name} is {value!r}: give a {words} from {lowest} to {highest}")
        return number

    return parsed


_LIMITS = {
    "seed": _within(int, "whole number", 0, 2**31 - 1),
    "min_confidence": _within(float, "number", 0, 1),
    "auto_accuracy": _within(float, "number", 0, 1),
    "review_quantile": _within(float, "number", 0, 1),
    "typo_rate": _within(float, "number", 0, 1),
}

if __name__ == "__main__":
    sys.exit(main())
