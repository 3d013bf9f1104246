"""The benchmarks' page: made from the numbers, and up to date in the documentation."""

import json
import re
from pathlib import Path

from benchmarks.publishing import page, publish
from tests.conftest import ROOT
from tests.unit.benchmarks.measured import SCORED, SETS, figures, measurement


def test_the_published_page_is_made_from_the_published_numbers() -> None:
    kept = ROOT / "docs/benchmarks"
    scored = kept / "score.json"
    numbers = json.loads((kept / "summary.json").read_text())
    made = page(numbers, json.loads(scored.read_text()) if scored.exists() else None, pictures="benchmarks/")
    assert (ROOT / "docs/benchmarks.md").read_text(encoding="utf-8") == made, "say: make bench PUBLISH=1"


def test_the_page_begins_with_the_machine_and_the_ratios() -> None:
    made = page(measurement(), None, pictures="pictures/")
    assert "Measured on 2026-11-24: A Processor, 2 cores, 25.3 GB of\nmemory, Linux 6.1, Python 3.11.7." in made
    for row in (
        "| messages/s over HTTP, all cores, bodies of many | 660,000 (6 MB) | 30,000: Flask, 1 sync, 1 MB | 22.0 |",
        "| messages/s over HTTP, all cores, one by one | 6,000 | 600: Flask, 4 gthread | 10.0 |",
        "| messages/s, one core, banking77 | 400,000 | 16,000: word+char SVC | 25.0 |",
        "| training seconds, calibration included, banking77 | 3.0 | 12.0: word+char logistic regression | 0.25 |",
        "| the same | 3.0 | 5.0: word+char calibrated SVC | 0.60 |",
        "| largest artefact of the sets, MB | 4.5 | 22.0: word+char logistic regression | 0.20 |",
    ):
        assert f"{row}\n" in made
    assert "![Throughput](pictures/throughput.svg)" in made


def test_every_table_has_its_rows() -> None:
    lines = page(measurement(), None, pictures="").splitlines()
    for row in (
        "| banking77 | 900 | 92.00 | 91.00: word+char SVC | 0.95 | +1.0 |",
        "| hwu64 | 1,000 | 88.00 | 89.00: word+char SVC | 0.99 | -1.0 |",
        "| word+char calibrated SVC | 87.50 |",
        "| Criba | 92.00 | 91.00 | 3.0 (3) | 4.5 | 400,000 |",
        "| granian WSGI | 6 MB | 660,000 | 659,990 to 660,010 | 0.05 | 1.20 | 150 |",
        "| Flask, 4 gthread | one message | 600 | 590 to 610 | 0.05 | 2.60 | 500 |",
        "| 4 gthread | 25,000 | 20,000 | 600 |",
    ):
        assert row in lines
    assert [line for line in lines if line.startswith("### ")] == ["### banking77", "### hwu64"]


def test_every_table_is_whole() -> None:
    made = page(measurement(), SCORED, pictures="")
    tables = re.findall(r"(?:^\|.*\n)+", made, re.MULTILINE)
    assert len(tables) == 10
    for rows in (table.splitlines() for table in tables):
        assert set(rows[1]) <= set("| -")
        assert len({row.count("|") for row in rows}) == 1
        assert len(rows) > 2


def test_the_spread_over_seeds_is_shown_where_there_is_one() -> None:
    told = measurement()
    told["sets"] = {
        "banking77": {
            **SETS["banking77"],
            "fastText": {**figures(0.87, 2, 3, 4), "accuracy_lowest": 0.8612, "accuracy_highest": 0.8801},
        }
    }
    assert "| fastText | 87.00 (86.12 to 88.01) | 86.00 | 2.0 (3) | 4.0 | 3 |" in page(told, None, pictures="")


def test_the_run_of_a_million_messages_is_told_where_it_was_made() -> None:
    assert "## A run of" not in page(measurement(), None, pictures="")
    made = page(measurement(), SCORED, pictures="")
    assert "## A run of 1,000,000 messages" in made
    assert "It took 250 s,\n4,080 records a second." in made
    for row in ("| Clean messages | 90.2 |", "| landed | 1,020,068 |", "| CleanMessages | 1,900 |"):
        assert f"{row}\n" in made
    assert "Anything to score?" not in made  # took no time


def test_publishing_takes_numbers_and_pictures_along(tmp_path: Path) -> None:
    measured, docs = tmp_path / "bench", tmp_path / "docs"
    for folder in (measured, docs):
        folder.mkdir()
    (measured / "summary.json").write_text(json.dumps(measurement()))
    (measured / "throughput.svg").write_text("<svg/>")
    (measured / "throughput.png").write_text("not published")
    publish(measured, docs)
    assert sorted(path.name for path in (docs / "benchmarks").iterdir()) == ["summary.json", "throughput.svg"]
    assert (docs / "benchmarks.md").read_text() == page(measurement(), None, pictures="benchmarks/")
