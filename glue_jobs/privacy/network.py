"""Links with credentials, e-mail addresses and IP addresses."""

import re
from ipaddress import AddressValueError, IPv6Address

from glue_jobs.privacy.cues import Cue, cue_before

SECRETS = (
    "access_?token|refresh_?token|id_?token|token|auth|api_?key|key|sig|signature|secret|password|passwd|pwd|pass|code|"
    "jwt|session|session_?id|sid|otp|x-amz-signature|x-amz-security-token"
)
SCHEME = "[a-z][a-z0-9+.-]{0,20}://"
LINK_END = r"[^\s<>.,;:!?)'\"»]"
LOGIN_IN_LINK = re.compile(rf"\b{SCHEME}[^\s/@:]*:[^\s/@]+@\S*{LINK_END}", re.IGNORECASE)
SECRET_IN_LINK = re.compile(
    rf"\b(?:{SCHEME}|(?:[\w-]{{1,63}}\.){{1,8}}[a-z]{{2,24}}/)\S*[?&#;](?:{SECRETS})=[^\s&#]{{5,}}(?:\S*{LINK_END})?",
    re.IGNORECASE,
)
EMAIL = re.compile(r"(?<![\w.+%'-])[\w+%](?:[\w.+%'-]*[\w+%-])?@[\w-]+(?:\.[\w-]+)*\.[^\W\d_]{2,}")
IPV4 = re.compile(r"(?<![\w.,-])(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?!\w|[.-][0-9])")
IPV6 = re.compile(r"(?<![\w:.])(?:[0-9A-Fa-f]{1,4}:|::)(?:[0-9A-Fa-f]{0,4}:){1,6}[0-9A-Fa-f]{0,4}(?![\w:])")
LARGEST_IN_VERSION = 30
LEAST_GROUPS = 3
"""Shorter forms of IPv6 name no person's line (`::1`), and look like an operator between two names."""


def redact_links_and_mail(text: str) -> str:
    """Replace links that let their bearer in, whole, and e-mail addresses."""
    if "@" in text and "://" in text:
        text = LOGIN_IN_LINK.sub("<URL>", text)
    if "=" in text:
        text = SECRET_IN_LINK.sub("<URL>", text)
    return EMAIL.sub("<EMAIL>", text) if "@" in text else text


def redact_ips(text: str) -> str:
    """Replace IP addresses; four numbers after a word such as version are none."""
    text = IPV4.sub(_ipv4, text)
    return IPV6.sub(_ipv6, text) if text.count(":") > 1 else text


def _ipv4(match: re.Match[str]) -> str:
    """Four numbers are a version where a word says so, or where nothing says address and they are small."""
    parts = [int(part) for part in match[0].split(".")]
    if ".".join(map(str, parts)) != match[0] or max(parts) > 255 or not parts[0]:
        return match[0]
    cue = cue_before(match.string, match.start())
    is_version = cue is Cue.VERSION or (cue is not Cue.IP and sum(part > LARGEST_IN_VERSION for part in parts) < 2)
    return match[0] if is_version else "<IP>"


def _ipv6(match: re.Match[str]) -> str:
    groups = [group for group in match[0].split(":") if group]
    if len(groups) < LEAST_GROUPS or not any(c.isdigit() for c in match[0]):
        return match[0]
    try:
        IPv6Address(match[0])
    except AddressValueError:
        return match[0]
    return "<IP>"
