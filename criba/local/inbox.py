"""The inbox: mails and SMS that SNS would send to people, kept instead, with the texts that they would read."""

import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from criba.local import emulator, settings

Message = dict[str, str]
PEOPLE = ("email", "email-json", "sms")
WITHOUT_SUBJECT = "AWS Notification Message"
NAME_IN_SMS = 10
"""Characters of a topic's display name that an SMS begins with."""

_messages: list[Message] = []
_lock = threading.Lock()


def install() -> None:
    """Have every message of a topic delivered to its mail and SMS subscribers too, which MiniStack leaves out."""
    service = emulator.service("sns")
    service._fanout = _also_to_people(service._fanout)


def messages() -> list[Message]:
    """All of them, the oldest first: at, topic, protocol, to, subject, text."""
    with _lock:
        return list(_messages)


def _also_to_people(inner: Callable[..., None]) -> Callable[..., None]:
    def fanout(topic_arn: str, msg_id: str, message: str, subject: str, *more: Any, **named: Any) -> None:
        inner(topic_arn, msg_id, message, subject, *more, **named)
        structure = named.get("message_structure", more[0] if more else "")
        attributes = named.get("message_attributes", more[1] if len(more) > 1 else None) or {}
        _deliver(topic_arn, message, subject, structure, attributes)

    return fanout


def _deliver(topic_arn: str, message: str, subject: str, structure: str, attributes: dict[str, Any]) -> None:
    service = emulator.service("sns")
    topic = service._topic_by_arn_any_scope(topic_arn)
    for one in topic["subscriptions"] if topic else []:
        protocol = one["protocol"]
        if protocol not in PEOPLE or not one.get("confirmed"):
            continue
        text = service._resolve_message_for_protocol(message, structure, protocol)
        if service._matches_filter_policy(one, attributes, text):
            _keep(topic, protocol, one["endpoint"], subject, text)


def _keep(topic: dict[str, Any], protocol: str, to: str, subject: str, text: str) -> None:
    if protocol == "sms":
        name = topic["attributes"].get("DisplayName", "")[:NAME_IN_SMS]
        subject, text = "", f"{name}> {text}" if name else text
    kept = {
        "at": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "topic": topic["arn"].rpartition(":")[2],
        "protocol": protocol,
        "to": to,
        "subject": subject or ("" if protocol == "sms" else WITHOUT_SUBJECT),
        "text": text,
    }
    with _lock:
        _messages.append(kept)
        with (settings.root() / "inbox.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(kept, ensure_ascii=False) + "\n")
