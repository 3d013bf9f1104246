"""The tables that the terminal shows while and after it is measured."""

from typing import Any

from rich.table import Table

from benchmarks.names import CALIBRATED, SERVED, WORD_CHAR_SVC
from benchmarks.summary import Figures


def of_set(name: str, figures: Figures) -> Table:
    """Every contender on one set, the most accurate first."""
    table = _table(name, "accuracy %", "macro-F1 %", "train s", "MB", "messages/s, one core")
    for one, figure in sorted(figures.items(), key=lambda item: -item[1]["accuracy"]):
        table.add_row(
            one,
            f"{100 * figure['accuracy']:.2f}",
            f"{100 * figure['macro_f1']:.2f}",
            f"{figure['train_seconds']:.1f}",
            f"{figure['megabytes']:.1f}",
            f"{figure['messages_per_second']:,.0f}",
        )
    return table


def of_servers(summary: dict[str, Any]) -> Table:
    """Every server at every size of body that it was measured with."""
    table = _table("HTTP, all cores", "body", "messages/s", "lowest", "highest", "/ping s", "MB")
    for name, server in summary["serving"]["servers"].items():
        for size, figure in server["sizes"].items():
            speeds = (f"{figure[key]:,.0f}" for key in ("messages_per_second", "lowest", "highest"))
            table.add_row(name, size, *speeds, f"{server['start_seconds']:.2f}", f"{server['megabytes']:.0f}")
    return table


def of_ratios(summary: dict[str, Any]) -> Table:
    """The figures that the project aims at."""
    table = _table("Criba", "measured", "beside")
    rows = {
        "HTTP, bodies of many": ("server_ratio_multi", f"Flask, {summary['peer_setting']}"),
        "HTTP, one by one": ("server_ratio_single", f"Flask, {summary['peer_single_setting']}"),
        "one core": ("single_core_ratio", WORD_CHAR_SVC),
        "training time": ("train_ratio", SERVED),
        "training time, again": ("train_ratio_calibrated_svc", CALIBRATED),
    }
    for name, (key, beside) in rows.items():
        table.add_row(name, f"{summary[key]:.2f} x", beside)
    for name, one in summary["accuracy"].items():
        gap = (one["ours"] - one["best_peer"]) / one["standard_error"]
        table.add_row(f"accuracy, {name}", f"{100 * one['ours']:.2f} %", f"{_percent(one)}: {gap:+.1f} standard errors")
    table.add_row("artefact", f"{summary['artefact_mb']:.1f} MB", "")
    return table


def _percent(one: dict[str, Any]) -> str:
    return f"{one['best_peer_name']} {100 * one['best_peer']:.2f} %"


def _table(title: str, *columns: str) -> Table:
    table = Table(title, *columns)
    for column in table.columns[1:]:
        column.justify = "right"
    return table
