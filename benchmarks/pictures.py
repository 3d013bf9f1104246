"""The pictures: throughput on a scale of powers of ten, and accuracy by set with its standard error."""

import math
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.names import ONE_MESSAGE, OURS

OURS_COLOUR, PEER_COLOUR = "#c2410c", "#94a3b8"
STYLE: dict[Any, Any] = {
    "axes.spines.top": False,
    "axes.spines.right": False,
    "font.size": 9,
    "svg.fonttype": "none",
    "svg.hashsalt": "criba",  # the same figures give the same file
}


def draw(summary: dict[str, Any], folder: Path) -> None:
    """Write throughput and accuracy as PNG and SVG."""
    with mpl.rc_context(STYLE):
        for name, figure in {"throughput": _throughput(summary), "accuracy": _accuracy(summary)}.items():
            figure.savefig(folder / f"{name}.svg", metadata={"Date": None})
            figure.savefig(folder / f"{name}.png", dpi=150)


def _throughput(summary: dict[str, Any]) -> Figure:
    figure = Figure(figsize=(8, 5.2), layout="constrained")
    core, http = figure.subplots(2, 1, height_ratios=(10, 6))
    timed = summary["sets"][summary["speed_set"]]
    speeds = {name: one["messages_per_second"] for name, one in timed.items()}
    _bars(core, speeds, f"messages/s, one core, text to label, {summary['speed_set']}")
    _bars(http, _served(summary), "messages/s over HTTP, all cores")
    return figure


def _served(summary: dict[str, Any]) -> dict[str, float]:
    return {
        f"{OURS}, {summary['server_size']} a body": summary["server_messages_per_s"],
        f"Flask, {summary['peer_setting']} a body": summary["peer_messages_per_s"],
        f"{OURS}, {ONE_MESSAGE} a body": summary["server_single_per_s"],
        f"Flask, {summary['peer_single_setting']}, {ONE_MESSAGE} a body": summary["peer_single_per_s"],
    }


def _bars(axes: Axes, speeds: dict[str, float], title: str) -> None:
    names = sorted(speeds, key=lambda name: speeds[name])
    colours = [OURS_COLOUR if name.startswith(OURS) else PEER_COLOUR for name in names]
    bars = axes.barh(names, [speeds[name] for name in names], color=colours)
    axes.bar_label(bars, [f"{speeds[name]:,.0f}" for name in names], padding=3, fontsize=8)
    axes.set_xscale("log")
    axes.set_xlim(right=3 * max(speeds.values()))
    axes.set_title(title, loc="left", fontsize=10)


def _accuracy(summary: dict[str, Any]) -> Figure:
    """A panel a set: the contenders' accuracies, with the standard error of each."""
    sets = summary["sets"]
    figure = Figure(figsize=(10, 3.6), layout="constrained")
    names = sorted(summary["mean_accuracy"], key=lambda name: summary["mean_accuracy"][name])
    panels = figure.subplots(1, len(sets), sharey=True, squeeze=False)[0]
    for axes, (name, figures) in zip(panels, sets.items(), strict=True):
        tests = summary["accuracy"][name]["test_messages"]
        for place, contender in enumerate(names):
            accuracy = figures[contender]["accuracy"]
            axes.errorbar(
                100 * accuracy,
                place,
                xerr=100 * math.sqrt(accuracy * (1 - accuracy) / tests),
                fmt="o",
                color=OURS_COLOUR if contender == OURS else PEER_COLOUR,
            )
        axes.set_title(name, loc="left", fontsize=10)
        axes.grid(axis="x", alpha=0.3)
    panels[0].set_yticks(range(len(names)), names)
    figure.supxlabel("accuracy on the official test, %; bars: one standard error", fontsize=9)
    return figure
