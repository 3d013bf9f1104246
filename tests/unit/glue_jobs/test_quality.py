"""The gate: which deliveries go on, of which people are told, and which stop the run."""

import json
import math
from typing import Any

import pytest

from glue_jobs.quality.gate import Gate, Judgement, judge
from glue_jobs.quality.measures import Situation
from pipeline_code.quality_rules import STRAYS
from tests.unit.glue_jobs.deliveries import gate as limits_of
from tests.unit.glue_jobs.deliveries import history, profile, situation

A_WEEK = (1000, 1100, 900, 1050, 950, 1000, 1000)


def judged(*situations: Situation, **sources: dict[str, float]) -> Judgement:
    return judge(situations, limits_of(**sources))


def raised(judgement: Judgement) -> list[tuple[str, str, str]]:
    return [(one.source, one.rule, one.verdict) for one in judgement.raised]


@pytest.mark.parametrize(
    ("delivery", "verdict", "rules"),
    [
        (situation(profile(1150), history(*A_WEEK)), "pass", []),
        (situation(profile(1000)), "pass", []),  # the first run of all
        (situation(profile(0)), "pass", []),  # and one without a message
        (situation(profile(10_000), history(*A_WEEK)), "stop", [("web", "volume", "stop")]),
        (situation(profile(300), history(*A_WEEK)), "warn", [("web", "volume", "warn")]),
        (
            situation(profile(1000, quarantined=600), history(*A_WEEK)),
            "stop",
            [("web", "quarantine_rate", "stop")],
        ),
        (
            situation(profile(1000, quarantined=60), history(*A_WEEK)),
            "warn",
            [("web", "quarantine_rate", "warn")],
        ),
        (
            situation(profile(1000, duplicates=999), history(*A_WEEK)),
            "stop",
            [("web", "duplicate_rate", "stop")],
        ),
        (
            situation(profile(1000, languages={"pt": 1000}), history(*A_WEEK)),
            "stop",
            [("web", "language_mix", "stop")],
        ),
        (
            situation(profile(1000, newest="2026-03-01T00:00:00+00:00"), history(*A_WEEK)),
            "pass",  # it sends old messages, but newer ones are known
            [],
        ),
        (
            situation(profile(1000, newest="2026-03-01T00:00:00+00:00")),
            "warn",
            [("web", "freshness_hours", "warn")],
        ),
        (
            situation(profile(0), history(*A_WEEK, last="2026-03-09")),
            "warn",
            [("web", "freshness_hours", "warn"), ("web", "missing_dates", "warn")],
        ),
        (
            situation(profile(1000, labels={"refund": 995, "order": 5}), kind="labels"),
            "warn",
            [("web", "label_imbalance", "warn")],
        ),
        (
            situation(
                profile(1000, labels={"refund": 100, "order": 900}),
                history(1000, labels={"refund": 900, "order": 100}),
                kind="labels",
            ),
            "stop",
            [("web", "label_mix", "stop")],
        ),
    ],
)
def test_a_delivery_is_judged(delivery: Situation, verdict: str, rules: list[tuple[str, str, str]]) -> None:
    found = judged(delivery)
    assert (found.verdict, raised(found)) == (verdict, rules)


def test_messages_are_not_judged_by_the_rules_for_labels_nor_labels_by_those_for_messages() -> None:
    messages = {one.rule for one in judged(situation()).findings}
    labels = {one.rule for one in judged(situation(kind="labels")).findings}
    assert "freshness_hours" in messages - labels
    assert labels - messages == {"label_mix", "label_imbalance"}


def test_a_limit_itself_is_not_above_the_limit() -> None:
    assert judged(situation(profile(1000, quarantined=500))).verdict == "warn"
    assert judged(situation(profile(1000, quarantined=50))).verdict == "pass"


def test_one_source_may_have_limits_of_its_own() -> None:
    noisy, strict = (situation(profile(1000, source=name, quarantined=600)) for name in ("noisy", "strict"))
    own: dict[str, float] = {"quarantine_rate_stop": 0.8, "quarantine_rate_warn": 0.7}
    assert raised(judged(noisy, strict, noisy=own)) == [("strict", "quarantine_rate", "stop")]


