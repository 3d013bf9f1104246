"""Counts that do not add up turn a run red, and say which ones, and in which step."""

from copy import deepcopy
from typing import Any

import pytest

from tests.workflows.conftest import definitions
from tests.workflows.evaluation import chosen, evaluate

FAULTS = {"unanswered": 0, "doubly_answered": 0, "unknown_answers": 0, "unreadable_answers": 0}
SCORED = {
    "clean": {"landed": 10, "kept": 7, "duplicates": 2, "quarantined": 1},
    "plan": {"records": 7, "bytes": 700, "files": 1},
    "published": {
        "messages": 7,
        "shard_lines": 7,
        "answers": 7,
        "faults": FAULTS,
        "scored": 6,
        "unscorable": 1,
        "auto": 4,
        "review": 2,
        "published": 6,
        "quarantine_lines": 2,
    },
}
TRAINED_ON = {
    "clean": {"landed": 20, "kept": 18, "duplicates": 1, "quarantined": 1},
    "training_set": {
        "labelled": 18,
        "examples": 12,
        "repeats": 4,
        "refused": 2,
        "splits": {"train": 8, "validation": 2, "test": 2},
        "lines": 12,
        "quarantine_lines": 3,
    },
}


def discrepancies(workflow: str, steps: dict[str, Any]) -> list[str]:
    found: list[str] = evaluate(definitions()[workflow]["States"]["Reconcile"]["Assign"]["discrepancies"], steps=steps)
    return found


def changed(steps: dict[str, Any], **counts: Any) -> dict[str, Any]:
    """The steps with some counts changed, each named `<step>__<count>`."""
    changed = deepcopy(steps)
    for name, value in counts.items():
        *path, last = name.split("__")
        place = changed
        for part in path:
            place = place[part]
        place[last] = value
    return changed


def test_counts_that_add_up_let_the_run_go_on() -> None:
    assert discrepancies("score", SCORED) == []
    assert chosen("score", "Do the counts add up?", discrepancies=[], steps=SCORED) == "Look for the baseline"
    assert discrepancies("train", TRAINED_ON) == []
    assert chosen("train", "Do the counts add up?", discrepancies=[], steps=TRAINED_ON) == "Enough to train on?"


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        # A record that cleaning lost, and one that it took twice.
        ({"clean__kept": 6}, "Clean messages: 10 landed, but 6 kept + 2 duplicates + 1 quarantined"),
        ({"clean__duplicates": 3}, "Clean messages: 10 landed, but 7 kept + 3 duplicates + 1 quarantined"),
        # A shard with a line too few, and one with a line twice.
        ({"published__shard_lines": 6}, "Build the batch: 7 records, but 6 shard lines"),
        ({"published__shard_lines": 8}, "Build the batch: 7 records, but 8 shard lines"),
        ({"plan__records": 6}, "Build the batch: 7 kept, but 6 records"),
        # An answer that got lost, one that came twice, one to nobody, one that nobody can read.
        ({"published__answers": 6}, "Score: 7 records, but 6 answers"),
        ({"published__faults__unanswered": 1}, "Score: 1 unanswered, but none may be"),
        ({"published__faults__doubly_answered": 1}, "Score: 1 doubly answered, but none may be"),
        ({"published__faults__unknown_answers": 1}, "Score: 1 unknown answers, but none may be"),
        ({"published__faults__unreadable_answers": 1}, "Score: 1 unreadable answers, but none may be"),
        # A message whose file is gone.
        ({"published__messages": 6}, "Publish predictions: 7 kept, but 6 messages"),
        ({"published__unscorable": 0}, "Publish predictions: 7 kept, but 6 scored + 0 unscorable"),
        ({"published__review": 1}, "Publish predictions: 6 scored, but 4 auto + 1 review"),
        # A prediction that is not in the table, or is in it twice.
        ({"published__published": 5}, "Publish predictions: 6 scored, but 5 published"),
        ({"published__published": 7}, "Publish predictions: 6 scored, but 7 published"),
        # A refused record that is not in the quarantine.
        (
            {"published__quarantine_lines": 1},
            "Publish predictions: 1 quarantine lines, but 1 quarantined + 1 unscorable",
        ),
    ],
)
def test_one_record_too_few_or_too_many_turns_a_score_run_red(counts: dict[str, Any], said: str) -> None:
    found = discrepancies("score", changed(SCORED, **counts))
    assert said in found
    assert chosen("score", "Do the counts add up?", discrepancies=found, steps=SCORED) == "Refuse the counts"


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ({"training_set__labelled": 17}, "Build the training set: 18 kept, but 17 labelled"),
        (
            {"training_set__examples": 11},
            "Build the training set: 18 labelled, but 11 examples + 4 repeats + 2 refused",
        ),
        (
            {"training_set__splits__test": 3},
            "Build the training set: 12 examples, but 8 train + 2 validation + 3 test",
        ),
        ({"training_set__lines": 13}, "Build the training set: 12 examples, but 13 lines"),
        (
            {"training_set__quarantine_lines": 2},
            "Build the training set: 2 quarantine lines, but 1 quarantined + 2 refused",
        ),
    ],
)
def test_one_label_too_few_or_too_many_turns_a_train_run_red(counts: dict[str, Any], said: str) -> None:
    assert said in discrepancies("train", changed(TRAINED_ON, **counts))


def test_a_count_that_is_missing_is_no_count_of_nothing() -> None:
    lost = deepcopy(SCORED)
    del lost["published"]["published"]
    assert discrepancies("score", lost) == ["Publish predictions: 6 scored, but  published"]


def test_a_run_with_nothing_to_score_is_reconciled_too() -> None:
    nothing = {
        "clean": {"landed": 3, "kept": 0, "duplicates": 0, "quarantined": 3},
        "plan": {"records": 0, "bytes": 0, "files": 0},
    }
    assert discrepancies("score", nothing) == []
    assert chosen("score", "Do the counts add up?", discrepancies=[], steps=nothing) == "Count the transitions"
    states = definitions()["score"]["States"]
    assert states["Nothing to score"]["Next"] == "Withdraw what was published"
    assert states["Withdraw what was published"]["Next"] == "Reconcile"
    assert discrepancies("score", changed(nothing, clean__kept=1)) == [
        "Clean messages: 3 landed, but 1 kept + 0 duplicates + 3 quarantined",
        "Build the batch: 1 kept, but 0 records",
    ]


def test_nothing_is_trained_or_watched_before_the_counts_add_up() -> None:
    for workflow, report in (("score", "Publish predictions"), ("train", "Build the training set")):
        states = definitions()[workflow]["States"]
        assert states[f"{report}: read the report"]["Next"] == "Reconcile"
        assert states["Refuse the counts"]["Error"] == "Criba.NotReconciled"
    cause = evaluate(definitions()["score"]["States"]["Refuse the counts"]["Cause"], discrepancies=["one", "two"])
    assert cause == "one; two"
