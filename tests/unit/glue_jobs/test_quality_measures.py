"""What the dataset-level rules measure, in numbers that can be checked by hand."""

from datetime import UTC, datetime

import pytest

from glue_jobs.quality.history import History
from glue_jobs.quality.measures import (
    MEASURES,
    band,
    distance,
    duplicate_rate,
    expected,
    freshness_hours,
    label_imbalance,
    label_mix,
    language_mix,
    missing_dates,
    quarantine_rate,
    volume,
)
from glue_jobs.raw.claims import Scope
from pipeline_code.quality_rules import QUALITY_RULES
from tests.unit.glue_jobs.deliveries import YESTERDAY, history, profile, situation

A_WEEK = (1000, 1100, 900, 1050, 950, 1000, 1000)


def test_every_rule_has_a_measure_and_every_measure_a_rule() -> None:
    assert sorted(MEASURES) == sorted(rule.name for rule in QUALITY_RULES)


def test_a_band_is_the_median_and_a_deviation_that_one_flood_does_not_move() -> None:
    assert (band([100, 200, 300]).median, band([100, 200, 300]).deviation) == (200, 148.26)
    assert band([100, 200, 300, 200, 10**6]).median == 200
    assert band([100, 200, 300, 200, 10**6]).deviation == 148.26


@pytest.mark.parametrize(("count", "deviation"), [(1000, 100), (25, 5), (0, 1)])
def test_a_source_of_constant_deliveries_has_a_tenth_or_the_chance_of_counting_as_deviation(
    count: int, deviation: float
) -> None:
    assert band([count] * 7).deviation == deviation


def test_ten_times_the_volume_is_ninety_deviations_away() -> None:
    measured = volume(situation(profile(10_000), history(*A_WEEK)))
    assert measured.value == 90
    assert measured.note == "2026-03-19: 10,000 records, 1,000 is the median of 7"


def test_a_usual_delivery_is_within_two_deviations() -> None:
    assert volume(situation(profile(1150), history(*A_WEEK))).value == 1.5


def test_a_date_that_comes_in_pieces_is_taken_together() -> None:
    with_the_first_piece = History((*history(*A_WEEK).entries, *history(700, last=YESTERDAY).entries))
    assert volume(situation(profile(300), with_the_first_piece)).value == 0


def test_a_date_is_not_compared_with_itself() -> None:
    six_days_and_a_piece = History((*history(*A_WEEK[1:]).entries, *history(700, last=YESTERDAY).entries))
    assert volume(situation(profile(300), six_days_and_a_piece)).value is None


def test_a_late_file_of_an_old_date_is_no_small_delivery() -> None:
    late = profile(3, date="2026-03-14")
    assert volume(situation(late, history(*A_WEEK, 1000))).value == pytest.approx(0.53)


def test_too_few_records_count_once_the_date_is_over() -> None:
    today = profile(200, date="2026-03-20")
    assert volume(situation(today, history(*A_WEEK))).value == 0
    assert volume(situation(profile(200), history(*A_WEEK))).value == 8


def test_too_few_records_count_when_the_run_is_about_that_date() -> None:
    today = Scope("web", "2026-03-20", "2026-03-20")
    measured = volume(situation(profile(200, date="2026-03-20"), history(*A_WEEK), scope=today))
    assert measured.value == 8


def test_a_source_that_sent_nothing_for_the_date_of_the_run_is_ten_deviations_short() -> None:
    measured = volume(situation(profile(0), history(*A_WEEK), scope=Scope("*", YESTERDAY, YESTERDAY)))
    assert (measured.value, measured.note) == (10, "2026-03-19: 0 records, 1,000 is the median of 7")


def test_a_first_run_has_nothing_to_be_compared_with() -> None:
    measured = volume(situation(profile(), history(*A_WEEK[:6])))
    assert (measured.value, measured.note) == (None, "fewer than 7 earlier ones to compare with")
    assert volume(situation(profile(0))).note == "nothing landed"


def test_once_there_are_enough_a_thursday_is_compared_with_thursdays() -> None:
    # Eight weeks of 1,000 a day, 5,000 on Thursdays; the delivery of yesterday, a Thursday, is as large as those.
    weeks = history(*[5000 if n % 7 == 0 else 1000 for n in range(1, 57)][::-1])
    assert weeks.by_date["2026-03-12"] == 5000
    around = expected(situation(profile(5000), weeks), YESTERDAY)
    assert around is not None
    assert (around.median, around.observations) == (5000, 8)
    assert volume(situation(profile(5000), weeks)).value == 0
    assert volume(situation(profile(1000), weeks)).value == 8


def test_sixty_percent_quarantined() -> None:
    measured = quarantine_rate(situation(profile(1000, quarantined=600)))
    assert (measured.value, measured.note) == (0.6, "600 quarantined of 1,000 records")


