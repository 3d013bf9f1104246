"""The drift report of a run: what the monitor of a scored batch, or the comparison with late labels, has found."""

from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from criba.aws import Aws
from criba.console import table
from criba.errors import CribaError
from criba.ledgers import read_json
from pipeline_code.contracts import report_prefix


def drift(aws: Aws, run_id: str) -> dict[str, Any]:
    """The run's summary, and where its report lies. Raises CribaError for a run without one."""
    bucket, folder = aws.deployment.monitoring_bucket, report_prefix(run_id)
    found = read_json(aws, bucket, f"{folder}/summary.json")
    if found is None:
        raise CribaError(
            f"run {run_id} has no drift report: only runs of score and measure that had something to compare leave one"
        )
    return {"run_id": run_id, **found, "report": f"s3://{bucket}/{folder}/{found.get('report', 'report.html')}"}


def readable(found: dict[str, Any]) -> RenderableType:
    """The verdict, its signals, the figures and where to read on."""
    head = Text(f"run {found['run_id']}, version {found['model_version']}, {found['records']:,} messages: ")
    head.append(verdict(found), style="bold red" if found["page"] else "bold yellow" if found["warn"] else "bold")
    if found["why_not"]:
        head.append(f"\nnot judged: {found['why_not']}")
    fired = [f"{kind}: {', '.join(names)}" for kind, names in signals(found)]
    figures = [(one["MetricName"], f"{one['Value']:.4f}") for one in found["metrics"]]
    return Group(
        head, *map(Text, fired), Text(), table(("figure", "value"), figures), Text(f"\nreport: {found['report']}")
    )


def verdict(found: dict[str, Any]) -> str:
    """In one word or two."""
    return "page" if found["page"] else "warning" if found["warn"] else "no drift" if found["judged"] else "not judged"


def signals(found: dict[str, Any]) -> list[tuple[str, list[str]]]:
    """What fired, by kind of drift."""
    if "signals" in found:
        return [("quality", found["signals"])] if found["signals"] else []
    kinds = (("data drift", found["data_drift"]), ("model drift", found["model_drift"]))
    return [(name, kind["signals"]) for name, kind in kinds if kind["signals"]]
