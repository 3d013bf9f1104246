"""Page: the drift report as one HTML file: no script, no other file, no message text, readable on a phone."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

from pipeline_code.monitoring.report import MOST_MOVED, moved
from pipeline_code.pictures import BEFORE, OURS, STYLE, Bar, bars, gauges, trend
from pipeline_code.words import shown

LONGEST_NAME = 22
BADGES = {"in order": "pass", "warn": "warn", "far": "warn", "page": "stop"}
IN_WORDS = {"in order": "in order", "warn": "warns", "far": "far off", "page": "pages"}
KINDS = {"data_drift": "the messages", "model_drift": "what the model says of them"}
ADVICE = {
    "data_drift": "The messages are not those that the model was made for. Look below at what has moved and at the "
    "outliers; if this is here to stay, label some of the new messages and train.",
    "model_drift": "The model says other things than it did. If the messages have not changed either, look at what is "
    "given to it; if their mix has, see that the labels below are what has really grown.",
}
TITLES = {
    "languages": "Languages",
    "labels": "Labels that the model gave",
    "lengths": "Characters of a text",
    "confidences": "Confidence, each part a tenth of the baseline or more",
}


def page(report: Mapping[str, Any]) -> str:
    """The page of a report (the content of report.json); the same report gives the same bytes."""
    title = f"Drift report of run {report['run_id']}"
    return "\n".join(
        [
            '<!doctype html><html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(title)}</title><style>{STYLE}</style></head><body>",
            f"<h1>{escape(title)}</h1>",
            f"<p class=soft>{escape(_about(report))}</p>",
            *_verdicts(report),
            *(f"<p>{escape(note)}.</p>" for note in report["notes"]),
            *(_judged(report) if report["signals"] else ()),
            "</body></html>\n",
        ]
    )


def _about(report: Mapping[str, Any]) -> str:
    every = report["judged_every"]
    sample = f", of which one in {every} was judged" if every > 1 else ""
    ended = f", {report['window']['end']}" if report["window"]["end"] else ""
    return (
        f"model version {report['model_version'] or 'unknown'}, {report['records']:,} messages{sample}, "
        f"{report['unscorable']:,} unscorable{ended}"
    )


def _verdicts(report: Mapping[str, Any]) -> Iterator[str]:
    """A badge for each kind of drift, and why one could not be judged."""
    yield "<p>"
    for kind, words in KINDS.items():
        found = report[kind]
        verdict = "not judged" if not found["judged"] else "page" if found["page"] else "warn" if found["warn"] else ""
        badge = _badge(verdict or "in order") if verdict != "not judged" else "<b>not judged</b>"
        yield f"{escape(words)}: {badge}&ensp;"
    yield "</p>"
    yield from (f"<p>{ADVICE[kind]}</p>" for kind in KINDS if report[kind]["warn"])
    if report["why_not"]:
        yield f"<p>Not judged: {escape(report['why_not'])}.</p>"


def _judged(report: Mapping[str, Any]) -> Iterator[str]:
    yield "<h2>Signals</h2>"
    yield "<p class=soft>How far each is from what chance leads one to expect of a batch of this size. "
    yield "<span class='key before'></span>warns here &nbsp; the red line is where two batches running page.</p>"
    yield gauges("How far each signal is", [_gauge(one) for one in report["signals"]])
    yield _table(report["signals"])
    yield "<h2>Beside the baseline</h2><p class=soft><span class='key ours'></span>this batch &nbsp; "
    yield "<span class='key before'></span>messages that the model had not learnt from</p><div class=grid>"
    for name in TITLES:
        yield _mix(name, report["mixes"][name])
    yield "</div>"
    if len(report["runs"]) > 1:
        yield "<h2>Over the runs of this model</h2>"
        yield f"<p class=soft>{len(report['runs'])} runs, this one last; the marks: where each would have warned.</p>"
        yield "<div class=grid>"
        yield from _trends(report)
        yield "</div>"
    yield from _outliers(report["outliers"])


def _gauge(signal: Mapping[str, Any]) -> tuple[str, float, float, str]:
    """A signal on the scale on which what is expected is 0 and its page limit 1."""
    reach = signal["page"] - signal["expected"]
    away, mark = signal["value"] - signal["expected"], signal["warn"] - signal["expected"]
    return (_short(_plain(signal["name"])), away / reach, mark / reach, f"{signal['value']:.3g}")


def _table(signals: Sequence[Mapping[str, Any]]) -> str:
    head = "".join(f"<th>{name}</th>" for name in ("signal", "", "value", "expected", "warns", "pages", "what it is"))
    rows = "".join(
        f"<tr><td>{escape(_plain(one['name']))}</td>"
        f"<td>{_badge(one['verdict']) if one['judged'] else 'shown only'}</td>"
        + "".join(f"<td class=number>{one[name]:.3g}</td>" for name in ("value", "expected", "warn", "page"))
        + f"<td>{escape(one['words'])}</td></tr>"
        for one in signals
    )
    return f"<div class=wide><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"


def _mix(name: str, mix: Mapping[str, Mapping[str, int]]) -> str:
    """Shares of the batch above those of the baseline: of kinds without an order those that have moved most."""
    shares = moved(mix)
    if name in ("lengths", "confidences"):
        order = list(mix["batch"])
        shares = sorted(moved(mix), key=lambda one: order.index(one[0]))
    rows: list[Bar] = []
    for kind, ours, theirs in shares:
        rows += [(_short(kind), ours, f"{ours:.1%}"), ("", theirs, f"{theirs:.1%}")]
    left = len(mix["batch"]) - len(shares)
    title = TITLES[name] + (f": the {MOST_MOVED} that moved most, of {len(mix['batch'])}" if left else "")
    longest = max((length for _, length, _ in rows), default=0.0)
    return f"<figure style='margin:0'><h3>{escape(title)}</h3>{bars(title, rows, longest, (OURS, BEFORE))}</figure>"


def _trends(report: Mapping[str, Any]) -> Iterator[str]:
    for signal in report["signals"]:
        name = signal["name"]
        runs = [run for run in report["runs"] if name in run["values"]]
        title = _plain(name)
        picture = trend(title, [run["values"][name] for run in runs], [run["warn"][name] for run in runs])
        yield f"<figure style='margin:0'><h3>{escape(title)}</h3>{picture}</figure>"


def _outliers(found: Mapping[str, Any]) -> Iterator[str]:
    yield "<h2>Outliers</h2>"
    if not found["count"]:
        yield "<p>No message is farther from training than one of a thousand was before.</p>"
        return
    yield f"<p>{found['count']:,} messages are farther from training than one of a thousand was before:</p>"
    head = "".join(f"<th>{name}</th>" for name in ("message", "signal", "value", "limit"))
    rows = "".join(
        f"<tr><td>{escape(shown(one['message_id']))}</td><td>{escape(_plain(one['signal']))}</td>"
        f"<td class=number>{one['value']:.3g}</td><td class=number>{one['threshold']:.3g}</td></tr>"
        for one in found["listed"]
    )
    yield f"<div class=wide><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"


def _badge(verdict: str) -> str:
    return f"<span class='verdict {BADGES[verdict]}'>{IN_WORDS[verdict]}</span>"


def _plain(name: str) -> str:
    return name.replace("_", " ").replace("ngram", "n-gram").replace("psi", "PSI").replace("mmd", "MMD")


def _short(name: str) -> str:
    return shown(name, LONGEST_NAME)
