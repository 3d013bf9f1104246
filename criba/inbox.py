"""The inbox: what people would have got by mail and SMS of the platform on this laptop."""

import json
import urllib.request

from criba.aws import LAPTOP
from criba.errors import BadInput, CribaError
from criba.local import process


def messages(environment: str) -> list[dict[str, str]]:
    """All mails and SMS, the oldest first: at, protocol, to, subject, text. Raises BadInput and CribaError."""
    if environment != LAPTOP:
        raise BadInput(
            f"{environment} has no inbox: on AWS mails and SMS go to the people themselves. "
            f"Who they are, and what keeps messages from them: criba --env {environment} alerts check"
        )
    running = process.status()
    if running is None:
        raise CribaError("no local platform is running. Start one with: criba local up && criba local deploy")
    with urllib.request.urlopen(f"{running.endpoint}/_criba/inbox", timeout=10) as answer:  # noqa: S310 - http
        found: list[dict[str, str]] = json.load(answer)["messages"]
    return found
