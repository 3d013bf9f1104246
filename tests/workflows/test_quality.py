"""The gate after cleaning: figures are published always; then a run goes on, tells people, or stops."""

from typing import Any

import pytest

from tests.workflows.conftest import definitions
from tests.workflows.evaluation import chosen, evaluate

INPUT = {"run_id": "night", "started_by": "schedule"}
ACCEPTED = {**INPUT, "accept_quality": {"by": "arn:ines", "reason": "a campaign"}}
SAID = "web: quarantine_rate 0.6 is above 0.5 (600 quarantined of 1,000 records). What to do: ask the source"
NEXT = {"score": "Build the batch", "train": "Build the training set"}


def steps(verdict: str) -> dict[str, Any]:
    sources = [
        {
            "source": "web",
            "landed": 1000,
            "kept": 400,
            "quarantine_rate": 0.6,
            "duplicate_rate": 0,
            "freshness_hours": 2.5,
        },
        {"source": "app", "landed": 0, "kept": 0},
    ]
    return {
        "clean": {
            "quality": {
                "verdict": verdict,
                "said": SAID,
                "findings": 1,
                "raised": {"quarantine_rate": 1},
                "sources": sources,
            }
        }
    }


def known(verdict: str, given: dict[str, Any] = INPUT) -> dict[str, Any]:
    return {"steps": steps(verdict), "run_id": "night", "context": {"Execution": {"Input": given}}}


@pytest.mark.parametrize("workflow", ["score", "train"])
@pytest.mark.parametrize(
    ("verdict", "given", "next_"),
    [
        ("pass", INPUT, None),
        ("warn", INPUT, "Tell of the quality"),
        ("stop", INPUT, "Refuse the quality"),
        ("stop", ACCEPTED, "Tell of the quality"),
        ("pass", ACCEPTED, None),
    ],
)
def test_a_run_goes_on_tells_people_or_stops(
    workflow: str, verdict: str, given: dict[str, Any], next_: str | None
) -> None:
    assert chosen(workflow, "Good quality?", **known(verdict, given)) == (next_ or NEXT[workflow])


@pytest.mark.parametrize("workflow", ["score", "train"])
def test_nothing_is_scored_or_learnt_before_the_gate(workflow: str) -> None:
    states = definitions()[workflow]["States"]
    assert states["Clean messages: read the report"]["Next"] == "Publish the quality"
    assert states["Publish the quality"]["Next"] == "Good quality?"
    assert states["Tell of the quality"]["Next"] == NEXT[workflow]
    assert states["Refuse the quality"]["Type"] == "Fail"
    assert [name for name, state in states.items() if state.get("Next") == NEXT[workflow]] == ["Tell of the quality"]


def test_a_stop_says_the_rule_the_value_the_limit_and_the_two_ways_on() -> None:
    state = definitions()["score"]["States"]["Refuse the quality"]
    assert state["Error"] == "Criba.QualityGate"
    assert evaluate(state["Cause"], **known("stop")) == (
        f"{SAID}. To go on with these records as they are: criba runs accept night --reason"
    )


def test_people_are_told_in_signs_that_every_way_of_telling_can_carry() -> None:
    (entry,) = definitions()["score"]["States"]["Tell of the quality"]["Arguments"]["Entries"]
    assert entry["DetailType"] == "QualityWarned"
    told = evaluate(entry["Detail"], **known("warn"))
    assert told["findings"] == SAID
    odd = known("warn")
    odd["steps"]["clean"]["quality"]["said"] = 'a "quoted" {thing} ' * 100
    told = evaluate(entry["Detail"], **odd)
    assert len(told["findings"]) == 400
    assert '"' not in told["findings"]


def published(verdict: str, given: dict[str, Any] = INPUT, workflow: str = "score") -> list[dict[str, Any]]:
    arguments = definitions()[workflow]["States"]["Publish the quality"]["Arguments"]
    assert arguments["Namespace"] == "Criba"
    found: list[dict[str, Any]] = evaluate(arguments["MetricData"], **known(verdict, given))
    return found


def test_each_source_has_its_figures_and_none_where_there_is_none_to_tell() -> None:
    found = [
        (one["MetricName"], one["Dimensions"][-1]["Value"], one["Value"], one["Unit"]) for one in published("pass")
    ]
    assert found == [
        ("Landed", "web", 1000, "Count"),
        ("Landed", "app", 0, "Count"),
        ("Kept", "web", 400, "Count"),
        ("Kept", "app", 0, "Count"),
        ("QuarantineRate", "web", 0.6, "None"),
        ("DuplicateRate", "web", 0, "None"),
        ("FreshnessHours", "web", 2.5, "None"),
        ("QuarantineRateRaised", "local", 1, "Count"),
        ("VolumeRaised", "local", 0, "Count"),
        ("FreshnessRaised", "local", 0, "Count"),
        ("QualityStopped", "score", 0, "Count"),
    ]
    assert published("pass")[0]["Dimensions"] == [
        {"Name": "Environment", "Value": "local"},
        {"Name": "Source", "Value": "web"},
    ]


@pytest.mark.parametrize(
    ("verdict", "given", "stopped"), [("stop", INPUT, 1), ("stop", ACCEPTED, 0), ("warn", INPUT, 0)]
)
def test_a_run_that_stops_says_so_in_a_metric(verdict: str, given: dict[str, Any], stopped: int) -> None:
    last = published(verdict, given, "train")[-1]
    assert (last["MetricName"], last["Value"]) == ("QualityStopped", stopped)
    assert last["Dimensions"] == [{"Name": "Environment", "Value": "local"}, {"Name": "Workflow", "Value": "train"}]


def test_a_hundred_sources_fit_into_one_call() -> None:
    many = known("pass")
    quality = many["steps"]["clean"]["quality"]
    quality["sources"] = [{**quality["sources"][0], "source": f"s{n}"} for n in range(101)]
    arguments = definitions()["score"]["States"]["Publish the quality"]["Arguments"]
    assert len(evaluate(arguments["MetricData"], **many)) <= 1000


@pytest.mark.parametrize(("given", "accepted"), [(INPUT, "no"), (ACCEPTED, "yes")])
def test_the_job_is_told_the_limits_when_the_run_began_and_whether_a_person_has_accepted(
    given: dict[str, Any], accepted: str
) -> None:
    arguments = definitions()["train"]["States"]["Clean messages"]["Arguments"]["Arguments"]
    context = {"Execution": {"Input": given, "StartTime": "2026-11-23T10:00:00.000Z"}}
    assert evaluate(arguments["--now"], context=context) == "2026-11-23T10:00:00.000Z"
    assert evaluate(arguments["--accepted"], context=context) == accepted
    assert '"quarantine_rate_stop": 0.5' in arguments["--quality"]
