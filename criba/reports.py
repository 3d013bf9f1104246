"""What is known of a run: its attempts and its ledger, put together for people and for programs."""

from collections.abc import Iterator
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from criba import accounts, executions, ledgers, runs
from criba.aws import Aws
from criba.console import table, when, who
from criba.errors import CribaError
from criba.failures import reason_in_words
from pipeline_code.contracts import WORKFLOWS

_ORDER = (
    *("objects", "bytes", "landed", "kept", "duplicates", "quarantined", "quarantine_reasons"),
    *("examples", "splits", "repeats", "refused", "records", "files"),
    *("scored", "unscorable", "published", "auto", "review", "good_enough", "reasons", "challenger", "champion"),
)
_UNTOLD = ("run_id", "folders", "quality", "metrics", "previous", "verdicts")
_COLOURS = {"SUCCEEDED": "green", "RUNNING": "cyan", "PENDING_REDRIVE": "cyan"}


def workflow_of(aws: Aws, run_id: str, workflow: str | None) -> str:
    """The workflow that a run belongs to, from its executions or, long after they are gone, from its ledger."""
    try:
        return runs.find(aws, run_id, workflow).workflow
    except CribaError:
        closed = [name for name in WORKFLOWS if ledgers.ledger(aws, name, run_id) and workflow in (None, name)]
        if len(closed) != 1:
            raise
        return closed[0]


def report(aws: Aws, workflow: str, run_id: str) -> dict[str, Any]:
    """The run's ledger and its attempts; status, outcome, reason, steps and model are there without a ledger too.

    The latest attempt says whether the run is under way, succeeded or failed; the ledger says what came of it, once
    that very attempt has closed it. Without executions the ledger alone is told.
    """
    tried = executions.attempts(aws, workflow, run_id)
    closed = ledgers.ledger(aws, workflow, run_id) or {}
    latest = tried[-1] if tried else None
    current = closed if latest is None or closed.get("execution_arn") == latest.arn else {}
    reason = reason_in_words(current["reason"]) if current.get("reason") else latest and latest.reason
    return {
        **current,
        "workflow": workflow,
        "run_id": run_id,
        "status": latest.status if latest else closed["status"],
        "outcome": current.get("outcome"),
        "reason": reason,
        "started_by": closed.get("started_by") or (latest and latest.input.get("started_by")),
        "attempts": [one.summary() for one in tried],
        "steps": current.get("steps") or {},
        "model": current.get("model"),
    }


def readable(report: dict[str, Any]) -> RenderableType:
    """A report for the eyes: the outcome, the attempts if there were several, what became of the records, the cost."""
    status = report["status"]
    head = Text(f"{report['workflow']} run {report['run_id']}: ")
    head.append(status, style=f"bold {_COLOURS.get(status, 'red')}")
    if report["outcome"] and report["outcome"].upper() != status:
        head.append(f", {report['outcome']}")
    if report["reason"]:
        head.append(f"\n{report['reason']}")
    if report["started_by"]:
        head.append(f"\nstarted by {who(report['started_by'])}", style="dim")
    parts: list[RenderableType] = [head]
    if len(report["attempts"]) > 1:
        columns = ("attempt", "status", "started", "ended")
        rows = (
            (one["attempt"], one["status"], when(one["started_at"]), when(one["stopped_at"]))
            for one in report["attempts"]
        )
        parts.append(table(columns, rows))
    parts += accounts.of_records(report)
    if figures := list(_figures(report["steps"], told=report.get("counts", {}))):
        parts += [Text(), table(("step", "figure", "value"), figures)]
    if "quality" in report["steps"].get("clean", {}):
        parts.append(Text(f"\n{_quality(report)}"))
    parts += accounts.of_jobs(report)
    if report["model"]:
        parts.append(Text(f"\n{_model(report['model'])}"))
    return Group(*parts)


def _quality(report: dict[str, Any]) -> str:
    found, accepted = report["steps"]["clean"]["quality"], report.get("accepted_quality")
    said = f"{found['findings']} findings" if found["findings"] else "nothing found"
    by = f", accepted by {who(accepted['by'])}: {accepted['reason']}" if accepted else ""
    return f"quality: {found['verdict']}, {said}{by}. All of it: criba runs quality {report['run_id']}"


def _model(model: dict[str, Any]) -> str:
    version = f"version {model['version']}, " if "version" in model else ""
    return f"model {version}{model.get('package_arn')}"


def _figures(steps: dict[str, Any], told: dict[str, Any]) -> Iterator[tuple[str, str, object]]:
    """A row for each figure of each step; the parts of a figure, such as the examples by split, indented below it.

    Where the ledger's counts are `told`, steps that only count records are left out.
    """
    for step, figures in steps.items():
        if told and step in accounts.COUNTING_STEPS:
            continue
        name = step.replace("_", " ")
        for figure, value in sorted((figures or {}).items(), key=_place):
            if figure in _UNTOLD or value in ({}, []):
                continue
            if isinstance(value, dict):
                yield name, figure.replace("_", " "), ""
                parts = ((part, of_part) for part, of_part in value.items() if not isinstance(of_part, dict))
                yield from ((name, f"  {part}", _plain(of_part)) for part, of_part in parts)
            else:
                yield name, figure.replace("_", " "), _plain(value)


def _place(figure: tuple[str, object]) -> int:
    """Counts first, in the order in which a message meets them; then the rest, as it comes."""
    return _ORDER.index(figure[0]) if figure[0] in _ORDER else len(_ORDER)


def _plain(value: object) -> object:
    if isinstance(value, float):
        return f"{value:.4f}".rstrip("0").rstrip(".")
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value) if isinstance(value, bool) else value
