"""What the signals measure, how far chance lets them stray, and when they warn and page."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from watched import baseline, messages

from pipeline_code.contracts import DATA_SIGNALS, DRIFT_VERDICTS, MODEL_SIGNALS
from pipeline_code.monitoring import thresholds
from pipeline_code.monitoring.report import VERDICTS
from pipeline_code.monitoring.seen import HALF_OCTAVES, OTHER, Kinds, Seen, Totals
from pipeline_code.monitoring.signals import SIGNALS, measured
from pipeline_code.monitoring.statistics import Observation
from pipeline_code.monitoring.thresholds import Limit
from pipeline_code.monitoring.verdict import FEWEST, judge, reasons

NO_PLACE = np.zeros(4)


def totals(**given: object) -> Totals:
    """A batch of ten messages in one language, all scored as one label."""
    lengths = np.zeros(HALF_OCTAVES)
    lengths[6] = 10
    ordinary = Totals(
        messages=np.float64(10),
        unknown_ngram_rate=np.float64(1),
        unknown_words=np.float64(3),
        words=np.float64(30),
        scored=np.float64(10),
        in_scope_score=np.float64(15),
        review=np.float64(2),
        languages=np.array([10.0, 0, 0]),
        lengths=lengths,
        confidences=np.array([5.0, 5]),
        labels=np.array([5.0, 5, 0]),
        places=NO_PLACE,
    )
    return ordinary._replace(**given)  # type: ignore[arg-type]


def value(name: str, batch: Totals) -> float:
    return float(measured(batch, totals())[name])


def test_every_signal_and_every_verdict_has_its_metric() -> None:
    assert {one.name for one in SIGNALS if one.kind == "data"} == set(DATA_SIGNALS)
    assert {one.name for one in SIGNALS if one.kind == "model"} == set(MODEL_SIGNALS)
    assert [name for kind in VERDICTS.values() for name in kind.values()] == list(DRIFT_VERDICTS)


def test_rates_and_means_are_over_the_messages_and_words_that_there_are() -> None:
    assert value("unknown_ngram_rate", totals()) == pytest.approx(0.1)
    assert value("out_of_vocabulary_rate", totals()) == pytest.approx(0.1)
    assert value("mean_max_score", totals()) == pytest.approx(1.5)
    assert value("review_rate", totals()) == pytest.approx(0.2)


def test_distances_from_oneself_are_nothing() -> None:
    for name in ("language_mix_distance", "length_distance", "centroid_mmd", "confidence_psi", "label_psi"):
        assert value(name, totals()) == pytest.approx(0)


def test_the_language_mix_is_the_share_that_would_have_to_change() -> None:
    assert value("language_mix_distance", totals(languages=np.array([7.0, 0, 3]))) == pytest.approx(0.3)


def test_texts_twice_as_long_have_moved_by_one_octave() -> None:
    longer = np.roll(totals().lengths, 2)  # a bucket is half an octave
    assert value("length_distance", totals(lengths=longer)) == pytest.approx(1)


def test_the_label_mix_is_compared_by_psi() -> None:
    # (5.5, 5.5, 0.5) / 11.5 and (9.5, 1.5, 0.5) / 11.5
    expected = (9.5 - 5.5) / 11.5 * np.log(9.5 / 5.5) + (1.5 - 5.5) / 11.5 * np.log(1.5 / 5.5)
    assert value("label_psi", totals(labels=np.array([9.0, 1, 0]))) == pytest.approx(expected)


def test_mean_texts_are_apart_by_the_square_of_their_distance() -> None:
    assert value("centroid_mmd", totals(places=np.array([3.0, 4, 0, 0]))) == pytest.approx(0.25)


def test_a_batch_of_nothing_has_finite_signals() -> None:
    nothing = Totals(*(np.zeros_like(one) for one in totals()))
    assert all(np.isfinite(one) for one in measured(nothing, totals()).values())


def test_what_the_baseline_does_not_know_is_counted_together() -> None:
    made, _ = baseline()
    seen = Seen.of(["hola", "hi"], [Observation(4, "es"), Observation(2, "xx")], made.known, made.kinds)
    assert made.kinds.languages == ["es", OTHER]
    assert Totals.over(seen, made.kinds).languages.tolist() == [1, 1]
    assert Totals.over(seen, made.kinds).scored == 0


def test_totals_of_nothing_are_nothing() -> None:
    made, _ = baseline()
    assert Totals.over(Seen.of([], [], made.known, made.kinds), made.kinds).messages == 0


def test_equal_confidences_are_not_cut_apart() -> None:
    kinds = Kinds.of([Observation(1, "es", "a", 1.0, 1.0, "auto")] * 50)
    assert kinds.confidence_edges == [1.0]


def test_limits_come_closer_as_batches_grow_but_never_closer_than_the_baseline_is_sure() -> None:
    made, _ = baseline()
    limits = made.limits["unknown_ngram_rate"]
    reach = [one.page - one.expected for one in limits]
    assert [one.messages for one in limits] == list(thresholds.SIZES)
    assert all(one >= other - 1e-4 for one, other in pairwise(reach))
    assert reach[-1] > 0.3 * reach[2]


def test_without_drawing_the_baseline_anew_limits_would_be_too_close() -> None:
    """The double bootstrap against its second half alone, in a batch much larger than the baseline."""
    made, _ = baseline()
    scores = made.limits["mean_max_score"][-1]
    rng = np.random.default_rng(0)
    deviation = 0.3  # of the scores that the messages were given
    naive = np.array([rng.normal(1.5, deviation / np.sqrt(20_000)) for _ in range(1_000)])
    assert scores.expected - scores.warn > 3 * (naive.mean() - np.quantile(naive, 0.01))


def test_the_same_baseline_gives_the_same_limits() -> None:
    assert baseline.__wrapped__()[0].limits == baseline()[0].limits


def test_between_two_sizes_a_limit_lies_between_theirs() -> None:
    limits = [Limit(100, 0.0, 1.0, 2.0), Limit(400, 0.0, 0.5, 1.0)]
    between = thresholds.at(limits, 200, 10**9)
    # along 1/sqrt(n): 0.1 at 100, 0.0707 at 200, 0.05 at 400
    assert between.warn == pytest.approx(0.5 + 0.5 * (0.070711 - 0.05) / 0.05, abs=1e-4)
    assert (thresholds.at(limits, 10_000, 10**9).warn, thresholds.at(limits, 50, 10**9).page) == (0.5, 2.0)


def batch_of(texts: list[dict[str, str]], score: float = 1.5) -> Totals:
    made, _ = baseline()
    seen = [Observation(len(one["text"]), one["language"], one["label"], 0.8, score, "auto") for one in texts]
    return Totals.over(Seen.of([one["text"] for one in texts], seen, made.known, made.kinds), made.kinds)


def test_a_batch_like_the_baseline_is_in_order() -> None:
    verdict = judge(batch_of(messages(500, "calm")), baseline()[0], ())
    assert verdict.judged
    assert (verdict.of("data")["warn"], verdict.of("data")["page"]) == (0, 0)


def test_another_language_warns_at_once_and_pages_if_it_was_so_before() -> None:
    stranger = {"text": "where is my parcel, it should be here", "language": "en", "label": "account"}
    strange = [*messages(400, "calm"), *[stranger] * 100]
    made, _ = baseline()
    first = judge(batch_of(strange), made, ()).of("data")
    assert (first["warn"], first["page"]) == (1, 0)
    assert {"unknown_ngram_rate", "out_of_vocabulary_rate", "language_mix_distance"} <= set(first["signals"])
    assert judge(batch_of(strange), made, ["unknown_ngram_rate"]).of("data")["page"] == 1
    assert judge(batch_of(strange), made, ["length_distance"]).of("data")["page"] == 0


def test_low_scores_are_drift_and_high_ones_are_not() -> None:
    made, _ = baseline()
    calm = messages(500, "calm")
    assert "mean_max_score" in judge(batch_of(calm, score=1.0), made, ()).of("model")["signals"]
    assert "mean_max_score" not in judge(batch_of(calm, score=2.0), made, ()).of("model")["signals"]


def test_one_label_only_warns_of_the_labels() -> None:
    verdict = judge(batch_of(messages(500, "calm", labels=("billing",))), baseline()[0], ("label_psi",))
    assert "label_psi" in verdict.of("model")["signals"]
    assert verdict.of("model")["page"] == 1


def test_what_is_only_shown_neither_warns_nor_pages() -> None:
    """All confidences are equal here, which no baseline's are."""
    verdict = judge(batch_of(messages(500, "calm")), baseline()[0], ("confidence_psi",))
    shown = next(one for one in verdict.findings if one.signal.name == "confidence_psi")
    assert shown.value > shown.limit.page
    assert (shown.warns, shown.far, shown.pages) == (False, False, False)


