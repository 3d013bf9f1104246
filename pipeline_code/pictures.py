"""Pictures of a report as SVG that stands in its page, and the page's style: no script, no font, no other file.

Each is as wide as its column and keeps its proportions, so a phone shows it whole.
"""

from collections.abc import Mapping, Sequence
from html import escape

WIDTH, ROW, NAMES, VALUES = 480, 22, 150, 62
HEIGHT, FOOT, ROOM = 120, 18, 12
OURS, BEFORE, FAINT, LIMIT = "ours", "before", "faint", "limit"

Bar = tuple[str, float, str]
"""Its name, its length and what is written beside it."""

Gauge = tuple[str, float, float, str]
"""Its name, how far it is and where it begins to matter (both 1 at the limit), and what is written beside it."""

STYLE = """
:root{color-scheme:light dark;--ours:#0b5394;--before:#c2570c;--faint:#e3e6ea;--ink:#1f2933;--paper:#fff;--soft:#5b616a}
@media(prefers-color-scheme:dark){:root{--ours:#6fa8dc;--before:#e69138;--faint:#3a4048;--ink:#e8eaed;--paper:#16191d;
--soft:#a9b0b8}}
*{box-sizing:border-box}
body{font:16px/1.45 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:60rem;margin:0 auto;
padding:1rem}
h1{font-size:1.5rem;margin:.2rem 0}h2{font-size:1.2rem;margin:2rem 0 .3rem}h3{font-size:.95rem;margin:1rem 0 .2rem}
p,li{overflow-wrap:anywhere}.soft{color:var(--soft)}
.verdict{display:inline-block;padding:.1rem .6rem;border-radius:1rem;color:#fff;font-weight:600;font-size:.9rem;
white-space:nowrap}
.pass{background:#2e7d32}.warn{background:#b26a00}.stop{background:#b3261e}
.grid{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,20rem),1fr));gap:0 2rem}
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%;min-width:46rem;font-size:.9rem}
th,td{text-align:left;padding:.25rem .6rem .25rem 0;border-bottom:1px solid var(--faint);vertical-align:top}
td.number{text-align:right;white-space:nowrap}
svg{width:100%;max-width:30rem;height:auto;display:block}
svg text{font-size:13px;fill:currentColor;dominant-baseline:middle}
.ours{fill:var(--ours)}.before{fill:var(--before)}rect.faint{fill:var(--faint)}.limit{fill:#b3261e}
polyline{fill:none;stroke:var(--ours);stroke-width:2}
.key::before{content:"";display:inline-block;width:.7rem;height:.7rem;margin-right:.3rem;background:currentColor}
.key.ours{color:var(--ours)}.key.before{color:var(--before)}
"""


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


def gauges(title: str, rows: Sequence[Gauge], farthest: float = 2.0) -> str:
    """How far each of several values is from what is expected, on one scale on which all end at 1 = their limit.

    A row's mark says where it begins to matter. What lies beyond `farthest` is drawn there.
    """
    room = WIDTH - NAMES - VALUES
    drawn = [_rect(NAMES + room / farthest, 0, 2, len(rows) * ROW, LIMIT)]
    for i, (name, reach, mark, words) in enumerate(rows):
        top, length = i * ROW + 4, room * min(max(reach, 0.0), farthest) / farthest
        drawn.append(
            _text(0, (i + 0.5) * ROW, name)
            + _rect(NAMES, top, room, ROW - 8, FAINT)
            + _rect(NAMES, top, max(length, 1.0), ROW - 8, OURS)
            + _rect(NAMES + room * min(mark, farthest) / farthest, top - 2, 2, ROW - 4, BEFORE)
            + _text(NAMES + room + 6, (i + 0.5) * ROW, words)
        )
    return _svg(title, len(rows) * ROW, "".join(drawn))


def trend(title: str, values: Sequence[float], limits: Sequence[float]) -> str:
    """Values from the earliest run to this one, and above or below each the limit at which it would have warned."""
    lowest, highest = min([*values, *limits]), max([*values, *limits])
    room, reach = WIDTH - VALUES, highest - lowest or 1.0
    step = room / max(len(values) - 1, 1)

    def y(value: float) -> float:
        return ROOM + HEIGHT * (highest - value) / reach

    points = " ".join(f"{i * step:.1f},{y(value):.1f}" for i, value in enumerate(values))
    drawn = f'<polyline points="{points}"/>'
    drawn += "".join(_rect(max(i * step - 6, 0), y(limit) - 1, 12, 2, BEFORE) for i, limit in enumerate(limits))
    drawn += _rect(min((len(values) - 1) * step, room) - 3, y(values[-1]) - 3, 6, 6, OURS)
    drawn += _text(room + 6, y(values[-1]), f"{values[-1]:.3g}")
    return _svg(title, ROOM + HEIGHT + ROOM, drawn)


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
