"""Profile: what a run's records of one source look like, in counts alone."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from pyspark.sql import Row

from glue_jobs.cleaning.comparing import DUPLICATE, KEPT, QUARANTINED, TALLY, sums
from pipeline_code.quality_rules import LABELS, STRAYS

MOST_LABELS = 500
"""Labels that are counted one by one; more are somebody's mistake, and their names may be anything."""


@dataclass(frozen=True)
class Day:
    """The records of one date: how many landed and what became of them; languages and labels of what was kept."""

    landed: int
    kept: int
    languages: dict[str, int] = field(default_factory=dict)
    labels: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Profile:
    """All records of a source, and by date; `lengths` by the power of two at or below the text's characters."""

    source: str
    landed: int
    kept: int
    duplicates: int
    reasons: dict[str, int]
    languages: dict[str, int]
    labels: dict[str, int]
    lengths: dict[int, int]
    newest: datetime | None
    days: dict[str, Day]

    @property
    def quarantined(self) -> int:
        return sum(self.reasons.values())

    def share(self, count: int) -> float | None:
        """The share of what landed, None of nothing."""
        return count / self.landed if self.landed else None


def profiles(groups: Sequence[Row], sources: Sequence[str], kind: str, today: str) -> list[Profile]:
    """One profile for each source, and one of the strays if there are any; of labels, which have no date, a single one.

    `groups` are compared rows in groups (glue_jobs.cleaning.comparing.grouped).
    """
    records = [group for group in groups if group.outcome != TALLY]
    if kind == LABELS:
        return [_profile(LABELS, records, {today: records} if records else {})]
    found = {source: [group for group in records if group.source == source] for source in sources}
    if strays := [group for group in records if group.source not in sources]:
        found[STRAYS] = strays
    return [_profile(source, own, _by_date(own)) for source, own in found.items()]


def _by_date(groups: Sequence[Row]) -> dict[str, list[Row]]:
    dates = sorted({group.date for group in groups if group.date})
    return {date: [group for group in groups if group.date == date] for date in dates}


def _profile(source: str, groups: Sequence[Row], by_date: dict[str, list[Row]]) -> Profile:
    kept, duplicates, quarantined = (
        [group for group in groups if group.outcome == outcome] for outcome in (KEPT, DUPLICATE, QUARANTINED)
    )
    newest = [group.newest for group in kept if group.newest is not None]
    return Profile(
        source=source,
        landed=_rows(groups),
        kept=_rows(kept),
        duplicates=_rows(duplicates),
        reasons=sums(quarantined, "reason"),
        languages=sums(kept, "language"),
        labels=_labels(kept),
        lengths=sums(kept, "length"),
        newest=datetime.fromtimestamp(max(newest), UTC) if newest else None,
        days={date: _day(own) for date, own in by_date.items()},
    )


def _day(groups: Sequence[Row]) -> Day:
    kept = [group for group in groups if group.outcome == KEPT]
    return Day(_rows(groups), _rows(kept), sums(kept, "language"), _labels(kept))


def _labels(kept: Sequence[Row]) -> dict[str, int]:
    found = sums(kept, "label")
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0]))[:MOST_LABELS])


def _rows(groups: Sequence[Row]) -> int:
    return sum(group.rows for group in groups)
