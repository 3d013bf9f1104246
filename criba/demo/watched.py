"""What the monitor made of a batch, and what people were told: the demo's last act."""

import time
from typing import Any

from criba import alerts, drift, inbox, ledgers
from criba.aws import Aws
from criba.demo import summary
from criba.errors import CribaError
from pipeline_code.contracts import stack_name

_PATIENCE = 20


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


def people_told(aws: Aws) -> dict[str, Any]:
    """The alarms that are off, and the SMS that woke people, awaited: CloudWatch judges by the minute."""
    deadline = time.monotonic() + _PATIENCE
    for pause in aws.pauses():
        woken = [one["text"] for one in inbox.messages(str(aws.endpoint)) if one["protocol"] == "sms"]
        if woken or time.monotonic() > deadline:
            break
        time.sleep(pause)
    prefix = stack_name(aws.environment, "")
    names = [one["name"].removeprefix(prefix) for one in alerts.alarms(aws, every=False)]
    return {"alarms": names, "sms": woken}
