"""The card as a page: one HTML file that needs no network, no script and no other file."""

from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from pipeline_code.model_card import pictures, statements
from pipeline_code.model_card.card import Card, flattened
from pipeline_code.words import first, shown

MOST_DRAWN = 25
"""Labels of the confusion matrix that can still be read."""

MOST_CONFUSIONS = 15
WORST = 20
MOST_WORDS = 50
SHORT_TABLE = 30
TILES = (
    ("accuracy", "Accuracy"),
    ("macro_f1", "Macro-F1"),
    ("expected_calibration_error", "Calibration error"),
    ("coverage_at_95", "Coverage at 95 % accuracy"),
    ("coverage_at_98", "Coverage at 98 % accuracy"),
    ("coverage", "Decided without review"),
    ("out_of_scope_rejection", "Out-of-scope rejection"),
)
LESS_IS_BETTER = {"expected_calibration_error"}


def page(card: Card) -> str:
    """The whole page. It holds labels, languages, sources and figures, and no message text."""
    report = card.report
    challenger, champion = report["challenger"], report["champion"]
    rows = _label_rows(challenger, champion)
    return _template().render(
        card=card,
        report=report,
        facts=card.facts,
        training=[(name.replace("_", " "), _number(value)) for name, value in flattened(card.facts["training"])],
        tiles=list(_tiles(challenger, champion)),
        reasons=first(report["reasons"], MOST_WORDS),
        not_judged=first(report["not_judged"], MOST_WORDS),
        rows=rows,
        worst=rows[:WORST] if len(rows) > SHORT_TABLE else [],
        slices=list(_slices(challenger, champion)),
        confusions=card.confusions(MOST_CONFUSIONS),
        pictures=_pictures(card),
        drawn=min(len(card.labels), MOST_DRAWN),
        statements=statements,
    )


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("pipeline_code.model_card", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"shown": shown, "percent": _percent, "points": _points, "number": _number}
    return environment.get_template("page.html.j2")


def _pictures(card: Card) -> dict[str, str]:
    """Each picture as the address of an image."""
    challenger, champion = card.report["challenger"], card.report["champion"]
    curves = {"challenger": challenger["coverage_curve"]}
    if champion:
        curves["champion"] = champion["coverage_curve"]
    drawn = {
        "confusion": pictures.confusion_matrix(*card.matrix(MOST_DRAWN)),
        "reliability": pictures.reliability(challenger["reliability"]),
        "coverage": pictures.coverage(curves),
    }
    return {name: f"data:image/svg+xml;base64,{b64encode(svg.encode()).decode()}" for name, svg in drawn.items()}


def _tiles(challenger: Mapping[str, Any], champion: Mapping[str, Any] | None) -> Iterator[dict[str, Any]]:
    """The figures that matter most: of the challenger, of the champion, and whether the change is for the better."""
    old = champion or {}
    for name, title in TILES:
        yield _tile(title, challenger[name], old.get(name), less=name in LESS_IS_BETTER)
    apart, champions = (one.get("without_near_duplicates") or {} for one in (challenger, old))
    for name, title in TILES[:2]:
        yield _tile(f"{title} without near-duplicates", apart.get(name), champions.get(name), less=False)


def _tile(title: str, now: float | None, before: float | None, *, less: bool) -> dict[str, Any]:
    change = now - before if now is not None and before is not None else None
    better = None if change is None or abs(change) < 0.00005 else (change < 0) == less
    return {"title": title, "now": now, "before": before, "change": change, "better": better}


def _label_rows(challenger: Mapping[str, Any], champion: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """One row a label, the worst F1 first."""
    before = champion["per_label"] if champion else {}
    rows = [
        {"label": label, **found, "change": found["f1"] - before[label]["f1"] if before else None}
        for label, found in challenger["per_label"].items()
    ]
    return sorted(rows, key=lambda row: (row["f1"], row["label"]))


def _slices(challenger: Mapping[str, Any], champion: Mapping[str, Any] | None) -> Iterator[dict[str, Any]]:
    for kind in ("language", "source"):
        for name, found in challenger[f"per_{kind}"].items():
            before = champion[f"per_{kind}"][name]["accuracy"] if champion else None
            change = found["accuracy"] - before if before is not None else None
            yield {"kind": kind, "name": name, **found, "change": change}


def _percent(value: float | None) -> str:
    return "not judged" if value is None else f"{100 * value:.1f} %"


def _points(change: float | None) -> str:
    """A change in percentage points, with its sign; nothing where there is none to tell."""
    return "—" if change is None else f"{100 * change:+.1f}".replace("-", "−")


def _number(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(map(_number, value))
    return f"{value:.4f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
