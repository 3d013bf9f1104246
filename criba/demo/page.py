"""The demo's report as one HTML page without scripts: the figures, and bars drawn in SVG."""

from collections import Counter
from collections.abc import Sequence
from html import escape
from typing import Any

from criba.demo.published import Prediction
from pipeline_code.contracts import report_prefix

_WIDTH, _ROW, _NAMES, _VALUES = 640, 24, 180, 70


def page(summary: dict[str, Any], predictions: list[Prediction]) -> str:
    """The whole page: counts and figures, labels, confidence, and seconds by step. It holds no message text."""
    labels = Counter(one.label for one in predictions).most_common()
    confidence = Counter(min(int(one.confidence * 10), 9) for one in predictions)
    tenths = [(f"{tenth / 10:.1f} to {(tenth + 1) / 10:.1f}", confidence[tenth]) for tenth in range(10)]
    figures = {name: value for name, value in summary["model"].items() if not isinstance(value, dict)}
    return "\n".join(
        [
            '<!doctype html><html lang="en"><meta charset="utf-8"><title>Criba demo</title>',
            "<style>body{font:15px system-ui;max-width:44rem;margin:2rem auto;padding:0 1rem}"
            "td{padding:.15rem 1rem .15rem 0}rect{fill:#2a6f97}text{font-size:13px;dominant-baseline:middle}</style>",
            "<h1>Criba demo</h1>",
            _rows("Messages", summary["messages"]),
            _rows("Model, from the published predictions", figures),
            _bars("Accuracy by language", list(summary["model"]["accuracy_by_language"].items())),
            _bars("Predicted labels", labels),
            _bars("Confidence", tenths),
            _watched(summary["drift"]) if "drift" in summary else "",
            _bars("Seconds by step", list(summary["seconds"].items())),
            "</html>",
        ]
    )


def _watched(drift: dict[str, Any]) -> str:
    """The campaign's batches with their verdicts, links to their reports, and the training that the page started."""
    rows = "".join(
        f'<tr><td><a href="reports/{report_prefix(one["run_id"])}/report.html">batch {number}</a></td>'
        f"<td>{one['messages']['published']:,} predictions</td><td>{escape(one['verdict'])}</td>"
        f"<td>{escape(', '.join(one['signals']))}</td></tr>"
        for number, one in enumerate(drift["batches"], start=1)
    )
    retraining = drift["retraining"]
    after = f"<p>The page started train run {escape(retraining['run_id'])}.</p>" if retraining else ""
    woken = "".join(f"<p>SMS: {escape(one)}</p>" for one in drift["sms"])
    return f"<h2>A campaign in Portugal begins</h2><table>{rows}</table>{woken}{after}"


def _rows(title: str, values: dict[str, Any]) -> str:
    rows = "".join(
        f"<tr><td>{escape(name)}</td><td>{escape(_figure(value))}</td></tr>" for name, value in values.items()
    )
    return f"<h2>{escape(title)}</h2><table>{rows}</table>"


def _bars(title: str, values: Sequence[tuple[str, float]]) -> str:
    """Horizontal bars, the longest as wide as there is room."""
    most = max((value for _, value in values), default=0) or 1
    room = _WIDTH - _NAMES - _VALUES
    bars = "".join(
        f'<text x="0" y="{(i + 0.5) * _ROW}">{escape(name)}</text>'
        f'<rect x="{_NAMES}" y="{i * _ROW + 4}" width="{room * value / most:.1f}" height="{_ROW - 8}"/>'
        f'<text x="{_NAMES + room * value / most + 6:.1f}" y="{(i + 0.5) * _ROW}">{escape(_figure(value))}</text>'
        for i, (name, value) in enumerate(values)
    )
    size = f'width="{_WIDTH}" height="{len(values) * _ROW}"'
    return f'<h2>{escape(title)}</h2><svg {size} role="img" aria-label="{escape(title)}">{bars}</svg>'


def _figure(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)
