"""How good a run's records were: the report that cleaning left, for people and for programs."""

from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from criba.aws import Aws
from criba.console import table
from criba.errors import CribaError
from criba.ledgers import read_json
from pipeline_code.contracts import RunFiles

_COLOURS = {"pass": "green", "warn": "yellow", "stop": "red"}
_COUNTS = ("source", "landed", "kept", "duplicates", "quarantined")


def report(aws: Aws, workflow: str, run_id: str) -> dict[str, Any]:
    """The content of quality.json, and where its page lies. Raises CribaError for a run that has none."""
    bucket, files = aws.deployment.curated_bucket, RunFiles(workflow, run_id)
    found = read_json(aws, bucket, files.quality)
    if found is None:
        raise CribaError(f"{workflow} run {run_id} has not judged any records yet: see criba runs show {run_id}")
    return {**found, "page": f"s3://{bucket}/{files.quality_page}"}


def readable(report: dict[str, Any]) -> RenderableType:
    """A report for the eyes: the verdict, the counts by source, and the rules, those that were broken first."""
    verdict = report["verdict"]
    head = Text(f"{report['workflow']} run {report['run_id']}: ")
    head.append(verdict, style=f"bold {_COLOURS[verdict]}")
    rules = sorted(report["rules"], key=lambda one: ["stop", "warn", "pass", "not judged"].index(one["verdict"]))
    columns = ("source", "rule", "value", "warn above", "stop above", "verdict", "made of")
    cells = (
        (
            one["source"],
            one["rule"],
            *map(_number, (one["value"], one["warn"], one["stop"])),
            one["verdict"],
            one["note"],
        )
        for one in rules
    )
    return Group(
        head,
        table(_COUNTS, ([source[name] for name in _COUNTS] for source in report["sources"])),
        Text(),
        table(columns, cells),
        Text(f"\npictures: {report['page']}"),
    )


def _number(value: float | None) -> str | None:
    return None if value is None else f"{value:.4g}"
