"""The inbox of the platform on this laptop: the mails and SMS that its topics would have sent."""

import json
import urllib.request


def messages(endpoint: str) -> list[dict[str, str]]:
    """All of them, the oldest first: at, topic, protocol, to, subject, text."""
    with urllib.request.urlopen(f"{endpoint}/_criba/inbox", timeout=10) as answer:  # noqa: S310 - http
        found: list[dict[str, str]] = json.load(answer)["messages"]
        return found
