"""Backfill: its days, the names of their runs, and what becomes of a day that ran, runs or failed before."""

from typing import Any

import pytest

from gates.language import problems
from tests.workflows.conftest import definitions
from tests.workflows.evaluation import evaluate


def states() -> dict[str, Any]:
    return dict(definitions()["backfill"]["States"])


def day_states() -> dict[str, Any]:
    return dict(states()["Score the days"]["ItemProcessor"]["States"])


def given(
    source: str = "*", generation: int = 0, first: str = "2026-03-01", last: str = "2026-03-03"
) -> dict[str, Any]:
    scope = {"source": source, "date_from": first, "date_to": last}
    return {"Execution": {"Input": {"scope": scope, "concurrency": 2, "generation": generation}}}


@pytest.mark.parametrize(
    ("first", "last", "days"),
    [
        ("2026-02-27", "2026-03-02", ["2026-02-27", "2026-02-28", "2026-03-01", "2026-03-02"]),
        ("2026-03-29", "2026-03-29", ["2026-03-29"]),
    ],
)
def test_every_day_of_the_range_is_listed_in_order(first: str, last: str, days: list[str]) -> None:
    assert evaluate(states()["List the days"]["Assign"], context=given(first=first, last=last)) == {"days": days}


def test_so_many_days_run_at_once_as_were_asked_for() -> None:
    each = states()["Score the days"]
    assert evaluate(each["MaxConcurrency"], context=given()) == 2
    assert evaluate(each["Items"], days=["2026-03-01"]) == ["2026-03-01"]
    assert evaluate(each["ItemSelector"], context={"Map": {"Item": {"Value": "2026-03-01"}}}) == {"day": "2026-03-01"}


def name_of(source: str = "*", generation: int = 0, run_id: str = "b") -> str:
    named = evaluate(
        day_states()["Name the day's run"]["Assign"]["day_run"].replace("$states.input.day", "$day"),
        context=given(source, generation),
        run_id=run_id,
        day="2026-03-01",
    )
    return str(named)


def test_a_days_run_is_named_after_its_day_and_source_whatever_the_range() -> None:
    assert name_of(run_id="backfill-1") == name_of(run_id="backfill-2") == "backfill-2026-03-01"
    assert name_of("web-form").startswith("backfill-2026-03-01-")
    assert name_of("web-form") != name_of("app")


def test_a_day_that_is_scored_once_more_is_another_run_each_time() -> None:
    names = {name_of(generation=1), name_of(generation=2), name_of("app", 1, "other"), name_of()}
    assert len(names) == 4
    assert all(len(name) <= 40 for name in names)


def test_a_days_run_takes_that_day_and_says_who_asked_for_it() -> None:
    known = {
        "day_run": "backfill-2026-03-01",
        "day_attempt": 2,
        "day": "2026-03-01",
        "run_id": "b",
        "started_by": "ines",
    }
    start = day_states()["Score the day"]
    arguments = evaluate(start["Arguments"], context=given("app"), **known)
    assert arguments["Name"] == "backfill-2026-03-01-2"
    assert arguments["Input"] == {
        "run_id": "backfill-2026-03-01",
        "attempt": 2,
        "trigger": {"kind": "backfill", "id": "b"},
        "started_by": "ines",
        "scope": {"source": "app", "date_from": "2026-03-01", "date_to": "2026-03-01"},
        "again": False,
    }
    again = evaluate(start["Arguments"], context=given("app", generation=1), **known)
    assert again["Input"]["again"] is True
    looked_at = evaluate(day_states()["Look at its run"]["Arguments"]["ExecutionArn"], **known)
    assert looked_at.endswith(":backfill-2026-03-01-2")


def after(state: str, **known: Any) -> str:
    choice = day_states()[state]
    met = [one["Next"] for one in choice["Choices"] if evaluate(one["Condition"], **known)]
    return str((met or [choice["Default"]])[0])


@pytest.mark.parametrize(
    ("state", "status", "next_"),
    [
        ("Is the day done?", "SUCCEEDED", "Day was done"),
        ("Is the day done?", "FAILED", "Score the day"),
        ("Does it run?", "RUNNING", "Wait for it"),
        ("Does it run?", "PENDING_REDRIVE", "Wait for it"),
        ("Does it run?", "SUCCEEDED", "Day was done"),
        ("Does it run?", "FAILED", "Try the day anew"),
        ("Does it run?", "ABORTED", "Try the day anew"),
    ],
)
def test_a_finished_day_is_passed_over_and_a_failed_one_is_tried_anew(state: str, status: str, next_: str) -> None:
    assert after(state, day_status=status) == next_


def test_a_bad_day_ends_as_failed_and_the_others_go_on() -> None:
    caught = {error: one["Next"] for one in day_states()["Score the day"]["Catch"] for error in one["ErrorEquals"]}
    assert caught == {"StepFunctions.ExecutionAlreadyExistsException": "Look at its run", "States.ALL": "Day failed"}
    known = {"day": "2026-03-02", "day_run": "backfill-2026-03-02"}
    ends = [day_states()[f"Day {how}"] for how in ("scored", "was done", "failed")]
    assert [evaluate(one["Output"], **known)["status"] for one in ends] == ["scored", "skipped", "failed"]
    assert all(one["End"] for one in ends)


def test_the_end_tells_which_days_failed() -> None:
    ended = [{"day": f"2026-03-0{n}", "status": how} for n, how in ((1, "scored"), (2, "failed"), (3, "skipped"))]
    kept = evaluate(states()["Score the days"]["Assign"], result=ended)
    assert kept["steps"] == {"days": {"scored": 1, "skipped": 1, "failed": 1}}
    assert kept["failed_days"] == ["2026-03-02"]
    told = evaluate(states()["Tell which days failed"]["Cause"], failed_days=["2026-03-02"], days=["a", "b", "c"])
    assert told == "1 of 3 days failed: 2026-03-02. Start the same backfill again: it does these only"
    nobody = evaluate(states()["Score the days"]["Assign"], result=ended[:1])
    assert (nobody["failed_days"], nobody["steps"]) == ([], {"days": {"scored": 1, "skipped": 0, "failed": 0}})


def test_the_check_looks_into_a_map() -> None:
    inner = {"A": {"Type": "Pass", "Assign": {"x": 1}, "Next": "B"}, "B": {"Type": "Pass", "Next": "C"}}
    each = {"Type": "Map", "ItemProcessor": {"StartAt": "A", "States": inner}, "Next": "Z"}
    outer = {"Y": {"Type": "Pass", "Assign": {"x": 2}, "Next": "E"}, "E": each, "Z": {"Type": "Succeed"}}
    assert problems({"StartAt": "Y", "States": outer}) == ["E: C does not exist", "E: x is assigned inside and outside"]
