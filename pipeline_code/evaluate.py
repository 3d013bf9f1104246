"""evaluate: the challenger and the champion on the same test set, and whether the challenger is good enough."""

import argparse
import hashlib
import json
import sys
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NoReturn

from pipeline_code.bar import Bar, Check, checks
from pipeline_code.classifier import ArtefactError, Classifier, OtherSchemaError, Predictions
from pipeline_code.classifier.artefact import DESCRIPTION
from pipeline_code.classifier.features import Vocabulary
from pipeline_code.contracts import BASELINE, GATES, OUT_OF_SCOPE, QUALITY_FILES
from pipeline_code.errors import InputError
from pipeline_code.figures import Difference, TestSet, differences, figures
from pipeline_code.layout import Layout, run, write_json, write_text
from pipeline_code.measuring.quality import quality
from pipeline_code.measuring.schedule import constraints
from pipeline_code.model import Model
from pipeline_code.model_quality import model_quality
from pipeline_code.monitoring.baseline import Baseline
from pipeline_code.monitoring.contract import CONSTRAINTS, STATISTICS
from pipeline_code.monitoring.statistics import AUTO, REVIEW, Observation
from pipeline_code.near_duplicates import NEAR, near_duplicates
from pipeline_code.records import Example, RecordError, examples, records, string_field
from pipeline_code.tiers import load
from pipeline_code.words import first, shown

MOST_REASONS = 20
"""Reasons that the workflow keeps in its state, the notices and the exit message; evaluation.json has them all."""


@dataclass(frozen=True)
class Artefact:
    """A model of either tier with the schema of its artefact and the SHA-256 of its archive."""

    model: Model
    schema: int
    sha256: str

    def facts(self) -> dict[str, Any]:
        """What the model is and what it was made of, for its card."""
        here = self.model
        return {
            "kind": here.kind,
            "schema": self.schema,
            "sha256": self.sha256,
            "labels": len(here.labels),
            "temperature": here.temperature,
            "gates": asdict(here.gates),
            "training": dict(here.training),
        }


@dataclass(frozen=True)
class Evaluation:
    """Figures of both models on the test set, held against the bar; written to evaluation.json."""

    challenger: dict[str, Any]
    champion: dict[str, Any] | None
    differences: list[Difference] | None
    checks: list[Check]
    unknown_labels: list[str]
    untested_labels: list[str]
    champion_not_compared: str | None = None

    @property
    def good_enough(self) -> bool:
        return not self.reasons

    @property
    def reasons(self) -> list[str]:
        """Why the challenger is not good enough, in words; nothing where it is."""
        return [reason for check in self.checks for reason in check.reasons]

    @property
    def not_judged(self) -> list[str]:
        """What could not be judged for want of data, in words."""
        words = [self.champion_not_compared] if self.champion_not_compared else []
        words += [part for check in self.checks for part in check.not_judged]
        return words + [f"label {shown(label)} has no test example" for label in self.untested_labels]

    @property
    def worst_label_against_champion(self) -> dict[str, Any] | None:
        """The label that lost most F1, or gained least."""
        labels = [one for one in self.differences or () if one.kind == "label"]
        if not labels:
            return None
        worst = max(labels, key=lambda one: one.fall)
        return {"label": worst.name, "champion": worst.champion, "challenger": worst.challenger}

    def report(self, run_id: str, test: TestSet) -> dict[str, Any]:
        near, outside = int(test.near_duplicate[test.in_scope].sum()), int((~test.in_scope).sum())
        return {
            "run_id": run_id,
            "good_enough": self.good_enough,
            "reasons": self.reasons,
            "not_judged": self.not_judged,
            "near_duplicates": {"cosine": NEAR, "examples": near},
            "out_of_scope_examples": outside,
            "worst_label_against_champion": self.worst_label_against_champion,
            **asdict(self),
        }

    def verdict(self, run_id: str) -> dict[str, Any]:
        """What the workflow needs to know: a few thousand characters, however many labels there are."""
        return {
            "run_id": run_id,
            "good_enough": self.good_enough,
            "reasons": first(self.reasons, MOST_REASONS),
            "not_judged": len(self.not_judged),
            "challenger": _numbers(self.challenger),
            "champion": self.champion and _numbers(self.champion),
        }


def evaluate(test: TestSet, challenger: Model, champion: Model | None, bar: Bar) -> tuple[Evaluation, Predictions]:
    """Compare both models on the same test set; the predictions are the challenger's."""
    texts = [one.text for one in test.examples]
    predicted = challenger.predict(texts)
    old_predicted = champion.predict(texts) if champion else None
    known = {*challenger.labels, *(champion.labels if champion else ())}
    return compare(test, challenger.labels, known, predicted, old_predicted, bar), predicted


def compare(
    test: TestSet,
    labels: Sequence[str],
    known: set[str],
    challenger: Predictions,
    champion: Predictions | None,
    bar: Bar,
) -> Evaluation:
    """Compare predictions for the same test set. `labels` are the challenger's, `known` those of either model.

    A label of the test set that a model does not know counts as wrong.
    """
    new = figures(test, challenger)
    old = figures(test, champion) if champion else None
    between = differences(test, new, old, challenger, champion) if old and champion else None
    tested = set(test.truth)
    return Evaluation(
        new, old, between, checks(new, between, bar), sorted(tested - set(labels)), sorted(known - tested)
    )


