"""What the monitor made of a batch, and what people were told: the demo's last act."""

from typing import Any

from criba import drift, ledgers
from criba.aws import Aws
from criba.demo import summary
from criba.errors import CribaError


def batch(aws: Aws, run_id: str) -> dict[str, Any]:
    """A scored batch: run_id, its counts, the verdict, the signals that fired. Raises CribaError unless they add up."""
    account = ledgers.ledger(aws, "score", run_id) or {}
    counts = summary.messages(account["steps"]["clean"], account["steps"]["published"])
    if counts["landed"] != counts["kept"] or counts["kept"] != counts["published"] + counts["unscorable"]:
        raise CribaError(f"run {run_id}: the counts do not add up: {counts}")
    found = drift.drift(aws, run_id)
    return {
        "run_id": run_id,
        "messages": counts,
        "verdict": drift.verdict(found),
        "signals": [name for _, names in drift.signals(found) for name in names],
        "report": found["report"],
    }


def in_words(found: dict[str, Any]) -> str:
    """One line about a batch."""
    signals = f": {', '.join(found['signals'])}" if found["signals"] else ""
    return f"{found['messages']['published']:,} predictions, {found['verdict']}{signals}"


def alarms(aws: Aws) -> list[str]:
    """The alarms that are off by now."""
    told = aws.cloudwatch.describe_alarms(StateValue="ALARM")
    return sorted(one["AlarmName"] for kind in ("MetricAlarms", "CompositeAlarms") for one in told.get(kind, []))
