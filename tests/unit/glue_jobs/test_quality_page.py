"""The page of a quality report: whole in one file, harmless, the same bytes for the same report."""

import re
from typing import Any
from xml.etree import ElementTree

from glue_jobs.quality.gate import judge
from glue_jobs.quality.page import page
from pipeline_code.pictures import columns, pairs
from tests.unit.glue_jobs.deliveries import gate, history, profile, situation

A_WEEK = (1000, 1100, 900, 1050, 950, 1000, 1000)


def report(*situations: Any) -> dict[str, Any]:
    run = {"run_id": "night", "workflow": "score", "judged_at": "2026-03-20T02:00:00+00:00"}
    return {**run, **judge(situations, gate()).report()}


WRONG = report(
    situation(profile(1000, source="app"), history(*A_WEEK)),
    situation(profile(1000, quarantined=600, languages={"pt": 300, "es": 100}), history(*A_WEEK)),
)


def pictures(made: str) -> list[ElementTree.Element]:
    """The pictures of a page, each of which must be XML."""
    found = re.findall(r"<svg.*?</svg>", made, re.DOTALL)
    return [ElementTree.fromstring(svg) for svg in found]  # noqa: S314  (our own)


def test_it_needs_nothing_but_itself() -> None:
    made = page(WRONG)
    assert not re.search(r"<script|<link|<img|<iframe|https?:|url\(|@import|\bon\w+=", made)
    assert '<meta name="viewport" content="width=device-width, initial-scale=1">' in made
    assert made == page(WRONG)


def test_it_says_first_what_stopped_the_run_and_what_to_do() -> None:
    start = page(WRONG).partition("<h2>")[0]
    assert "Quality of score run night" in start
    assert "<b>web</b>: quarantine_rate 0.6, above 0.5 (600 quarantined of 1,000 records)" in start
    assert "See the reasons with criba quarantine list, and ask the source what it changed." in start
    assert start.index("quarantine_rate") < start.index("language_mix")


def test_each_source_has_its_pictures_and_every_rule_its_line() -> None:
    made = page(WRONG)
    assert [one.get("aria-label") for one in pictures(made)] == [
        "What became of the records",
        "Records by date",
        "Languages",
        "Characters of a text",
        "What became of the records",
        "Why records were quarantined",
        "Records by date",
        "Languages",
        "Characters of a text",
    ]
    assert made.count("<tr>") == 1 + 2 * 6


def test_bars_are_as_long_as_their_counts_and_the_band_lies_where_it_should() -> None:
    (drawn,) = pictures(columns("x", {"2026-03-18": 100}, {"2026-03-19": 50}, 60.0, 100.0))
    band, earlier, _, _, ours = drawn.findall("rect")
    assert (band.get("class"), band.get("height")) == ("faint", "48.0")
    assert (earlier.get("class"), earlier.get("height")) == ("before", "120.0")
    assert (ours.get("class"), ours.get("height")) == ("ours", "60.0")


def test_a_name_is_never_markup() -> None:
    labels = {"<b>bold</b>": 90, '"quoted" & long enough to be cut': 60}
    made = page(report(situation(profile(150, labels=labels), kind="labels")))
    assert "<b>bold</b>" not in made
    assert "&lt;b&gt;bold&lt;/b&gt;" in made
    assert "long enough to be cut" not in made


def test_a_first_run_without_a_message_has_a_page_too() -> None:
    made = page(report(situation(profile(0))))
    assert "Every rule that could be judged is in order." in made
    assert "not judged" in made
    assert len(pictures(made)) == 2


def test_a_mix_without_an_earlier_one_is_drawn_alone() -> None:
    (drawn,) = pictures(pairs("x", {"es": 3, "en": 1}, {}, 5))
    assert [one.text for one in drawn.iter("text")] == ["es", "75.0%", "en", "25.0%"]
    assert {one.get("class") for one in drawn.iter("rect")} == {"ours"}


def test_one_date_has_its_name_below_its_column() -> None:
    (drawn,) = pictures(columns("x", {}, {"2026-03-19": 50}, 0.0, 0.0))
    (name,) = drawn.iter("text")
    assert (name.text, name.get("text-anchor"), name.get("x")) == ("2026-03-19", "middle", "209.0")
