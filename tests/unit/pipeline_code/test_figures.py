"""Figures of both models on the same test set, and what is made of them: slices, differences, verdict."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from container_samples import LENIENT

from pipeline_code import evaluate, figures
from pipeline_code.bar import Bar
from pipeline_code.classifier import Predictions
from pipeline_code.monitoring.statistics import Observation
from pipeline_code.records import Example

TEST = [
    Example("uno", "a", "es", "web"),
    Example("dos", "a", "es", "web"),
    Example("three", "a", "en", "web"),
    Example("four", "b", "en", "app"),
]


def predicted(*labels: str, review: tuple[bool, ...] = (False, False, False, True)) -> Predictions:
    sure = np.array([0.9, 0.9, 0.9, 0.3, 0.3, 0.3][: len(labels)], np.float32)
    return Predictions(list(labels), sure, sure, np.array(review))


def held_out(examples: Sequence[Example] = TEST, *, near: Sequence[int] = ()) -> figures.TestSet:
    """The examples at the positions `near` are near-duplicates of training messages."""
    return figures.TestSet(examples, np.isin(np.arange(len(examples)), near))


def judge(*labels: str, champion: Predictions | None = None, bar: Bar = LENIENT) -> evaluate.Evaluation:
    return evaluate.compare(held_out(), ["a", "b"], {"a", "b"}, predicted(*labels), champion, bar)


def test_the_figures_are_those_counted_by_hand() -> None:
    found = judge("a", "a", "b", "b").challenger
    assert found["accuracy"] == 0.75
    assert found["macro_f1"] == pytest.approx((0.8 + 2 / 3) / 2)
    assert found["coverage"] == 0.75
    # in the bin of 0.9: sure of 2.7 and right in 2; in the bin of 0.3: sure of 0.3 and right in 1
    assert found["expected_calibration_error"] == pytest.approx((0.7 + 0.7) / 4)
    assert found["worst_label"] == {"label": "b", "f1": pytest.approx(2 / 3)}
    assert found["per_label"]["a"] == {"precision": 1.0, "recall": pytest.approx(2 / 3), "f1": 0.8, "examples": 3}


def test_languages_and_sources_have_figures_of_their_own() -> None:
    found = judge("a", "a", "b", "b").challenger
    assert found["per_language"] == {
        "es": {"accuracy": 1.0, "macro_f1": 1.0, "examples": 2},
        "en": {"accuracy": 0.5, "macro_f1": pytest.approx(1 / 3), "examples": 2},
    }
    assert found["per_source"] == {
        "web": {"accuracy": pytest.approx(2 / 3), "macro_f1": 0.8, "examples": 3},
        "app": {"accuracy": 1.0, "macro_f1": 1.0, "examples": 1},
    }


def test_coverage_is_the_share_that_is_right_at_a_rate_surest_first() -> None:
    # the three of 0.9 stand together: right in two of three; all four: right in three of four
    assert [judge("a", "a", "b", "b").challenger[f"coverage_at_{rate}"] for rate in (95, 98)] == [0.0, 0.0]
    # the three surest are right, the fourth is not
    assert [judge("a", "a", "a", "a").challenger[f"coverage_at_{rate}"] for rate in (95, 98)] == [0.75, 0.75]


def test_near_duplicates_of_training_messages_can_be_left_out() -> None:
    test = held_out(near=[0, 1])
    found = evaluate.compare(test, ["a", "b"], {"a", "b"}, predicted("a", "a", "b", "b"), None, LENIENT)
    assert found.challenger["without_near_duplicates"] == {
        "accuracy": 0.5,
        "macro_f1": pytest.approx(1 / 3),
        "examples": 2,
    }
    assert found.report("r-1", test)["near_duplicates"] == {"cosine": 0.9, "examples": 2}


def test_without_anything_but_near_duplicates_there_is_no_such_figure() -> None:
    test = held_out(near=[0, 1, 2, 3])
    found = evaluate.compare(test, ["a", "b"], {"a", "b"}, predicted("a", "a", "b", "b"), None, LENIENT)
    assert found.challenger["without_near_duplicates"] is None


def test_messages_about_no_label_count_only_as_sent_to_review_or_not() -> None:
    outside = [Example("¿?", "out-of-scope", "es", "web"), Example("¡!", "out-of-scope", "pt", "chat")]
    test = held_out([*TEST, *outside])
    predictions = predicted("a", "a", "b", "b", "a", "b", review=(False, False, False, True, True, False))
    found = evaluate.compare(test, ["a", "b"], {"a", "b"}, predictions, None, LENIENT)
    alone = judge("a", "a", "b", "b").challenger
    assert found.challenger == {**alone, "out_of_scope_rejection": 0.5}
    assert alone["out_of_scope_rejection"] is None
    assert found.unknown_labels == []
    assert found.report("r-1", test)["out_of_scope_examples"] == 2


def test_a_challenger_above_the_bar_is_good_enough() -> None:
    evaluation = judge("a", "a", "b", "b", bar=replace(LENIENT, min_accuracy=0.75, min_macro_f1=0.73))
    assert (evaluation.good_enough, evaluation.reasons, evaluation.champion) == (True, [], None)


def test_a_challenger_below_the_bar_is_told_why_in_words() -> None:
    evaluation = judge("a", "a", "b", "b", bar=replace(LENIENT, min_accuracy=0.8, min_macro_f1=0.75))
    assert not evaluation.good_enough
    assert evaluation.reasons == ["accuracy 0.7500 is below 0.8", "macro-F1 0.7333 is below 0.75"]


def test_a_label_that_the_champion_knew_better_is_named() -> None:
    champion = predicted("a", "a", "a", "b")
    evaluation = judge("a", "a", "b", "b", champion=champion, bar=replace(LENIENT, max_worst_label_drop=0.25))
    # a falls by 0.2, b by a third
    assert evaluation.reasons == ["label b fell from F1 1.0000 to 0.6667, by more than 0.25"]
    assert evaluation.worst_label_against_champion == {
        "label": "b",
        "champion": 1.0,
        "challenger": pytest.approx(2 / 3),
    }
    assert evaluation.champion is not None
    assert evaluation.champion["accuracy"] == 1.0


def test_a_drop_of_just_the_allowed_size_is_allowed() -> None:
    # against the champion's 1.0, both labels are at 2 x 1 / (3 + 1) = 0.5
    bar = replace(LENIENT, max_worst_label_drop=0.5)
    assert judge("b", "b", "a", "b", champion=predicted("a", "a", "a", "b"), bar=bar).good_enough


def test_a_label_that_the_challenger_knows_better_is_no_drop() -> None:
    bar = replace(LENIENT, max_worst_label_drop=0.0, max_slice_drop=0.0)
    assert judge("a", "a", "a", "b", champion=predicted("b", "b", "b", "a"), bar=bar).good_enough


def test_where_the_models_differ_is_counted_by_label_language_and_source() -> None:
    evaluation = judge("a", "b", "b", "a", champion=predicted("a", "a", "a", "b"))
    assert evaluation.differences is not None
    counted = {(one.kind, one.name): (one.lost, one.won, one.examples) for one in evaluation.differences}
    assert counted == {
        # dos and three are no longer a, four no longer b: each is wrong about both labels
        ("label", "a"): (3, 0, 3),
        ("label", "b"): (3, 0, 1),
        ("language", "en"): (2, 0, 2),
        ("language", "es"): (1, 0, 2),
        ("source", "app"): (1, 0, 1),
        ("source", "web"): (2, 0, 3),
    }


def test_labels_of_either_model_without_a_test_example_are_said_to_be_not_judged() -> None:
    known = {"a", "b", "old", "ne\nw"}
    evaluation = evaluate.compare(
        held_out(), ["a", "b", "ne\nw"], known, predicted("a", "a", "a", "b"), predicted("a", "a", "a", "b"), LENIENT
    )
    assert evaluation.good_enough
    assert evaluation.not_judged == [
        "out-of-scope rejection cannot be judged: the test set has no example for it",
        "label ne w has no test example",
        "label old has no test example",
    ]


def test_the_baseline_is_made_of_what_the_monitor_would_have_seen() -> None:
    texts, seen = evaluate.observed(TEST, predicted("a", "a", "b", "b"))
    assert texts == ["uno", "dos", "three", "four"]
    assert seen[0] == Observation(3, "es", "a", pytest.approx(0.9), pytest.approx(0.9), "auto")
    assert [one.decision for one in seen].count("review") == 1


def test_the_baseline_leaves_out_what_is_out_of_scope() -> None:
    test = [*TEST[:3], Example("tiempo", "out-of-scope", "es", "web")]
    assert evaluate.observed(test, predicted("a", "a", "b", "b"))[0] == ["uno", "dos", "three"]


def test_labels_never_trained_count_as_wrong_and_are_reported() -> None:
    test = [*TEST[:3], Example("cuatro", "new", "es", "web")]
    evaluation = evaluate.compare(held_out(test), ["a", "b"], {"a", "b"}, predicted("a", "a", "a", "a"), None, LENIENT)
    assert evaluation.unknown_labels == ["new"]
    assert evaluation.challenger["accuracy"] == 0.75
    assert evaluation.challenger["per_label"]["new"]["f1"] == 0.0
