"""Pictures of a quality report as SVG that stands in a page: no script, no font, no other file.

Each is as wide as its column and keeps its proportions, so a phone shows it whole.
"""

from collections.abc import Mapping, Sequence
from html import escape

WIDTH, ROW, NAMES, VALUES = 480, 22, 150, 62
HEIGHT, FOOT, ROOM = 120, 18, 12
OURS, BEFORE, FAINT = "ours", "before", "faint"

Bar = tuple[str, float, str]
"""Its name, its length and what is written beside it."""


def bars(title: str, rows: Sequence[Bar], longest: float, kinds: Sequence[str] = (OURS,)) -> str:
    """Horizontal bars, one below the other, in the colours of `kinds` by turns; `longest` fills the room."""
    room = WIDTH - NAMES - VALUES
    drawn = []
    for i, (name, value, words) in enumerate(rows):
        length = room * value / longest if longest else 0.0
        middle, kind = (i + 0.5) * ROW, kinds[i % len(kinds)]
        drawn.append(
            _text(0, middle, name)
            + _rect(NAMES, i * ROW + 4, max(length, 1.0 if value else 0.0), ROW - 8, kind)
            + _text(NAMES + length + 6, middle, words)
        )
    return _svg(title, len(rows) * ROW, "".join(drawn))


def pairs(title: str, mix: Mapping[str, int], before: Mapping[str, int], most: int) -> str:
    """Shares of two mixes, each kind's two bars together: the run's above, the earlier one's below if there is any."""
    ours, theirs = sum(mix.values()), sum(before.values())
    commonest = sorted({*mix, *before}, key=lambda one: (-mix.get(one, 0), -before.get(one, 0), one))[:most]
    rows: list[Bar] = []
    for name in commonest:
        share, earlier = mix.get(name, 0) / max(ours, 1), before.get(name, 0) / max(theirs, 1)
        rows += [(name, share, _percent(share)), *([("", earlier, _percent(earlier))] if theirs else [])]
    return bars(title, rows, 1.0, (OURS, BEFORE) if theirs else (OURS,))


def columns(title: str, earlier: Mapping[str, int], ours: Mapping[str, int], low: float, high: float) -> str:
    """Counts by date or run, on which those of this run stand, before the band where a count is expected."""
    names = sorted({*earlier, *ours})
    most = max([high, *(earlier.get(name, 0) + ours.get(name, 0) for name in names)]) or 1.0
    step = (WIDTH - VALUES) / max(len(names), 1)
    width = min(step * 0.8, 28.0)

    def y(count: float) -> float:
        return ROOM + HEIGHT * (1 - count / most)

    drawn = _rect(0, y(high), WIDTH - VALUES, y(low) - y(high), FAINT) if high else ""
    for i, name in enumerate(names):
        left, base = i * step + (step - width) / 2, y(earlier.get(name, 0))
        top = y(earlier.get(name, 0) + ours.get(name, 0))
        drawn += _rect(left, base, width, y(0) - base, BEFORE) + _rect(left, top, width, base - top, OURS)
    ends = {names[0]: (0.0, "start"), names[-1]: (WIDTH - VALUES, "end")} if len(names) > 1 else {}
    ends |= {name: ((WIDTH - VALUES) / 2, "middle") for name in names if len(names) == 1}
    drawn += "".join(_text(x, ROOM + HEIGHT + 10, name, anchor) for name, (x, anchor) in ends.items())
    bounds = [] if not high else [high] if y(low) - y(high) < ROW / 2 else [high, low]
    drawn += "".join(_text(WIDTH - VALUES + 4, y(bound), f"{bound:,.0f}") for bound in bounds)
    return _svg(title, ROOM + HEIGHT + FOOT, drawn)


def _percent(share: float) -> str:
    return f"{share:.1%}"


def _svg(title: str, height: float, drawn: str) -> str:
    name = escape(title, quote=True)
    return f'<svg viewBox="0 0 {WIDTH} {height:g}" role="img" aria-label="{name}">{drawn}</svg>'


def _rect(x: float, y: float, width: float, height: float, kind: str) -> str:
    size = f'width="{width:.1f}" height="{max(height, 0):.1f}"'
    return f'<rect class="{kind}" x="{x:.1f}" y="{y:.1f}" {size}/>'


def _text(x: float, y: float, words: str, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'
