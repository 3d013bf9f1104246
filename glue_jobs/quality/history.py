"""History: what earlier runs counted of a source, by run and date; a small JSON object, and no text.

A run that stopped leaves nothing here, so what it saw does not become the normal case. A run repeated replaces its own
entries. Entries of the latest 60 dates are kept.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date, datetime
from functools import partial
from typing import Any

from glue_jobs.lake.store import read_json, update_json
from glue_jobs.quality.profile import Profile
from pipeline_code.contracts import history_key

KEPT_DATES = 60


@dataclass(frozen=True)
class Entry:
    """What one run counted of one date; `newest` is the ISO 8601 moment of the run's newest message of the source."""

    run_id: str
    date: str
    landed: int
    kept: int
    languages: dict[str, int]
    labels: dict[str, int]
    newest: str | None


@dataclass(frozen=True)
class History:
    """Entries of other runs, the earliest date first."""

    entries: tuple[Entry, ...] = ()

    @property
    def by_date(self) -> dict[str, int]:
        """Records that landed by date, all runs together."""
        found: Counter[str] = Counter()
        for entry in self.entries:
            found[entry.date] += entry.landed
        return dict(sorted(found.items()))

    @property
    def by_run(self) -> dict[str, int]:
        """Records that landed by run, the earliest run first."""
        found: Counter[str] = Counter()
        for entry in self.entries:
            found[entry.run_id] += entry.landed
        return dict(found)

    @property
    def languages(self) -> dict[str, int]:
        return _added(entry.languages for entry in self.entries)

    @property
    def latest_labels(self) -> dict[str, int]:
        """Examples by label in the latest run, empty without one."""
        return self.entries[-1].labels if self.entries else {}

    @property
    def newest(self) -> datetime | None:
        moments = [datetime.fromisoformat(entry.newest) for entry in self.entries if entry.newest]
        return max(moments, default=None)


def read_history(bucket: str, kind: str, source: str, *, without: str) -> History:
    """The history of a source without the entries of one run; empty when there is none yet."""
    try:
        document = read_json(bucket, history_key(kind, source))
    except FileNotFoundError:
        return History()
    entries = (Entry(**one) for one in document["entries"])
    return History(tuple(sorted((one for one in entries if one.run_id != without), key=_place)))


def record(bucket: str, kind: str, profile: Profile, run_id: str) -> None:
    """Put what a run counted of a source into its history, in place of what the same run put there before."""
    newest = profile.newest.isoformat() if profile.newest else None
    ours = [Entry(run_id, date_, newest=newest, **asdict(day)) for date_, day in profile.days.items()]
    if ours:
        update_json(bucket, history_key(kind, profile.source), partial(_with, run_id, ours))


def _with(run_id: str, ours: list[Entry], document: dict[str, Any]) -> dict[str, Any]:
    others = [Entry(**one) for one in document.get("entries", []) if one["run_id"] != run_id]
    entries = sorted([*others, *ours], key=_place)
    kept = sorted({entry.date for entry in entries})[-KEPT_DATES:]
    return {"entries": [asdict(entry) for entry in entries if entry.date >= kept[0]]}


def _place(entry: Entry) -> tuple[str, str]:
    return entry.date, entry.run_id


def weekday(day: str) -> int:
    return date.fromisoformat(day).weekday()


def _added(counts: Iterable[dict[str, int]]) -> dict[str, int]:
    found: Counter[str] = Counter()
    for one in counts:
        found.update(one)
    return dict(sorted(found.items()))
