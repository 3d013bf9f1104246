"""Deliveries for the tests of quality: profiles, histories and limits, with only what a test is about."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from glue_jobs.quality.gate import Gate, Limits
from glue_jobs.quality.history import Entry, History
from glue_jobs.quality.measures import Situation
from glue_jobs.quality.profile import Day, Profile
from glue_jobs.raw.claims import Scope
from stacks.config import Quality

NOW = datetime(2026, 3, 20, 2, tzinfo=UTC)  # a Friday night
YESTERDAY = "2026-03-19"


def profile(
    landed: int = 1000,
    *,
    source: str = "web",
    date: str = YESTERDAY,
    quarantined: int = 0,
    duplicates: int = 0,
    newest: str | None = None,
    **changed: Any,
) -> Profile:
    """A delivery of one date, Spanish unless it is said otherwise."""
    kept = landed - quarantined - duplicates
    made = Profile(
        source=source,
        landed=landed,
        kept=kept,
        duplicates=duplicates,
        reasons={"wrong_type": quarantined} if quarantined else {},
        languages=changed.pop("languages", {"es": kept} if kept else {}),
        labels=changed.pop("labels", {}),
        lengths={32: kept} if kept else {},
        newest=datetime.fromisoformat(newest or f"{date}T12:00:00+00:00") if kept else None,
        days={date: Day(landed, kept)} if landed else {},
    )
    return replace(made, **changed)


def history(*counts: int, last: str = "2026-03-18", **changed: Any) -> History:
    """One run a date, the last one on `last`; all in Spanish."""
    end = datetime.fromisoformat(last)
    days = [(end - timedelta(days=n)).date().isoformat() for n in range(len(counts))][::-1]
    return History(
        tuple(
            Entry(f"r-{day}", day, count, count, changed.get("languages", {"es": count}), changed.get("labels", {}),
                  f"{day}T12:00:00+00:00" if count else None)
            for day, count in zip(days, counts, strict=True)
        )
    )  # fmt: skip


def situation(
    delivered: Profile | None = None,
    earlier: History | None = None,
    *,
    kind: str = "messages",
    scope: Scope | None = None,
    now: datetime = NOW,
    **changed: Any,
) -> Situation:
    return Situation(
        kind=kind,
        profile=delivered or profile(),
        history=earlier or History(),
        scope=scope or Scope(),
        now=now,
        **{"min_history": 7, "min_records": 50, **changed},
    )


def gate(**sources: dict[str, float]) -> Gate:
    """The limits that the settings have without any entry, and those of sources that differ."""
    quality = Quality.model_validate({"sources": sources})

    def limits(source: str) -> Limits:
        return Limits(quality.of(source).model_dump())

    return Gate(limits(""), {source: limits(source) for source in sources}, NOW)
