"""evaluate: the challenger and the champion on the same test set, and whether the challenger is good enough."""

import argparse
import sys
import tarfile
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NoReturn

import numpy as np

from pipeline_code.batch_statistics import AUTO, REVIEW, Observation, Statistics
from pipeline_code.classifier import ArtefactError, Predictions
from pipeline_code.errors import InputError
from pipeline_code.layout import Layout, run, write_json, write_text
from pipeline_code.metrics import expected_calibration_error, score
from pipeline_code.model_quality import model_quality
from pipeline_code.records import Example, examples
from pipeline_code.tiers import Model, load


@dataclass(frozen=True)
class Bar:
    """What a challenger must reach: figures in 0..1, and how much F1 any label may lose against the champion."""

    min_accuracy: float
    min_macro_f1: float
    max_worst_label_drop: float


@dataclass(frozen=True)
class Evaluation:
    """Figures of both models on the test set, as written to evaluation.json."""

    challenger: dict[str, Any]
    champion: dict[str, Any] | None
    reasons: list[str]
    unknown_labels: list[str]

    @property
    def good_enough(self) -> bool:
        return not self.reasons

    def report(self, run_id: str) -> dict[str, Any]:
        return {"run_id": run_id, "good_enough": self.good_enough, **asdict(self)}


def evaluate(
    test: Sequence[Example], labels: Sequence[str], challenger: Predictions, champion: Predictions | None, bar: Bar
) -> Evaluation:
    """Compare predictions for the same test set. `labels` are the challenger's; any other one counts as wrong."""
    new = figures(test, challenger)
    old = figures(test, champion) if champion else None
    unknown = sorted({example.label for example in test} - set(labels))
    return Evaluation(new, old, shortfalls(new, old, bar), unknown)


def figures(test: Sequence[Example], predictions: Predictions) -> dict[str, Any]:
    """One model's figures, overall and in slices. Coverage is the share of messages decided without review."""
    truth = [example.label for example in test]
    scores = score(truth, predictions.labels)
    right = np.array([label == guess for label, guess in zip(truth, predictions.labels, strict=True)])
    worst, worst_score = min(scores.per_label.items(), key=lambda item: item[1].f1)
    return {
        **asdict(scores),
        "coverage": 1 - float(predictions.review.mean()),
        "expected_calibration_error": expected_calibration_error(right, predictions.confidence),
        "per_language": _by(lambda example: example.language, test, predictions),
        "per_source": _by(lambda example: example.source, test, predictions),
        "worst_label": {"label": worst, "f1": worst_score.f1},
    }


def shortfalls(challenger: dict[str, Any], champion: dict[str, Any] | None, bar: Bar) -> list[str]:
    """Why the challenger is not good enough, in words; nothing where it is."""
    reasons = []
    for name, words, lowest in (
        ("accuracy", "accuracy", bar.min_accuracy),
        ("macro_f1", "macro-F1", bar.min_macro_f1),
    ):
        if challenger[name] < lowest:
            reasons.append(f"{words} {challenger[name]:.4f} is below {lowest:g}")
    for label, before in champion["per_label"].items() if champion else ():
        now = challenger["per_label"][label]["f1"]
        if before["f1"] - now > bar.max_worst_label_drop:
            reasons.append(
                f"label {label} fell from F1 {before['f1']:.4f} to {now:.4f}, by more than {bar.max_worst_label_drop:g}"
            )
    return reasons


def baseline(test: Sequence[Example], predictions: Predictions) -> Statistics:
    """The monitor's statistics of the predictions for the test set, against which later batches are compared."""
    statistics = Statistics()
    columns = zip(
        test,
        predictions.labels,
        predictions.confidence.tolist(),
        predictions.in_scope_score.tolist(),
        predictions.review.tolist(),
        strict=True,
    )
    for example, label, confidence, in_scope_score, review in columns:
        decision = REVIEW if review else AUTO
        statistics.add(Observation(len(example.text), example.language, label, confidence, in_scope_score, decision))
    return statistics


def load_model(folder: Path, name: str) -> Model | None:
    """The model in `folder`/model.tar.gz; None where there is no such file."""
    archive = folder / "model.tar.gz"
    if not archive.exists():
        return None
    with TemporaryDirectory() as unpacked:
        try:
            with tarfile.open(archive) as tar:
                tar.extractall(unpacked, filter="data")
        except (tarfile.TarError, EOFError, OSError) as error:
            raise InputError(f"the {name}'s model.tar.gz is damaged ({error}): train again") from error
        try:
            return load(Path(unpacked))
        except ArtefactError as error:
            raise InputError(f"the {name}'s model.tar.gz: {error}") from error


def main(argv: Sequence[str]) -> int:
    layout = Layout.from_environment()
    return run(lambda: _job(layout, argv), layout.message)


def _job(layout: Layout, argv: Sequence[str]) -> None:
    run_id, bar = _arguments(argv)
    test = examples(layout.processing_input("test"))
    challenger = load_model(layout.processing_input("challenger"), "challenger")
    champion = load_model(layout.processing_input("champion"), "champion")
    if challenger is None:
        raise InputError("the challenger's model.tar.gz is missing: train first")
    if not test:
        raise InputError("the test set is empty: without labelled messages in it no model can be judged")
    texts = [example.text for example in test]
    predicted = challenger.predict(texts)
    evaluation = evaluate(test, challenger.labels, predicted, champion.predict(texts) if champion else None, bar)
    write_json(layout.processing_output("evaluation.json"), evaluation.report(run_id))
    quality = model_quality([example.label for example in test], predicted.labels)
    write_json(layout.processing_output("model_quality.json"), quality)
    write_json(layout.processing_output("baseline_statistics.json"), baseline(test, predicted).report())
    write_text(layout.message, _in_words(evaluation))


def _by(
    slice_of: Callable[[Example], str], test: Sequence[Example], predictions: Predictions
) -> dict[str, dict[str, Any]]:
    slices: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for example, guess in zip(test, predictions.labels, strict=True):
        slices[slice_of(example)].append((example.label, guess))
    found = {}
    for name, pairs in slices.items():
        scores = score([label for label, _ in pairs], [guess for _, guess in pairs])
        found[name] = {"accuracy": scores.accuracy, "macro_f1": scores.macro_f1, "examples": scores.examples}
    return found


def _in_words(evaluation: Evaluation) -> str:
    if not evaluation.good_enough:
        return f"Completed: not good enough: {'; '.join(evaluation.reasons)}"
    found = evaluation.challenger
    return (
        f"Completed: good enough, accuracy {found['accuracy']:.4f} and macro-F1 {found['macro_f1']:.4f} "
        f"on {found['examples']} examples"
    )


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise InputError(message)


def _arguments(argv: Sequence[str]) -> tuple[str, Bar]:
    parser = _Parser(prog="evaluate", allow_abbrev=False)
    parser.add_argument("--run-id", required=True)
    for name in ("--min-accuracy", "--min-macro-f1", "--max-worst-label-drop"):
        parser.add_argument(name, required=True, type=_share)
    given = parser.parse_args(argv)
    return given.run_id, Bar(given.min_accuracy, given.min_macro_f1, given.max_worst_label_drop)


def _share(value: str) -> float:
    try:
        share = float(value)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise argparse.ArgumentTypeError(f"{value!r}: give a number from 0 to 1")
    return share


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