def test_a_change_too_small_to_matter_is_none_however_rare() -> None:
    """The baseline is in one language, so that chance never brings another: one message in a thousand is no drift."""
    texts = messages(999, "calm")
    rare = [*texts, {**texts[0], "language": "en"}]
    assert "language_mix_distance" not in judge(batch_of(rare), baseline()[0], ()).of("data")["signals"]


@pytest.mark.parametrize("count", [0, 5, FEWEST - 1])
def test_few_messages_are_not_judged_and_it_is_said(count: int) -> None:
    verdict = judge(batch_of(messages(count, "few")), baseline()[0], ())
    assert not verdict.judged
    assert set(verdict.why_not.values()) == {f"{count} messages with a text: 100 are needed to judge"}
    assert verdict.of("data") == {"judged": False, "warn": 0, "page": 0, "signals": []}


def test_where_nothing_was_scored_the_messages_are_judged_all_the_same() -> None:
    made, _ = baseline()
    unscored = batch_of(messages(200, "calm"))._replace(scored=np.float64(0), labels=np.zeros(4))
    verdict = judge(unscored, made, ())
    assert (verdict.of("data")["judged"], verdict.of("model")["judged"]) == (True, False)
    assert verdict.why_not == {"model": "0 scored messages: 100 are needed to judge"}


def test_a_small_baseline_judges_nothing() -> None:
    small = replace(baseline()[0], messages=12)
    assert set(reasons(batch_of(messages(500, "calm")), small)) == {"data", "model"}
