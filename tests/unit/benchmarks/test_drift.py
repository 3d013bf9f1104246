"""The drift bench: batches are what they are said to be, and its summary says what was counted."""

import json
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.drift import page, shifts, summary, trials
from benchmarks.drift.streams import Stream, Watched
from benchmarks.drift.trials import JUDGED, Counts, Found, Plan
from pipeline_code.monitoring.statistics import Observation
from pipeline_code.records import Example


def watched(word: str, count: int, language: str = "es") -> Watched:
    texts = [f"{word} numero {number % 40} llega {word}{number % 7}" for number in range(count)]
    seen = [
        Observation(len(text), language, "ab"[number % 2], 0.5 + number % 50 / 100, 1.0 + number % 9 / 10, "auto")
        for number, text in enumerate(texts)
    ]
    return Watched(texts, seen)


STREAM = Stream(
    "es", watched("pedido", 500), watched("pedido", 300).texts, {"language": watched("parcel", 60, "en")}, 0.9, None
)  # type: ignore[arg-type]
SMALL = Plan(rounds=1, pairs={120: 5}, batches=2, size=120)


@pytest.fixture(scope="module")
def found() -> Found:
    return trials.run(STREAM, SMALL, lambda _: None)


def test_a_round_takes_half_for_its_baseline_and_no_message_is_in_both() -> None:
    kept, to_come = trials.parts(STREAM, 0)
    assert (len(kept.texts), len(to_come.texts)) == (250, 250)
    assert trials.parts(STREAM, 1)[0].texts != kept.texts


def test_places_are_drawn_once_if_there_are_enough() -> None:
    rng = np.random.default_rng(0)
    assert len(set(trials.drawn(rng, 100, 100).tolist())) == 100
    assert len(trials.drawn(rng, 10, 100)) == 100


def test_every_trial_is_counted(found: Found) -> None:
    assert (found.null[120].batches, found.null[120].pairs) == (10, 5)
    assert {rate: counts.batches for rate, counts in found.drifted["language"].items()} == {5: 2, 10: 2, 25: 2}
    assert len(found.batches_to_page["language"]) == 2


def test_another_language_is_found_and_paged_on_the_second_batch(found: Found) -> None:
    assert found.drifted["language"][25].rates()["joint"] == 1.0
    assert found.batches_to_page["language"] == [2, 2]


def counted(batches: int, pairs: int = 0, paged: int = 0, **warned: int) -> Counts:
    return Counts(batches, defaultdict(int, warned), pairs, paged)


def test_false_alarms_are_shares_of_all_batches() -> None:
    found = summary.false_alarms([counted(100, 50, 1, label_psi=3, joint=3), counted(100, 50, 0, joint=1)], JUDGED)
    assert (found["warn"]["label_psi"], found["warn"]["joint"], found["page"], found["pairs"]) == (0.015, 0.02, 1, 100)
    assert set(found["warn"]) == {*JUDGED, "joint"}


def one_stream(power: int, pages: list[int]) -> Found:
    return Found(
        null={1_000: counted(100, 50, joint=2), 10_000: counted(20, 10)},
        drifted={
            kind: {rate: counted(10, joint=power) for rate in (5, 10, 25)}
            for kind in ("language", "new topic", "typos", "label prior")
        },
        batches_to_page=dict.fromkeys(("language", "new topic", "typos", "label prior"), pages),
    )


def test_power_is_that_of_the_stream_that_does_worse_and_so_are_batches_to_page() -> None:
    told = summary.together({"es": one_stream(10, [2, 2]), "en": one_stream(8, [2, 3])}, 1_000)
    assert told["power"]["typos"] == {"5": 0.8, "10": 0.8, "25": 0.8}
    assert told["batches_to_page"]["typos"] == 3
    assert summary.missed(told) == [
        "language at 10 % is found 80% of the time",
        "language at 25 % takes up to 3 batches to page",
        "new topic at 10 % is found 80% of the time",
        "new topic at 25 % takes up to 3 batches to page",
        "typos at 10 % is found 80% of the time",
        "typos at 25 % takes up to 3 batches to page",
        "label prior at 25 % is found 80% of the time",
        "label prior at 25 % takes up to 3 batches to page",
    ]


def test_nothing_is_missed_where_all_is_reached_and_a_page_of_nothing_always_is() -> None:
    good = {"es": one_stream(10, [2, 2])}
    assert summary.missed(summary.together(good, 1_000)) == []
    null = {1_000: counted(100, 50, 1, label_psi=3, joint=3), 10_000: counted(2, 1)}
    assert summary.missed(summary.together({"es": replace(good["es"], null=null)}, 1_000)) == [
        "label_psi warns of 3.0% undrifted batches",
        "1 pairs of undrifted batches page",
    ]


def result() -> dict[str, Any]:
    streams = {"es": one_stream(10, [2]), "en": one_stream(9, [2])}
    told = summary.together(streams, 1_000)
    peer = {
        "false_alarms": summary.false_alarms([counted(10, 5, label=5, joint=5)], ["text", "label"]),
        "power": {kind: {"10": 0.5, "25": 1.0} for kind in told["power"]},
        "seconds_per_10000": 5.0,
    }
    cost: dict[str, Any] = {"messages": 1_000_000, "seconds": 1.5, "processor_seconds": 1.2, "memory_mb": 300.0}
    cost |= {"of_10000": {"seconds": 0.9}, "score_seconds": 12.0}
    method = {"rounds": 2, "minutes": 9.0, "held_out": {"es": 3_000, "en": 9_000}}
    machine = {"day": "2026-03-02", "processor": "x", "cores": 2}
    return {**told, "evidently": peer, "cost": cost, "method": method, "machine": machine}


def test_the_page_gets_what_was_measured_between_its_marks_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "summary.json").write_text(json.dumps(result()))
    docs = tmp_path / "drift.md"
    docs.write_text(f"before\n{page.BEGIN}\nold\n{page.END}\nafter\n<!-- end -->\n")
    page.publish(tmp_path / "summary.json", docs)
    written = docs.read_text()
    assert written.startswith("before\n") and written.endswith("\nafter\n<!-- end -->\n")
    assert "old" not in written
    assert "| any of them | 2.0 % | 0.0 % | 0.0 % | 50.0 % |" in written
    assert "| typos | 90.0 % | 90.0 % | 90.0 % | 2 at most | 50.0 % | 100.0 % |" in written
    assert "12.0 s of 2 cores; the monitor's processor time is 5% of it" in written
    assert len(page.tables(result())) == 3


def test_shifts_are_made_of_the_messages_themselves() -> None:
    examples = [
        Example(f"pedido numero {number} de la semana", "abcde"[number % 5], "es", "w") for number in range(100)
    ]
    changed = sum(text != one.text for text, one in zip(shifts.typos(examples), examples, strict=True))
    assert changed > 80
    favoured = shifts.label_prior(examples)
    assert len({one.label for one in favoured}) == 2 and len(favoured) == 40
