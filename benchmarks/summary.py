"""The summary: what was measured, with the ratios and comparisons that the targets speak of. Arithmetic alone."""

import math
from collections.abc import Mapping
from statistics import mean
from typing import Any

from benchmarks.names import CALIBRATED, ONE_MESSAGE, OUR_SERVER, OURS, SERVED, WORD_CHAR_SVC

Figures = Mapping[str, Mapping[str, Any]]
"""Of one set: by contender, what was measured."""


def summary(
    sets: Mapping[str, Figures], tests: Mapping[str, int], served: Mapping[str, Any], *, speed_set: str
) -> dict[str, Any]:
    """Everything in one document. `tests` has each set's test messages; `speed_set` names the one that is timed."""
    timed = sets[speed_set]
    ours = timed[OURS]
    return {
        **http_ratios(served),
        "single_core_messages_per_s": ours["messages_per_second"],
        "single_core_ratio": ours["messages_per_second"] / timed[WORD_CHAR_SVC]["messages_per_second"],
        "train_ratio": ours["train_seconds"] / timed[SERVED]["train_seconds"],
        "train_ratio_calibrated_svc": ours["train_seconds"] / timed[CALIBRATED]["train_seconds"],
        "artefact_mb": max(figures[OURS]["megabytes"] for figures in sets.values()),
        "accuracy": {name: compared(figures, tests[name]) for name, figures in sets.items()},
        "mean_accuracy": means(sets),
        "speed_set": speed_set,
        "sets": {name: dict(figures) for name, figures in sets.items()},
        "serving": dict(served),
    }


def compared(figures: Figures, tests: int) -> dict[str, Any]:
    """Ours beside the most accurate peer; the standard error is the binomial one of that peer's accuracy."""
    peers = {name: one["accuracy"] for name, one in figures.items() if name != OURS}
    best = max(peers, key=lambda name: peers[name])
    return {
        "ours": figures[OURS]["accuracy"],
        "best_peer": peers[best],
        "best_peer_name": best,
        "standard_error": math.sqrt(peers[best] * (1 - peers[best]) / tests),
        "test_messages": tests,
    }


def means(sets: Mapping[str, Figures]) -> dict[str, float]:
    """Each contender's mean accuracy over the sets."""
    return {name: mean(figures[name]["accuracy"] for figures in sets.values()) for name in next(iter(sets.values()))}


def chosen(tried: Mapping[str, Mapping[str, float]], most: int) -> dict[str, tuple[str, ...]]:
    """The settings to measure in earnest: the fastest `most` with many messages a body, and the fastest with one."""
    cells = [(speed, peer, size) for peer, of in tried.items() for size, speed in of.items()]
    many = sorted((cell for cell in cells if cell[2] != ONE_MESSAGE), reverse=True)[:most]
    single = max(cell for cell in cells if cell[2] == ONE_MESSAGE)
    found: dict[str, tuple[str, ...]] = {}
    for _, peer, size in (*many, single):
        found[peer] = (*found.get(peer, ()), size)
    return found


def http_ratios(served: Mapping[str, Any]) -> dict[str, Any]:
    """Our server, as it is, over the peer at its best: each at the size of body that suits it, and one by one."""
    measured = served["servers"]
    peers = {f"{name}, {size}": one for name in served["peers"] for size, one in measured[name]["sizes"].items()}
    ours = {size: one["messages_per_second"] for size, one in measured[OUR_SERVER]["sizes"].items()}
    single = {name: one["messages_per_second"] for name, one in peers.items() if name.endswith(ONE_MESSAGE)}
    multi = {name: one["messages_per_second"] for name, one in peers.items() if name not in single}
    best, best_single = max(multi, key=lambda name: multi[name]), max(single, key=lambda name: single[name])
    our_size = max(ours.keys() - {ONE_MESSAGE}, key=lambda size: ours[size])
    return {
        "server_ratio_multi": ours[our_size] / multi[best],
        "server_ratio_single": ours[ONE_MESSAGE] / single[best_single],
        "server_messages_per_s": ours[our_size],
        "server_size": our_size,
        "peer_messages_per_s": multi[best],
        "peer_setting": best,
        "server_single_per_s": ours[ONE_MESSAGE],
        "peer_single_per_s": single[best_single],
        "peer_single_setting": best_single.removesuffix(f", {ONE_MESSAGE}"),
    }
