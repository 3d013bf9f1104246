"""The card as SageMaker keeps it with a model package: `ModelCardContent`, JSON by AWS's own schema.

Schema: docs.aws.amazon.com/sagemaker/latest/dg/model-registry-details.html#model-card-schema
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pipeline_code.model_card import statements
from pipeline_code.model_card.card import Card, flattened
from pipeline_code.words import first, shown

MOST_IN_MATRIX = 20
"""Rows and columns that the schema allows."""

MOST_BARS = 40
LONGEST_NAME = 30
LONGEST_OBSERVATION = 2048
HYPERPARAMETERS = "hyperparameters: "
FIGURES = (
    *("accuracy", "macro_f1", "coverage", "coverage_at_95", "coverage_at_98"),
    *("expected_calibration_error", "out_of_scope_rejection"),
)

Metric = dict[str, Any]


def content(card: Card) -> str:
    """The JSON on one line, as the API's pattern demands, every other character escaped.

    However many labels there are, and whatever they are called, it stays below AWS's 100,000 characters.
    """
    facts = card.facts
    document = {
        "model_overview": {"model_creator": f"Criba, training run {card.report['run_id']}"},
        "intended_uses": {
            "purpose_of_model": statements.PURPOSE,
            "intended_uses": " ".join(statements.INTENDED),
            "factors_affecting_model_efficiency": statements.EFFICIENCY,
            "risk_rating": "Unknown",
            "explanations_for_risk_rating": statements.RISK,
        },
        "training_details": {
            "training_observations": f"A {facts['kind']}, {facts['labels']} labels.",
            "training_job_details": _training(facts["training"]),
        },
        "evaluation_details": [_evaluation(card)],
        "additional_information": {
            "ethical_considerations": statements.FAIRNESS,
            "caveats_and_recommendations": " ".join(statements.LIMITS),
            "custom_details": {"artefact_schema": str(facts["schema"]), "model_sha256": facts["sha256"]},
        },
    }
    return json.dumps(document, allow_nan=False, separators=(",", ":"))


def _training(training: Mapping[str, Any]) -> dict[str, list[Metric]]:
    """Figures of training, and apart from them what was set and the hashes of the data."""
    numbers, settings = [], []
    for name, value in flattened(training):
        if isinstance(value, int | float) and not name.startswith(HYPERPARAMETERS):
            numbers.append({"name": name, "value": value})
        else:
            settings.append({"name": name.removeprefix(HYPERPARAMETERS), "value": str(value)})
    return {"user_provided_training_metrics": numbers, "user_provided_hyper_parameters": settings}


def _evaluation(card: Card) -> dict[str, Any]:
    report = card.report
    verdict = (
        "Good enough." if report["good_enough"] else f"Not good enough: {'; '.join(first(report['reasons'], 20))}."
    )
    left = f" Not judged: {'; '.join(first(report['not_judged'], 10))}." if report["not_judged"] else ""
    near, outside = report["near_duplicates"]["examples"], report["out_of_scope_examples"]
    return {
        "name": "Test set",
        "evaluation_observation": shown(verdict + left, LONGEST_OBSERVATION),
        "metadata": {
            "test_examples": str(report["challenger"]["examples"]),
            "near_duplicates_of_training": str(near),
            "out_of_scope_examples": str(outside),
        },
        "metric_groups": list(_groups(card)),
    }


def _groups(card: Card) -> Iterator[dict[str, Any]]:
    challenger, champion = card.report["challenger"], card.report["champion"]
    yield {"name": "Challenger", "metric_data": list(_numbers(challenger))}
    if champion:
        yield {"name": "Champion on the same test set", "metric_data": list(_numbers(champion))}
    yield {"name": "Confidence", "metric_data": _curves(challenger)}
    worst = sorted(challenger["per_label"].items(), key=lambda item: (item[1]["f1"], item[0]))
    labels = [("f1", worst, "label"), *(("accuracy", list(challenger[f"per_{kind}"].items()), kind) for kind in _KINDS)]
    yield {"name": "Slices", "metric_data": [_bars(figure, found, kind) for figure, found, kind in labels]}
    yield {"name": "Confusion", "metric_data": [_matrix(card)]}


_KINDS = ("language", "source")


def _numbers(figures: Mapping[str, Any]) -> Iterator[Metric]:
    for name in FIGURES:
        if figures[name] is not None:
            yield {"name": name, "type": "number", "value": figures[name]}
    for name, value in (figures["without_near_duplicates"] or {}).items():
        yield {"name": f"{name}_without_near_duplicates", "type": "number", "value": value}


def _curves(challenger: Mapping[str, Any]) -> list[Metric]:
    bins = [[one["confidence"], one["accuracy"]] for one in challenger["reliability"] if one["examples"]]
    return [
        _line("reliability", [[round(x, 4), round(y, 4)] for x, y in bins], "confidence", "accuracy"),
        _line(
            "coverage", [[round(x, 4), round(y, 4)] for x, y in challenger["coverage_curve"]], "coverage", "accuracy"
        ),
    ]


def _line(name: str, points: list[list[float]], x: str, y: str) -> Metric:
    return {"name": name, "type": "linear_graph", "value": points, "x_axis_name": x, "y_axis_name": y}


def _bars(figure: str, found: Sequence[tuple[str, Mapping[str, Any]]], kind: str) -> Metric:
    """One bar for each part; of many, the first ones."""
    some = found[:MOST_BARS]
    notes = {"notes": f"{MOST_BARS} of {len(found)}"} if len(found) > MOST_BARS else {}
    return {
        "name": f"{figure} by {kind}",
        **notes,
        "type": "bar_chart",
        "value": [round(values[figure], 4) for _, values in some],
        "x_axis_name": [shown(name, LONGEST_NAME) for name, _ in some],
        "y_axis_name": figure,
    }


def _matrix(card: Card) -> Metric:
    counts, labels = card.matrix(MOST_IN_MATRIX)
    names = [shown(label, LONGEST_NAME) for label in labels]
    return {
        "name": "confusion_matrix",
        "notes": "true labels down, predicted ones across",
        "type": "matrix",
        "value": counts.tolist(),
        "x_axis_name": names,
        "y_axis_name": names,
    }
