"""Kinds of settings: what a value may be, and in which words a wrong one is refused."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from stacks.section import matching


def _cron(value: str) -> str:
    """Check an EventBridge Scheduler cron expression: six fields, and `?` in exactly one of the two day fields."""
    advice = 'write six fields with one "?" for the day that is not used, such as "cron(0 2 * * ? *)"'
    body = re.fullmatch(r"cron\((.+)\)", value)
    fields = body.group(1).split() if body else []
    if len(fields) != 6 or (fields[2] == "?") == (fields[4] == "?"):
        raise ValueError(advice)
    ranges = [(0, 59), (0, 23), (1, 31), (1, 12), (1, 7), (1970, 2199)]
    for field, (low, high) in zip(fields, ranges, strict=True):
        if not re.fullmatch(r"[0-9A-Z,\-*/?#L]+", field) or any(
            not low <= int(number) <= high for number in re.findall(r"(?<![#/0-9])\d+", field)
        ):
            raise ValueError(f"{advice}; {field!r} is not in {low}-{high}")
    return value


Account = Annotated[
    str, matching(r"\d{12}", 'write the 12 digits of the AWS account in quotes, such as "111122223333"')
]
Region = Annotated[str, matching(r"[a-z]{2}(-[a-z]+)+-\d", 'write an AWS Region, such as "eu-west-1"')]
Email = Annotated[str, matching(r"[^@\s]+@[^@\s]+\.[^@\s.]+", 'write a mail address, such as "oncall@example.com"')]
Phone = Annotated[str, matching(r"\+[1-9]\d{7,14}", 'write a number in E.164 form, such as "+34600000000"')]
Digest = Annotated[
    str, matching(r"sha256:[0-9a-f]{64}", 'write the image\'s digest, "sha256:" and 64 hexadecimal digits')
]
Cron = Annotated[str, AfterValidator(_cron)]
TimeZone = Annotated[
    str, matching(r"UTC|[A-Z][A-Za-z_]+/[A-Za-z_/]+", 'write an IANA time zone, such as "Europe/Madrid"')
]
Language = Annotated[str, matching(r"[a-z]{2}", 'write an ISO 639-1 code, such as "es"')]
InstanceType = Annotated[
    str,
    matching(
        r"ml\.(?!\w+d\.|g4dn|g5|g6|p\d)[a-z0-9]+\.[a-z0-9]+",
        'write a SageMaker instance type without local storage, whose volume takes our key, such as "ml.m5.large"',
    ),
]
Share = Annotated[float, Field(ge=0, le=1)]


def _limit(value: float) -> float:
    if not value >= 0:
        raise ValueError('write a number from 0 on, or inf for "never"')
    return value


Limit = Annotated[float, AfterValidator(_limit)]
