"""Telephone numbers, by the national numbering plans that the library phonenumbers keeps.

The library's own parser takes 40 µs a number and a region; its patterns, put together once, take less than one.
"""

import re
from collections.abc import Callable, Collection, Sequence

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata

REGIONS = {
    "es": ("ES", "MX", "AR", "CL", "CO"),
    "en": ("US", "GB"),
    "pt": ("PT", "BR"),
    "fr": ("FR",),
    "it": ("IT",),
    "de": ("DE",),
}
"""Where the writers of a language live: a number without a country's code is read as one of these regions'."""

OWN_LINES = ("fixed_line", "mobile", "voip", "personal_number")
COMPANIES_LINES = ("toll_free", "premium_rate", "shared_cost", "uan")
SHORTEST, LONGEST = 7, 13
INTERNATIONAL_DIGITS = range(8, 16)

Match = Callable[[str], re.Match[str] | None]


def regions_of(languages: Collection[str]) -> tuple[str, ...]:
    """The regions whose numbering plans are tried for these languages."""
    return tuple(region for language in sorted(languages) for region in REGIONS.get(language, ()))


class Telephones:
    """Whether a string of digits is a person's telephone number in some regions."""

    def __init__(self, regions: Sequence[str]) -> None:
        self._own = _plan(regions, OWN_LINES)
        self._companies = _plan(regions, COMPANIES_LINES)

    def is_complete(self, digits: str) -> bool:
        """Whether it is a whole number of a national plan, such as nobody would write by chance."""
        return self._own(digits) is not None

    def is_likely(self, digits: str) -> bool:
        """Whether it may be one, given that its writer calls it a telephone: a company's lines are not."""
        return SHORTEST <= len(digits) <= LONGEST and (self.is_complete(digits) or not self.is_a_companys(digits))

    def is_a_companys(self, digits: str) -> bool:
        """Whether it is a number that its owner pays for, or that costs extra: only companies have one."""
        return self._companies(digits) is not None


def is_international(digits: str) -> bool:
    """Whether digits that followed a `+` or 00 begin with a country's code and are as many as E.164 allows."""
    has_code = any(int(digits[:size]) in COUNTRY_CODE_TO_REGION_CODE for size in (1, 2, 3))
    return has_code and len(digits) in INTERNATIONAL_DIGITS


def _plan(regions: Sequence[str], kinds: Sequence[str]) -> Match:
    """Match the numbers of these kinds in any region, after the region's trunk prefix if it has one."""
    patterns = []
    for region in regions:
        metadata = PhoneMetadata.metadata_for_region(region)
        if metadata is None:
            raise LookupError(f"phonenumbers knows no region {region}: take it out of REGIONS")
        lines = (getattr(metadata, kind) for kind in kinds)
        found = [line.national_number_pattern for line in lines if line and line.national_number_pattern]
        if found:
            prefix = f"(?:{metadata.national_prefix})?" if metadata.national_prefix else ""
            patterns.append(f"{prefix}(?:{'|'.join(found)})")
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns) or r"(?!)").fullmatch