def observed(test: Sequence[Example], predictions: Predictions) -> tuple[list[str], list[Observation]]:
    """Texts of the in-scope test and what the monitor would have seen of them: later batches are compared with these.

    The others are left out: there are as many as people labelled, not as many as come.
    """
    columns = zip(
        test,
        predictions.labels,
        predictions.confidence.tolist(),
        predictions.in_scope_score.tolist(),
        predictions.review.tolist(),
        strict=True,
    )
    pairs = [
        (one.text, Observation(len(one.text), one.language, label, confidence, score, REVIEW if review else AUTO))
        for one, label, confidence, score, review in columns
        if one.label != OUT_OF_SCOPE
    ]
    return [text for text, _ in pairs], [seen for _, seen in pairs]


def load_model(folder: Path, name: str) -> Artefact | None:
    """The model in `folder`/model.tar.gz; None where there is no such file. Raises InputError and OtherSchemaError."""
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
            model = load(Path(unpacked))
        except OtherSchemaError as error:
            raise OtherSchemaError(f"the {name}'s {error}") from error
        except ArtefactError as error:
            raise InputError(f"the {name}'s model.tar.gz: {error}") from error
        schema = json.loads((Path(unpacked) / DESCRIPTION).read_bytes())["schema"]
    return Artefact(model, schema, hashlib.sha256(archive.read_bytes()).hexdigest())


def main(argv: Sequence[str]) -> int:
    layout = Layout.from_environment()
    return run(lambda: _job(layout, argv), layout.message)


def _job(layout: Layout, argv: Sequence[str]) -> None:
    run_id, bar = _arguments(argv)
    found = examples(layout.processing_input("test"))
    challenger = load_model(layout.processing_input("challenger"), "challenger")
    champion, not_compared = _champion(layout.processing_input("champion"))
    if challenger is None:
        raise InputError("the challenger's model.tar.gz is missing: train first")
    learnt = [layout.processing_input(split) for split in ("train", "validation")]
    test = _test_set(found, challenger.model, learnt)
    evaluation, predicted = evaluate(test, challenger.model, champion, bar)
    evaluation = replace(evaluation, champion_not_compared=not_compared)
    report = evaluation.report(run_id, test)
    write_json(layout.processing_output("evaluation.json"), report)
    write_json(layout.processing_output("verdict.json"), evaluation.verdict(run_id))
    write_json(layout.processing_output("model_quality.json"), model_quality(test.truth, test.guesses(predicted)))
    _write_quality_baseline(layout, test, predicted)
    baseline, described = Baseline.of(run_id, *observed(found, predicted), chain.from_iterable(map(_texts, learnt)))
    write_json(layout.processing_output(BASELINE) / STATISTICS, described)
    write_json(layout.processing_output(BASELINE) / CONSTRAINTS, baseline.constraints(described))
    _write_card(layout, report, challenger, test, predicted)
    write_text(layout.message, _in_words(evaluation))


def _write_quality_baseline(layout: Layout, test: TestSet, predicted: Predictions) -> None:
    """What later labels are compared with, by **measure** and by a ModelQuality schedule."""
    figures_ = quality(test.truth, test.guesses(predicted), predicted.confidence[test.in_scope])
    for name, content in zip(QUALITY_FILES, (figures_, constraints(figures_)), strict=True):
        write_json(layout.processing_output(BASELINE) / name, content)


def _champion(folder: Path) -> tuple[Model | None, str | None]:
    """The champion, or why it cannot be compared.

    One of another schema must not stop its successor, which would otherwise never come.
    """
    try:
        champion = load_model(folder, "champion")
    except OtherSchemaError as error:
        return None, f"{error}; the two are not compared"
    return champion.model if champion else None, None


def _test_set(found: Sequence[Example], challenger: Model, learnt: Sequence[Path]) -> TestSet:
    """The test set beside all that the challenger learnt from: what it was calibrated on, too."""
    if not found:
        raise InputError("the test set is empty: without labelled messages in it no model can be judged")
    for folder in learnt:
        if not folder.is_dir():
            raise InputError(
                f"the {folder.name} messages are missing: give the folders that the challenger learnt from"
            )
    texts = chain.from_iterable(map(_texts, learnt))
    if isinstance(challenger, Classifier):
        vocabulary = challenger.vocabulary
    else:
        vocabulary = Vocabulary.fit([one.text for one in found])
    near = near_duplicates(vocabulary, [one.text for one in found], texts)
    test = TestSet(found, near)
    if not test.truth:
        raise InputError("every message of the test set is out of scope: land labelled messages of the labels")
    return test


def _texts(folder: Path) -> Iterator[str]:
    """The training messages' texts, none held."""
    for path in sorted(folder.rglob("*.jsonl")):
        for position, record in enumerate(records(path), start=1):
            try:
                yield string_field(record, "text")
            except RecordError as error:
                raise InputError(f"{path.name}, record {position}: {error}") from error


def _write_card(
    layout: Layout, report: dict[str, Any], challenger: Artefact, test: TestSet, predicted: Predictions
) -> None:
    # Here, because they bring in matplotlib, which nothing else needs.
    from pipeline_code.model_card.card import Card
    from pipeline_code.model_card.content import content
    from pipeline_code.model_card.page import page

    card = Card.of(report, challenger.facts(), test.truth, test.guesses(predicted))
    write_text(layout.processing_output("model_card.html"), page(card))
    write_text(layout.processing_output("model_card.json"), content(card))


def _numbers(figures_: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in figures_.items() if not isinstance(value, dict | list)}


def _in_words(evaluation: Evaluation) -> str:
    if not evaluation.good_enough:
        return f"Completed: not good enough: {'; '.join(first(evaluation.reasons, MOST_REASONS))}"
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
    for gate in GATES:
        parser.add_argument(f"--{gate.replace('_', '-')}", required=True, type=_share)
    given = vars(parser.parse_args(argv))
    return given.pop("run_id"), Bar(**given)


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
