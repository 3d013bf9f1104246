"""The layout of both dashboards as an SVG: each widget with title, unit and what it draws, from the template."""

import json
from collections.abc import Iterator
from html import escape
from typing import Any

from generators.stacks import Stacks, synthesized

ENVIRONMENT = "prod"
COLUMN, ROW, GAP, TITLE = 40, 24, 6, 40
MOST_LINES = 6


def picture(stacks: Stacks | None = None) -> str:
    """Both dashboards, one below the other."""
    parts, top = [], 0
    for properties in (stacks or synthesized(ENVIRONMENT)).of_type("AWS::CloudWatch::Dashboard").values():
        widgets = _widgets(properties)
        parts.append(f'<text x="{GAP}" y="{top + 26}" class="name">{properties["DashboardName"]}</text>')
        parts += [line for one in widgets for line in _widget(one, top + TITLE)]
        top += TITLE + ROW * max(one["y"] + one["height"] for one in widgets) + GAP
    width = 24 * COLUMN + GAP
    style = (
        "text{font:12px system-ui,sans-serif;fill:#333}.name{font-size:18px;font-weight:bold}"
        ".title{font-weight:bold}.unit{fill:#777}rect{fill:#fff;stroke:#bbb}"
    )
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {top}" width="{width}" height="{top}">'
    return "\n".join([head, f"<style>{style}</style>", *parts, "</svg>"]) + "\n"


def _widgets(properties: dict[str, Any]) -> list[dict[str, Any]]:
    """The widgets of a body; references to other resources become a word."""
    written = properties["DashboardBody"]["Fn::Join"][1]
    found: list[dict[str, Any]] = json.loads("".join(part if isinstance(part, str) else "…" for part in written))[
        "widgets"
    ]
    return found


def _widget(one: dict[str, Any], top: int) -> Iterator[str]:
    x, y = one["x"] * COLUMN + GAP, one["y"] * ROW + top
    width, height = one["width"] * COLUMN - GAP, one["height"] * ROW - GAP
    properties = one["properties"]
    unit = properties.get("yAxis", {}).get("left", {}).get("label", "")
    lines = _series(properties)
    shown = lines if len(lines) <= MOST_LINES else [*lines[: MOST_LINES - 1], f"and {len(lines) - MOST_LINES + 1} more"]
    yield f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="4"/>'
    yield f'<text x="{x + 10}" y="{y + 20}" class="title">{escape(properties["title"])}</text>'
    yield f'<text x="{x + width - 10}" y="{y + 20}" class="unit" text-anchor="end">{escape(unit)}</text>'
    for n, line in enumerate(shown):
        yield f'<text x="{x + 10}" y="{y + 42 + 17 * n}">{escape(line)}</text>'


def _series(properties: dict[str, Any]) -> list[str]:
    """Labels of what a widget draws; alarms are counted only."""
    if "alarms" in properties:
        return [f"{len(properties['alarms'])} alarms, each green, red or grey"]
    return [metric[-1].get("label", metric[1]) for metric in properties["metrics"]]
