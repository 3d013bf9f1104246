"""The quality report as a page: one HTML file that needs no network, no script and no other file."""

from base64 import b64encode
from collections.abc import Mapping
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from pipeline_code.measuring import pictures
from pipeline_code.words import shown

COUNTS = (
    ("joined", "stand beside a prediction"),
    ("unknown", "name a message that was never scored"),
    ("outside", "are of messages from before the window"),
    ("duplicates", "say again what another label says"),
    ("conflicting", "contradict another label of the same message"),
    ("refused", "could not be read"),
)


def page(told: Mapping[str, Any]) -> str:
    """The whole page. It holds labels, dates and figures; no id and no message text."""
    return _template().render(
        told=told,
        counts=[(told["counts"][name], words) for name, words in COUNTS],
        coverage=_picture(pictures.labels_by_date(told["dates"])) if told["dates"] else None,
        versions=[{**one, "pictures": _pictures(one)} for one in told["versions"]],
    )


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("pipeline_code.measuring", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"shown": shown, "percent": _percent, "points": _points}
    return environment.get_template("page.html.j2")


def _pictures(version: Mapping[str, Any]) -> dict[str, str]:
    now, before = version["all"], version["baseline"] or {}
    if not now:
        return {}
    return {
        "reliability": _picture(pictures.reliability(now["reliability"], before.get("reliability"))),
        "labels": _picture(pictures.by_label(now["per_label"], before.get("per_label"))),
    }


def _picture(svg: str) -> str:
    return f"data:image/svg+xml;base64,{b64encode(svg.encode()).decode()}"


def _percent(value: float | None) -> str:
    return "—" if value is None else f"{100 * value:.1f} %"


def _points(value: float) -> str:
    return f"{100 * value:+.1f}".replace("-", "−")
