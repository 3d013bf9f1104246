"""Events that AWS services send to the default bus by themselves, such as the end of a job."""

import json
from typing import Any

from criba.local import emulator, settings


def emit(source: str, detail_type: str, detail: dict[str, Any], resources: list[str]) -> None:
    """Put one event of an `aws.*` source on the default bus; from any thread, delivered soon after, as on AWS."""
    entry = {
        "Source": source,
        "DetailType": detail_type,
        "Detail": json.dumps(detail, default=str),
        "Resources": resources,
    }
    emulator.event_loop().call_soon_threadsafe(_put, entry)


def _put(entry: dict[str, Any]) -> None:
    with emulator.module("core.responses").request_scope(settings.ACCOUNT, settings.region()):
        emulator.service("eventbridge")._put_events({"Entries": [entry]}, allow_aws_source=True)