def test_all_duplicates_but_the_first() -> None:
    measured = duplicate_rate(situation(profile(1000, duplicates=999)))
    assert (measured.value, measured.note) == (0.999, "999 duplicates of 1,000 records")


def test_a_handful_of_records_is_not_judged_by_shares() -> None:
    few = situation(profile(49, quarantined=49))
    assert (quarantine_rate(few).value, quarantine_rate(few).note) == (None, "fewer than 50 records")
    assert duplicate_rate(few).value is None
    assert quarantine_rate(situation(profile(50, quarantined=49))).value == 0.98


def test_a_language_flip_is_a_distance_of_one() -> None:
    assert distance({"es": 10}, {"pt": 3}) == 1
    assert distance({"es": 3, "en": 1}, {"es": 30, "en": 10}) == 0
    assert distance({"es": 50, "en": 50}, {"es": 8, "en": 2}) == pytest.approx(0.3)
    flipped = profile(1000, languages={"pt": 1000})
    assert language_mix(situation(flipped, history(*A_WEEK))).value == 1
    assert language_mix(situation(flipped, history(*A_WEEK))).note == "100% of 1,000 records"


def test_a_language_mix_is_judged_once_there_is_history_and_enough_records() -> None:
    flipped = profile(1000, languages={"pt": 1000})
    assert language_mix(situation(flipped, history(*A_WEEK[1:]))).value is None
    assert language_mix(situation(profile(49, languages={"pt": 49}), history(*A_WEEK))).value is None


def test_freshness_is_the_age_of_the_newest_message_when_the_run_began() -> None:
    measured = freshness_hours(situation(profile(newest="2026-03-18T02:00:00+00:00")))
    assert (measured.value, measured.note) == (48, "the newest message is of 2026-03-18 02:00 UTC")


def test_a_source_that_vanishes_grows_old() -> None:
    assert freshness_hours(situation(profile(0), history(*A_WEEK, last="2026-03-10"))).value == 9 * 24 + 14
    assert freshness_hours(situation(profile(0))).value is None


def test_a_backfill_is_not_stale_for_it_asks_for_old_messages() -> None:
    backfill = Scope("web", "2026-01-01", "2026-01-05")
    old = profile(date="2026-01-05", newest="2026-01-05T21:00:00+00:00")
    assert freshness_hours(situation(old, scope=backfill)).value == 3
    assert freshness_hours(situation(old, history(*A_WEEK), scope=backfill)).value == 0


def test_dates_without_messages_are_counted_from_the_first_to_yesterday() -> None:
    assert missing_dates(situation(profile(), history(*A_WEEK))).value == 0
    gaps = missing_dates(situation(profile(0), history(1000, 0, 0, 1000, last="2026-03-16")))
    assert gaps.value == 5
    assert gaps.note == "none on 2026-03-14, 2026-03-15, 2026-03-17, 2026-03-18, 2026-03-19"


def test_dates_are_missed_within_the_last_thirty_only() -> None:
    assert missing_dates(situation(profile(0), history(1000, last="2025-01-01"))).value == 30
    assert missing_dates(situation(profile(0))).value is None


def test_a_backfill_looks_for_missing_dates_up_to_its_own_end() -> None:
    backfill = Scope("web", "2026-01-01", "2026-01-05")
    found = missing_dates(situation(profile(date="2026-01-03"), scope=backfill))
    assert (found.value, found.note) == (2, "none on 2026-01-04, 2026-01-05")


def test_labels_are_compared_with_the_run_before() -> None:
    before = history(100, 100, labels={"refund": 75, "order": 25})
    ours = profile(100, labels={"refund": 25, "order": 75})
    assert label_mix(situation(ours, before, kind="labels")).value == 0.5
    assert label_mix(situation(ours, kind="labels")).note == "there is no earlier run"


def test_the_rarest_label_is_compared_with_the_commonest_and_out_of_scope_is_no_label() -> None:
    ours = profile(1000, labels={"refund": 900, "order": 90, "out-of-scope": 1})
    measured = label_imbalance(situation(ours, kind="labels"))
    assert (measured.value, measured.note) == (10, "900 examples of the commonest label, 90 of the rarest")
    assert label_imbalance(situation(profile(10, labels={"refund": 10}), kind="labels")).value is None


def test_a_label_file_that_went_missing_shows_in_the_volume_of_the_run() -> None:
    runs = history(3000, 3000, 3100, 3100, 3100, 3200, 3200)
    measured = volume(situation(profile(1000, date="2026-03-20"), runs, kind="labels"))
    assert measured.value == pytest.approx(2100 / 310)
    assert volume(situation(profile(0), runs, kind="labels")).value == 10


def test_a_run_that_begins_before_midnight_looks_at_its_own_day_as_unfinished() -> None:
    late = datetime(2026, 3, 19, 23, 59, tzinfo=UTC)
    assert missing_dates(situation(profile(0), history(*A_WEEK), now=late)).value == 0
