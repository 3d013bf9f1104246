"""The page, made from what was measured and nothing else: in build/bench, and published as docs/benchmarks.md."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined

from benchmarks.names import CALIBRATED, OUR_SERVER, OURS, SERVED, WORD_CHAR_SVC

TEMPLATE = Path(__file__).with_name("page.md.jinja")
SUMMARY, SCORE = "summary.json", "score.json"
DOCS = Path("docs")


def page(summary: Mapping[str, Any], scored: Mapping[str, Any] | None, *, pictures: str) -> str:
    """The page in Markdown; `pictures` leads from it to the pictures' folder. Without `scored` that part is missing."""
    # Markdown is made here, from our own numbers and names.
    environment = Environment(undefined=StrictUndefined, keep_trailing_newline=True)  # noqa: S701
    environment.filters |= {
        "whole": lambda value: f"{value:,.0f}",
        "tenths": lambda value: f"{value:,.1f}",
        "times": lambda value: f"{value:.1f}" if value >= 1 else f"{value:.2f}",
        "percent": lambda value: f"{100 * value:.2f}",
        "spread": _spread,
        "by_accuracy": lambda of: sorted(of.items(), key=lambda item: -item[1]["accuracy"]),
    }
    timed = summary["sets"][summary["speed_set"]]
    template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
    return template.render(
        summary,
        scored=scored,
        pictures=pictures,
        timed=timed,
        peer_mb=max(figures[SERVED]["megabytes"] for figures in summary["sets"].values()),
        tried_sizes=list(next(iter(summary["serving"]["tried"].values()))),
        ours=OURS,
        served=SERVED,
        calibrated=CALIBRATED,
        word_char_svc=WORD_CHAR_SVC,
        our_server=OUR_SERVER,
    )


def write_page(folder: Path) -> None:
    """Write benchmarks.md beside the summary in `folder`."""
    (folder / "benchmarks.md").write_text(_page_of(folder, pictures=""), encoding="utf-8")


def publish(folder: Path, docs: Path = DOCS) -> None:
    """Take what `folder` holds into the documentation, and write its page anew."""
    kept = docs / "benchmarks"
    kept.mkdir(exist_ok=True)
    for path in (folder / SUMMARY, folder / SCORE, *folder.glob("*.svg")):
        if path.exists():
            shutil.copyfile(path, kept / path.name)
    (docs / "benchmarks.md").write_text(_page_of(kept, pictures="benchmarks/"), encoding="utf-8")


def _page_of(folder: Path, *, pictures: str) -> str:
    scored = folder / SCORE
    return page(
        json.loads((folder / SUMMARY).read_text(encoding="utf-8")),
        json.loads(scored.read_text(encoding="utf-8")) if scored.exists() else None,
        pictures=pictures,
    )


def _spread(figure: Mapping[str, Any]) -> str:
    """Lowest and highest accuracy over the seeds, where there are several."""
    lowest, highest = figure["accuracy_lowest"], figure["accuracy_highest"]
    return "" if lowest == highest else f" ({100 * lowest:.2f} to {100 * highest:.2f})"


if __name__ == "__main__":
    publish(Path("build/bench"))