def test_one_source_that_stops_stops_the_run_and_is_named_and_the_other_is_in_order() -> None:
    found = judged(
        situation(profile(1000, source="app"), history(*A_WEEK)),
        situation(profile(1000, source="web", quarantined=600), history(*A_WEEK)),
    )
    assert (found.verdict, raised(found)) == ("stop", [("web", "quarantine_rate", "stop")])
    assert {one.verdict for one in found.findings if one.source == "app"} == {"pass"}


def test_what_stops_is_said_with_its_value_its_limit_and_what_to_do() -> None:
    found = judged(
        situation(profile(1000, source="app", duplicates=300)), situation(profile(1000, quarantined=611))
    ).summary()
    assert (found["verdict"], found["findings"]) == ("stop", 2)
    assert found["raised"] == {"quarantine_rate": 1, "duplicate_rate": 1}
    assert found["said"] == (
        "web: quarantine_rate 0.611 is above 0.5 (611 quarantined of 1,000 records); "
        "app: duplicate_rate 0.3 is above 0.2 (300 duplicates of 1,000 records). "
        "What to do: see the reasons with criba quarantine list, and ask the source what it changed"
    )


def test_records_of_no_known_source_are_told_of_and_stop_nothing() -> None:
    strays = profile(1000, source=STRAYS, quarantined=1000)
    found = judged(situation(profile()), situation(strays))
    assert (found.verdict, raised(found)) == ("warn", [(STRAYS, "quarantine_rate", "warn")])


def test_the_summary_has_a_bounded_size_however_much_is_wrong() -> None:
    many = [situation(profile(1000, source=f"source-{n}", quarantined=900)) for n in range(100)]
    found = judged(*many).summary()
    assert found["findings"] == 100
    assert "and 80 more" in found["said"] or found["said"].endswith("...")
    assert len(json.dumps(found)) < 40_000


def test_the_figures_leave_out_what_cannot_be_told_of_nothing() -> None:
    empty, full = judged(situation(profile(0)), situation(profile(1000, quarantined=250))).summary()["sources"]
    assert empty == {"source": "web", "landed": 0, "kept": 0, "duplicates": 0, "quarantined": 0}
    assert full == {
        "source": "web",
        "landed": 1000,
        "kept": 750,
        "duplicates": 0,
        "quarantined": 250,
        "quarantine_rate": 0.25,
        "duplicate_rate": 0.0,
        "freshness_hours": 14.0,
    }


def test_the_report_is_json_without_infinities() -> None:
    report = judged(situation(profile(1000), history(*A_WEEK))).report()
    assert json.loads(json.dumps(report, allow_nan=False)) == report
    (source,) = report["sources"]
    assert source["expected"] == {"median": 1000, "deviation": 100, "observations": 7}
    assert source["ours"] == {"2026-03-19": 1000}
    assert source["earlier"]["2026-03-18"] == 1000


def test_a_date_without_messages_is_reported_as_one_between_the_others() -> None:
    (source,) = judged(situation(profile(), history(1000, 0, 1000, last="2026-03-17"))).report()["sources"]
    assert list(source["earlier"].values()) == [1000, 0, 1000, 0, 0]
    (source,) = judged(situation(profile(), history(1000, last="2025-01-01"))).report()["sources"]
    assert (len(source["earlier"]), max(source["earlier"])) == (60, "2026-03-19")


@pytest.mark.parametrize(
    ("limits", "now"),
    [
        ("no JSON", "2026-03-20T02:00:00Z"),
        ("{}", "2026-03-20T02:00:00Z"),
        ("[]", "2026-03-20T02:00:00Z"),
        ('{"all": {}, "sources": {}}', "this morning"),
    ],
)
def test_arguments_that_make_no_sense_are_refused_in_words(limits: str, now: str) -> None:
    with pytest.raises(ValueError, match="--quality, --now: not the limits as JSON and an ISO 8601 moment"):
        Gate.of(limits, now)


def test_the_arguments_are_read() -> None:
    given: dict[str, Any] = {"all": {"volume_stop": math.inf}, "sources": {"app": {"volume_stop": 3}}}
    read = Gate.of(json.dumps(given), "2026-03-20T02:00:00.000Z")
    assert read.limits("web").values["volume_stop"] == math.inf
    assert read.limits("app").values["volume_stop"] == 3
    assert read.now.isoformat() == "2026-03-20T02:00:00+00:00"
