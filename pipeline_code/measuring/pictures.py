"""Pictures of a quality report, as SVG: the same figures give the same bytes."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from pipeline_code.model_card.pictures import CHALLENGER, CHAMPION, ENOUGH, FAINT, LONGEST_NAME, drawn
from pipeline_code.words import shown

NOW, BEFORE = CHALLENGER, CHAMPION
MOST_LABELS = 30


def labels_by_date(dates: Sequence[Mapping[str, Any]]) -> str:
    """How many messages of each date have a label by now, and how many still have none."""
    names = sorted({one["date"] for one in dates})
    scored, labelled = (
        np.array([sum(one[count] for one in dates if one["date"] == name) for name in names])
        for count in ("predictions", "labelled")
    )
    with drawn(7.0, 2.8) as (figure, finished):
        axes: Axes = figure.add_subplot()
        places = np.arange(len(names))
        axes.bar(places, labelled, color=NOW, label="labelled")
        axes.bar(places, scored - labelled, bottom=labelled, color="#d9dee4", label="no label yet")
        axes.set_xticks(places[:: max(1, len(names) // 8)], names[:: max(1, len(names) // 8)])
        axes.set(ylabel="messages")
        axes.legend(loc="upper left", bbox_to_anchor=(0, 1.2), ncols=2)
        axes.grid(visible=False, axis="x")
    return finished.getvalue()


def reliability(now: Sequence[Mapping[str, Any]], before: Sequence[Mapping[str, Any]] | None) -> str:
    """How often the model was right when it was so sure: now, and on its test set; few messages are left out."""
    with drawn(5.6, 3.8) as (figure, finished):
        axes: Axes = figure.add_subplot()
        axes.plot([0, 1], [0, 1], color=FAINT, linestyle="--", label="as sure as it is right")
        for bins, colour, mark, name in (
            (before, BEFORE, "s--", "on its test set"),
            (now, NOW, "o-", "labelled since"),
        ):
            filled = [one for one in bins or () if one["examples"] >= ENOUGH]
            if filled:
                points = [one["confidence"] for one in filled], [one["accuracy"] for one in filled]
                axes.plot(*points, mark, color=colour, label=name)
        axes.set(xlabel="confidence", ylabel="accuracy", xlim=(0, 1), ylim=(-0.03, 1.03))
        axes.legend(loc="upper left")
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(PercentFormatter(1, decimals=0))
    return finished.getvalue()


def by_label(now: Mapping[str, Any], before: Mapping[str, Any] | None) -> str:
    """F1 of each label beside its own on the test set, the worst label first; the worst ones only if there are many."""
    worst = sorted(now, key=lambda name: (now[name]["f1"], name))[:MOST_LABELS]
    with drawn(7.0, 0.8 + 0.32 * len(worst)) as (figure, finished):
        axes: Axes = figure.add_subplot()
        places = np.arange(len(worst))
        old = [(before or {}).get(name, {"f1": np.nan})["f1"] for name in worst]
        mine = [now[name]["f1"] for name in worst]
        axes.hlines(places, np.where(np.isnan(old), mine, old), mine, color="#d9dee4", linewidth=4)
        axes.plot(old, places, "s", color=BEFORE, label="on its test set")
        axes.plot(mine, places, "o", color=NOW, label="labelled since")
        axes.set_yticks(places, [shown(name, LONGEST_NAME) for name in worst])
        axes.invert_yaxis()
        axes.set(xlabel="F1", xlim=(max(0.0, min([*mine, *np.nan_to_num(old, nan=1.0), 0.9]) - 0.1), 1.02))
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=2)
    return finished.getvalue()
