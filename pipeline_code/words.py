"""Words: labels and long lists as a person can read them, whatever they hold."""

import unicodedata
from collections.abc import Sequence

LONGEST = 60


def shown(name: str, longest: int = LONGEST) -> str:
    """A name on one line: what cannot be seen becomes a space, what is too long ends in "…", nothing is "(empty)"."""
    visible = "".join(" " if unicodedata.category(one).startswith(("C", "Z")) else one for one in name)
    line = " ".join(visible.split()) or "(empty)"
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def first(items: Sequence[str], most: int) -> list[str]:
    """At most so many of the items, and how many more there are."""
    return list(items) if len(items) <= most else [*items[:most], f"and {len(items) - most} more"]
