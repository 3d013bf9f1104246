"""The one pass over a text that puts placeholders in it, and the cheap look that spares most texts the pass."""

import re
from collections.abc import Callable, Sequence
from functools import cache

from glue_jobs.privacy import network, numbers
from glue_jobs.privacy.telephones import Telephones, regions_of

PLACEHOLDERS = {
    "EMAIL": "an e-mail address",
    "PHONE": "a telephone number",
    "CARD": "a payment card",
    "IBAN": "a bank account",
    "NATIONAL_ID": "a person's identity or tax number",
    "IP": "an IP address, of version 4 or 6",
    "URL": "a link that carries a password or a token",
}
"""What each placeholder stands for; in the text it is `<EMAIL>`."""

Redact = Callable[[str], str]

# Nothing above is written without one of these. Most messages hold none, which one quick scan tells.
SIGN = re.compile(r"[0-9@=]").search
MAY_BE_IP = re.compile(r"[0-9]\.[0-9]{1,3}\.[0-9]").search
MAY_BE_NUMBER = re.compile(r"[0-9](?:[ .()/-]{0,3}[0-9]){5}").search


@cache
def redactor(languages: Sequence[str]) -> Redact:
    """Return the function that redacts a text; `languages` say in which regions a number may be a telephone.

    It takes and returns a text in canonical form (NFC, no control characters). What it has redacted it leaves alone.
    """
    telephones = Telephones(regions_of(languages))

    def redact(text: str) -> str:
        if SIGN(text) is None:
            return text
        if "@" in text or "=" in text:
            text = network.redact_links_and_mail(text)
        if MAY_BE_IP(text) or text.count(":") > 1:
            text = network.redact_ips(text)
        return numbers.redact(text, telephones) if MAY_BE_NUMBER(text) else text

    return redact
