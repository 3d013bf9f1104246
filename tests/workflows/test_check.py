"""The hourly check: what it makes of successes, running runs and deliveries."""

from typing import Any

from tests.workflows.conftest import definitions
from tests.workflows.evaluation import evaluate

NOW = {"State": {"EnteredTime": "2026-11-24T12:00:00Z"}}
HOUR = 3_600_000
NOON = 1_795_521_600_000
NOTHING: dict[str, Any] = {
    "delivered": [],
    **{f"{name}_{what}": [] for name in ("score", "train", "promote") for what in ("ended", "running")},
}


def told(**known: Any) -> dict[tuple[str, ...], float]:
    """What is published, by metric and the values of its dimensions behind the environment."""
    arguments = definitions()["check"]["States"]["Publish what was found"]["Arguments"]
    found = evaluate(arguments["MetricData"], context=NOW, **{**NOTHING, **known})
    return {(one["MetricName"], *(each["Value"] for each in one["Dimensions"][1:])): one["Value"] for one in found}


def took(*hours: float) -> list[dict[str, float]]:
    """Successes that ended now, after so many hours each."""
    return [{"from": NOON - each * HOUR, "to": NOON} for each in hours]


def test_before_the_first_success_and_delivery_nothing_is_told_but_that_nothing_is_late_or_silent() -> None:
    assert told() == {
        ("RunsLate", "score"): 0,
        ("RunsLate", "train"): 0,
        ("RunsLate", "promote"): 0,
        ("SilentSources",): 0,
    }


def test_hours_count_from_the_end_of_the_latest_success() -> None:
    ended = [{"from": NOON - 30 * HOUR, "to": NOON - 27 * HOUR}, {"from": NOON - 60 * HOUR, "to": NOON - 50 * HOUR}]
    assert told(score_ended=ended)["HoursSinceSuccess", "score"] == 27


def test_a_run_is_late_after_three_times_the_usual_and_more_than_an_hour() -> None:
    running = [NOON - 4 * HOUR, NOON - 7 * HOUR]
    assert told(train_ended=took(2, 2, 9), train_running=running)["RunsLate", "train"] == 1
    quick = [NOON - 0.9 * HOUR, NOON - 1.1 * HOUR]
    assert told(train_ended=took(0.1, 0.1, 0.1), train_running=quick)["RunsLate", "train"] == 1


def test_what_is_usual_takes_three_successes() -> None:
    assert told(train_ended=took(1, 1), train_running=[NOON - 500 * HOUR])["RunsLate", "train"] == 0


def test_a_silent_source_is_counted_and_the_latest_delivery_of_all_is_told() -> None:
    found = told(delivered=[{"source": "app", "at": NOON - 49 * HOUR}, {"source": "email", "at": NOON - 47 * HOUR}])
    assert found["HoursSinceData",] == 47
    assert (found["HoursSinceData", "app"], found["HoursSinceData", "email"]) == (49, 47)
    assert found["SilentSources",] == 1


def test_deliveries_are_read_from_the_histories_of_the_sources_that_there_still_are() -> None:
    state = definitions()["check"]["States"]["Look for deliveries"]
    assert state["Arguments"]["Prefix"] == "quality/messages/"
    contents = [
        {"Key": f"quality/messages/source={name}/history.json", "LastModified": "2026-11-24T12:00:00Z"}
        for name in ("app", "given-up")
    ]
    found = evaluate(state["Assign"]["delivered"], result={"Contents": contents})
    assert found == [{"source": "app", "at": NOON}]
    assert evaluate(state["Assign"]["delivered"], result={"KeyCount": 0}) == []


def test_a_redriven_run_counts_from_its_redrive() -> None:
    state = definitions()["check"]["States"]["Look for runs of score"]
    runs = [
        {"StartDate": "2026-11-20T12:00:00Z", "RedriveDate": "2026-11-24T12:00:00Z"},
        {"StartDate": "2026-11-24T11:00:00Z"},
    ]
    assert evaluate(state["Assign"]["score_running"], result={"Executions": runs}) == [NOON, NOON - HOUR]
