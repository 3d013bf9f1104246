"""Pictures of a model card, as SVG: the same figures give the same bytes."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import StringIO
from typing import Any
from warnings import catch_warnings, simplefilter

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter
from numpy.typing import NDArray

from pipeline_code.words import shown

CHALLENGER, CHAMPION, FAINT = "#0b5394", "#c2570c", "#8a8f98"
LONGEST_NAME = 26
WIDEST = 7.0
"""Inches that the cells of a confusion matrix take at most, so that it fits the page."""

ENOUGH = 10
"""Messages of similar confidence below which their accuracy says little."""

STYLE: Any = {
    # Text stays text, so that any character is drawn by the reader's own fonts, and `$` is no formula.
    "svg.fonttype": "none",
    "svg.hashsalt": "criba",
    "text.parse_math": False,
    "font.family": "sans-serif",
    "font.size": 10.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": FAINT,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e3e6ea",
    "legend.frameon": False,
}


def confusion_matrix(counts: NDArray[np.int64], labels: Sequence[str]) -> str:
    """True labels down, predicted ones across; colours are shares of the true label's messages."""
    names = [shown(label, LONGEST_NAME) for label in labels]
    cells = max(len(names), 4)
    side = 1.6 + cells * min(0.42, WIDEST / cells) + 0.055 * max(map(len, names))
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    with drawn(side, side) as (figure, finished):
        axes: Axes = figure.add_subplot()
        axes.pcolormesh(shares, cmap="Blues", vmin=0, vmax=1, edgecolors="white", linewidth=1)
        axes.set(xlabel="predicted", ylabel="true", aspect="equal")
        axes.invert_yaxis()
        axes.grid(visible=False)
        places = np.arange(len(names)) + 0.5
        axes.set_xticks(places, names, rotation=90)
        axes.set_yticks(places, names)
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        for row, column in zip(*np.nonzero(counts), strict=True):
            colour = "white" if shares[row, column] > 0.55 else "#1f2933"
            words = _short(int(counts[row, column]))
            axes.text(column + 0.5, row + 0.5, words, ha="center", va="center", color=colour, fontsize=8.5)
    return finished.getvalue()


def reliability(bins: Sequence[Mapping[str, Any]]) -> str:
    """How often the model was right when it was so sure, above how many messages that were."""
    filled = [one for one in bins if one["examples"]]
    many, few = ([one for one in filled if (one["examples"] >= ENOUGH) == enough] for enough in (True, False))
    with drawn(5.6, 5.2) as (figure, finished):
        above, below = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
        above.plot([0, 1], [0, 1], color=FAINT, linestyle="--", label="as sure as it is right")
        above.plot(*_points(many), color=CHALLENGER, marker="o", label="challenger")
        if few:
            above.plot(*_points(few), "o", color=FAINT, fillstyle="none", label=f"fewer than {ENOUGH} messages")
        above.set(ylabel="accuracy", xlim=(0, 1), ylim=(-0.03, 1.03))
        above.legend(loc="upper left")
        width = 1 / len(bins)
        below.bar(
            np.arange(len(bins)) * width, [one["examples"] for one in bins], width, align="edge", color=CHALLENGER
        )
        below.set(xlabel="confidence", ylabel="messages")
        for axes in (above, below):
            axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        above.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    return finished.getvalue()


def _points(bins: Sequence[Mapping[str, Any]]) -> tuple[list[float], list[float]]:
    return [one["confidence"] for one in bins], [one["accuracy"] for one in bins]


def coverage(curves: Mapping[str, Sequence[Sequence[float]]]) -> str:
    """Accuracy on the share of messages of which a model is surest; `curves` by model, the challenger's first."""
    lowest = min(point[1] for points in curves.values() for point in points)
    with drawn(5.6, 3.8) as (figure, finished):
        axes: Axes = figure.add_subplot()
        for accuracy in (0.95, 0.98):
            axes.axhline(accuracy, color=FAINT, linestyle=":", linewidth=1.2)
            axes.text(0.005, accuracy, f"{accuracy:.0%}", color="#5b616a", fontsize=8.5, va="bottom")
        for (name, points), colour in zip(curves.items(), (CHALLENGER, CHAMPION), strict=False):
            line = np.array(points)
            style = "-" if colour == CHALLENGER else "--"
            axes.plot(line[:, 0], line[:, 1], style, color=colour, label=name, marker="o" if len(line) == 1 else None)
        axes.set(xlabel="share of messages, surest first", ylabel="accuracy on them")
        axes.set(xlim=(0, 1.01), ylim=(min(lowest, 0.9) - 0.02, 1.01))
        axes.legend(loc="lower left")
        axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    return finished.getvalue()


@contextmanager
def drawn(width: float, height: float) -> Iterator[tuple[Figure, StringIO]]:
    """A figure of so many inches, to be drawn inside; afterwards the text holds its SVG."""
    finished = StringIO()
    # Matplotlib warns of characters that its own font lacks, and only measures with it.
    with mpl.rc_context(STYLE), catch_warnings():
        simplefilter("ignore", UserWarning)
        figure = Figure(figsize=(width, height), layout="constrained")
        yield figure, finished
        figure.savefig(finished, format="svg", metadata={"Date": None})


def _short(count: int) -> str:
    """A count in at most four characters."""
    if count < 10_000:
        return str(count)
    return f"{count // 1000}k" if count < 1_000_000 else f"{count // 1_000_000}M"
