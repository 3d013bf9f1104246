"""The quality report as one HTML page: no script, no other file, no message text, readable on a phone."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

from pipeline_code.pictures import STYLE, Bar, bars, columns, pairs
from pipeline_code.quality_rules import QUALITY_RULES

MOST_KINDS = 12
"""Languages, labels or reasons that are drawn; the report in JSON has all."""

LONGEST_NAME = 20
IN_WORDS = {"pass": "in order", "warn": "worth a look", "stop": "stopped", "not judged": "not judged"}
ADVICE = {rule.name: rule.advice for rule in QUALITY_RULES}


def page(report: Mapping[str, Any]) -> str:
    """The page of a report (the content of quality.json); the same report gives the same bytes."""
    title = f"Quality of {report['workflow']} run {report['run_id']}"
    bands = {one["source"]: one["warn"] or 0.0 for one in report["rules"] if one["rule"] == "volume"}
    return "\n".join(
        [
            '<!doctype html><html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(title)}</title><style>{STYLE}</style></head><body>",
            f"<h1>{escape(title)}</h1>",
            f"<p>{_badge(report['verdict'])} <span class=soft>{escape(report['judged_at'])}</span></p>",
            *_findings(report),
            "<p class=soft><span class='key ours'></span>this run &nbsp; "
            "<span class='key before'></span>earlier runs</p>",
            *(part for source in report["sources"] for part in _source(source, bands.get(source["source"], 0.0))),
            "<h2>Every rule</h2>",
            _rules(report["rules"]),
            "</body></html>\n",
        ]
    )


def _findings(report: Mapping[str, Any]) -> Iterator[str]:
    """What warns and what stops, those first, with what to do."""
    raised = [one for one in report["rules"] if one["verdict"] in ("warn", "stop")]
    if not raised:
        yield "<p>Every rule that could be judged is in order.</p>"
        return
    yield "<ul>"
    for one in sorted(raised, key=lambda one: one["verdict"]):
        limit, advice = _number(one[one["verdict"]]), _sentence(ADVICE[one["rule"]])
        yield (
            f"<li>{_badge(one['verdict'])} <b>{escape(one['source'])}</b>: {escape(one['rule'])} "
            f"{_number(one['value'])}, above {limit} ({escape(one['note'])}). {escape(advice)}</li>"
        )
    yield "</ul>"


def _source(source: Mapping[str, Any], deviations: float) -> Iterator[str]:
    """A source's five pictures; one that has nothing to show is left out. The band is as many deviations wide."""
    yield f"<h2>{escape(source['source'])}</h2>"
    yield f"<p class=soft>{escape(_newest(source))}</p><div class=grid>"
    yield _picture("What became of the records", bars("What became of the records", _funnel(source), source["landed"]))
    if source["reasons"]:
        yield _picture("Why records were quarantined", _counts("Why records were quarantined", source["reasons"]))
    yield _picture("Records by date, and where they are expected", _volume(source, deviations))
    for title, mix, before in (("Languages", "languages", "earlier_languages"), ("Labels", "labels", "earlier_labels")):
        if source[mix] or source[before]:
            yield _picture(title, pairs(title, _short(source[mix]), _short(source[before]), MOST_KINDS))
    if source["lengths"]:
        yield _picture("Characters of a text", _lengths(source["lengths"]))
    yield "</div>"


def _funnel(source: Mapping[str, Any]) -> list[Bar]:
    return [(name, source[name], f"{source[name]:,}") for name in ("landed", "duplicates", "quarantined", "kept")]


def _volume(source: Mapping[str, Any], deviations: float) -> str:
    low = high = 0.0
    if around := source["expected"]:
        reach = around["deviation"] * deviations
        low, high = max(around["median"] - reach, 0.0), around["median"] + reach
    return columns("Records by date", source["earlier"], source["ours"], low, high)


def _counts(title: str, counts: Mapping[str, int]) -> str:
    commonest = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:MOST_KINDS]
    rows = [(_name(name), count, f"{count:,}") for name, count in commonest]
    return bars(title, rows, commonest[0][1])


def _lengths(lengths: Mapping[str, int]) -> str:
    powers = sorted(map(int, lengths))
    rows = [(f"{power:,} to {2 * power - 1:,}", lengths[str(power)], f"{lengths[str(power)]:,}") for power in powers]
    return bars("Characters of a text", rows, max(lengths.values()))


def _rules(rules: Sequence[Mapping[str, Any]]) -> str:
    head = "".join(f"<th>{name}</th>" for name in ("source", "rule", "value", "warn", "stop", "", "made of"))
    rows = "".join(
        f"<tr><td>{escape(one['source'])}</td><td>{escape(one['rule'])}</td>"
        + "".join(f"<td class=number>{_number(one[name])}</td>" for name in ("value", "warn", "stop"))
        + f"<td>{IN_WORDS[one['verdict']]}</td><td>{escape(one['note'])}</td></tr>"
        for one in rules
    )
    return f"<div class=wide><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"


def _picture(title: str, svg: str) -> str:
    return f"<figure style='margin:0'><h3>{escape(title)}</h3>{svg}</figure>"


def _badge(verdict: str) -> str:
    return f"<span class='verdict {verdict}'>{IN_WORDS[verdict]}</span>"


def _newest(source: Mapping[str, Any]) -> str:
    return f"newest message: {source['newest'][:16].replace('T', ' ')} UTC" if source["newest"] else "no message dated"


def _sentence(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}."


def _short(mix: Mapping[str, int]) -> dict[str, int]:
    """The mix with names that fit; two that become alike are counted together."""
    found: dict[str, int] = {}
    for name, count in mix.items():
        found[_name(name)] = found.get(_name(name), 0) + count
    return found


def _name(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"


def _number(value: float | None) -> str:
    """A limit that is never reached, or a value that there is none of, is a dash."""
    if value is None:
        return "—"
    return f"{value:,.0f}" if value >= 1000 else f"{value:.4g}"
