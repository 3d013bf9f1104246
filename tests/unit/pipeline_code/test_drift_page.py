"""The page of a drift report: whole in one file, harmless, the same bytes for the same report; and its pictures."""

import copy
import re
from typing import Any
from xml.etree import ElementTree

import pytest

from pipeline_code.monitoring.page import page
from pipeline_code.monitoring.report import MOST_RUNS, Memory, moved
from pipeline_code.pictures import gauges, trend


def signal(name: str, value: float, verdict: str, *, kind: str = "data", judged: bool = True) -> dict[str, Any]:
    bounds = {"expected": 0.02, "warn": 0.03, "page": 0.04}
    return {"name": name, "kind": kind, "words": "x", "value": value, **bounds, "judged": judged, "verdict": verdict}


def run(run_id: str, value: float) -> dict[str, Any]:
    values = {"unknown_ngram_rate": value, "review_rate": 0.02}
    return {"run_id": run_id, "values": values, "warn": dict.fromkeys(values, 0.03), "far": []}


MIX = {"batch": {"es": 60, "en": 40}, "baseline": {"es": 100, "en": 0}}
REPORT: dict[str, Any] = {
    "run_id": "night",
    "model_version": "3",
    "records": 1_500,
    "unscorable": 2,
    "judged_every": 1,
    "window": {"start": None, "end": "2026-03-02T02:05:00Z"},
    "notes": [],
    "why_not": None,
    "data_drift": {"judged": True, "warn": 1, "page": 1, "signals": ["unknown_ngram_rate"]},
    "model_drift": {"judged": True, "warn": 0, "page": 0, "signals": []},
    "signals": [
        signal("unknown_ngram_rate", 0.05, "page"),
        signal("review_rate", 0.02, "in order", kind="model", judged=False),
    ],
    "mixes": dict.fromkeys(("languages", "labels", "lengths", "confidences"), MIX),
    "runs": [run("monday", 0.02), run("tuesday", 0.041), run("night", 0.05)],
    "outliers": {
        "count": 1_234,
        "listed": [
            {"message_id": "web:<b>9", "signal": "unknown_ngram_rate", "value": 0.9, "threshold": 0.4},
        ],
    },
}


def changed(**fields: Any) -> dict[str, Any]:
    return {**copy.deepcopy(REPORT), **fields}


def pictures(made: str) -> list[ElementTree.Element]:
    """The pictures of a page, each of which must be XML."""
    found = re.findall(r"<svg.*?</svg>", made, re.DOTALL)
    return [ElementTree.fromstring(svg) for svg in found]  # noqa: S314  (our own)


def test_it_needs_nothing_but_itself() -> None:
    made = page(REPORT)
    assert not re.search(r"<script|<link|<img|<iframe|https?:|url\(|@import|\bon\w+=", made)
    assert '<meta name="viewport" content="width=device-width, initial-scale=1">' in made
    assert made == page(REPORT)


def test_it_says_first_which_kind_of_drift_pages_and_what_to_do() -> None:
    start = page(REPORT).partition("<h2>")[0]
    assert "model version 3, 1,500 messages, 2 unscorable, 2026-03-02T02:05:00Z" in start
    assert "the messages: <span class='verdict stop'>pages</span>" in start
    assert "what the model says of them: <span class='verdict pass'>in order</span>" in start
    assert "label some of the new messages and train" in start


def test_its_pictures_are_the_signals_the_mixes_and_the_trends() -> None:
    assert [one.get("aria-label") for one in pictures(page(REPORT))] == [
        "How far each signal is",
        "Languages",
        "Labels that the model gave",
        "Characters of a text",
        "Confidence, each part a tenth of the baseline or more",
        "unknown n-gram rate",
        "review rate",
    ]


def test_a_first_run_has_no_trend() -> None:
    assert "Over the runs" not in page(changed(runs=REPORT["runs"][:1]))


def test_a_batch_that_was_not_judged_says_why_and_draws_nothing() -> None:
    not_judged = {"judged": False, "warn": 0, "page": 0, "signals": []}
    made = page(
        changed(
            signals=[], why_not="5 messages", data_drift=not_judged, model_drift=not_judged, notes=["clocks differ"]
        )
    )
    assert "Not judged: 5 messages." in made and "clocks differ." in made
    assert pictures(made) == []


def test_a_sample_is_told() -> None:
    assert "1,500 messages, of which one in 3 was judged" in page(changed(judged_every=3))


def test_names_from_outside_are_escaped() -> None:
    made = page(REPORT)
    assert "web:&lt;b&gt;9" in made and "<b>9" not in made
    assert "1,234 messages are farther from training" in made
    labels = {"batch": {"<i>": 1}, "baseline": {"<i>": 0}}
    assert "&lt;i&gt;" in page(changed(mixes={**REPORT["mixes"], "labels": labels}))


def test_what_has_moved_most_comes_first() -> None:
    mix = {"batch": {"a": 10, "b": 50, "c": 40}, "baseline": {"a": 10, "b": 80, "c": 10}}
    assert moved(mix)[:2] == [("b", 0.5, 0.8), ("c", 0.4, 0.1)]
    assert moved({"batch": {}, "baseline": {}}) == []


@pytest.mark.parametrize(("reach", "width"), [(0.5, 67.0), (1.0, 134.0), (9.0, 268.0), (-1.0, 1.0)])
def test_a_gauge_ends_at_twice_its_limit(reach: float, width: float) -> None:
    (drawn,) = pictures(gauges("x", [("a", reach, 0.5, "9")]))
    ours = next(one for one in drawn if one.get("class") == "ours")
    assert float(ours.get("width", "")) == width


def test_a_trend_stays_in_its_picture_even_if_nothing_changes() -> None:
    for values in ([0.5], [0.5, 0.5], [0.0, 3.0, 1.0]):
        (drawn,) = pictures(trend("x", values, values))
        line = next(one for one in drawn if one.tag == "polyline")
        points = [tuple(map(float, pair.split(","))) for pair in line.get("points", "").split()]
        assert len(points) == len(values)
        assert all(0 <= x <= 480 and 0 <= y <= 150 for x, y in points)


def test_a_report_remembers_so_many_runs_of_its_model_and_no_more() -> None:
    memory = Memory([run(f"r-{number}", 0.02) for number in range(MOST_RUNS + 5)])
    assert memory.before("r-3").far == []
    assert "r-3" not in [one["run_id"] for one in memory.before("r-3").runs]
