"""Raw object versions of which records were erased: runs know them by their first version, and read what is left.

A version cannot be changed. What is left of it is put as a new one, and a note beside the claims says which version
stands for which. So claims, inputs and the positions of quarantined records stay as they were written.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from glue_jobs.lake.store import keys_below, read_json
from pipeline_code.contracts import REWRITTEN, pending_key, rewritten_key


@dataclass(frozen=True)
class Rewritten:
    """Which version stands for which, by key; `pending` are the keys that are being rewritten just now."""

    curated: str
    stored: dict[tuple[str, str], str] = field(default_factory=dict)
    originals: dict[tuple[str, str], str] = field(default_factory=dict)
    pending: frozenset[str] = frozenset()

    def stored_as(self, key: str, version_id: str) -> str:
        """The version that now stands for a version."""
        return self.stored.get((key, version_id), version_id)

    def original_of(self, key: str, stored: str) -> str:
        """The version that a version was first, by which claims and ids are made."""
        return self.originals.get((key, stored), stored)

    def erased(self, key: str, version_id: str) -> tuple[int, ...]:
        """The positions of the records that were erased of a version; a note is read only of what has one."""
        stored = self.stored.get((key, version_id))
        if stored is None:
            return ()
        return tuple(read_json(self.curated, rewritten_key(key, version_id, stored))["erased"])


def rewritten_below(curated: str, prefix: str) -> Rewritten:
    """What was rewritten of the raw objects whose keys start with `prefix`: one listing, no matter how many runs."""
    stored: dict[tuple[str, str], str] = {}
    pending = set()
    for note in keys_below(curated, f"{REWRITTEN}/{prefix}"):
        key, _, name = note.removeprefix(f"{REWRITTEN}/").rpartition("/")
        if note == pending_key(key):
            pending.add(key)
            continue
        key, _, version_id = key.rpartition("/")
        stored[key, version_id] = name.removesuffix(".json")
    originals = {(key, now): version_id for (key, version_id), now in stored.items()}
    return Rewritten(curated, stored, originals, frozenset(pending))


def renumbered(position: int, erased: Sequence[int]) -> int:
    """The number that the `position`-th record had before those at `erased` (ascending) were taken out."""
    for gone in erased:
        if gone > position:
            break
        position += 1
    return position
