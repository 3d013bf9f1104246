"""The measures of the dataset-level rules: each a number of which less is better, or the reason why there is none."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from math import sqrt
from statistics import median

from glue_jobs.quality.history import History, weekday
from glue_jobs.quality.profile import Profile
from glue_jobs.raw.claims import Scope
from pipeline_code.contracts import ANY, OUT_OF_SCOPE
from pipeline_code.quality_rules import LABELS

WINDOW = timedelta(days=30)
CONSISTENT = 1.4826
"""Makes the median absolute deviation of normal data their standard deviation."""


@dataclass(frozen=True)
class Situation:
    """All that is known when one source is judged; `now` is when the run began."""

    kind: str
    profile: Profile
    history: History
    scope: Scope
    now: datetime
    min_history: int
    min_records: int

    @property
    def today(self) -> str:
        return self.now.date().isoformat()

    @property
    def only_date(self) -> str | None:
        """The date that the run is about, if it is about one: whoever asks for it says that it is complete."""
        return self.scope.date_from if self.scope.date_from == self.scope.date_to != ANY else None

    @property
    def end(self) -> datetime:
        """Until when messages may be expected: the run's beginning, or the end of the last date that it asks for."""
        if self.scope.date_to == ANY:
            return self.now
        last = datetime.fromisoformat(self.scope.date_to).replace(tzinfo=UTC)
        return min(self.now, last + timedelta(days=1))

    @property
    def newest(self) -> datetime | None:
        """When the newest message known of this source was received, whichever run took it."""
        known = [one for one in (self.profile.newest, self.history.newest) if one]
        return max(known, default=None)

    @property
    def totals(self) -> dict[str, int]:
        """Records by date, this run's and all others'."""
        found = dict(self.history.by_date)
        for day, counts in self.profile.days.items():
            found[day] = found.get(day, 0) + counts.landed
        return dict(sorted(found.items()))


@dataclass(frozen=True)
class Measured:
    """A measure's value, None where nothing can be said, and what it was made of, in words."""

    value: float | None
    note: str


@dataclass(frozen=True)
class Band:
    """Where the records of a date are expected, from earlier ones: the median and the size of one deviation."""

    median: float
    deviation: float
    observations: int

    def deviations(self, count: int) -> float:
        return abs(count - self.median) / self.deviation


def band(counts: list[int]) -> Band:
    """The band of some counts: median and MAD, which one flood does not move.

    A deviation is at least a tenth of the median and the chance of counting itself, so that a source of constant
    deliveries is not judged by its last message.
    """
    middle = median(counts)
    spread = CONSISTENT * median(abs(one - middle) for one in counts)
    return Band(middle, max(spread, middle / 10, sqrt(middle), 1.0), len(counts))


def expected(here: Situation, day: str) -> Band | None:
    """The band of a date: of the same weekday if there are enough, else of all other dates, else none.

    A run about labels takes all of them, so there it is the earlier runs that are compared.
    """
    if here.kind == LABELS:
        others = list(here.history.by_run.values())
    else:
        totals = {other: count for other, count in here.history.by_date.items() if other != day}
        alike = [count for other, count in totals.items() if weekday(other) == weekday(day)]
        others = alike if len(alike) >= here.min_history else list(totals.values())
    return band(others) if len(others) >= here.min_history else None


def volume(here: Situation) -> Measured:
    """The date that lies farthest from its band; too few records of a date that may not be over are not counted."""
    days = sorted({*here.profile.days, *filter(None, [here.today if here.kind == LABELS else here.only_date])})
    farthest: tuple[float, str] | None = None
    for day in days:
        around = expected(here, day)
        if around is None:
            continue
        count = here.profile.landed if here.kind == LABELS else here.totals.get(day, 0)
        is_over = day < here.today or day == here.only_date or here.kind == LABELS
        value = around.deviations(count) if is_over or count > around.median else 0.0
        note = f"{day}: {count:,} records, {around.median:,.0f} is the median of {around.observations}"
        farthest = max(farthest or (-1.0, ""), (value, note))
    if farthest is not None:
        return Measured(*farthest)
    return Measured(None, f"fewer than {here.min_history} earlier ones to compare with" if days else "nothing landed")


def quarantine_rate(here: Situation) -> Measured:
    return _rate(here, here.profile.quarantined, "quarantined")


def duplicate_rate(here: Situation) -> Measured:
    return _rate(here, here.profile.duplicates, "duplicates")


def language_mix(here: Situation) -> Measured:
    observed = len(here.history.by_run if here.kind == LABELS else here.history.by_date)
    if observed < here.min_history:
        return Measured(None, f"fewer than {here.min_history} earlier ones to compare with")
    return _mixed(here, here.profile.languages, here.history.languages)


def freshness_hours(here: Situation) -> Measured:
    if here.newest is None:
        return Measured(None, "no message was ever seen")
    hours = max((here.end - here.newest) / timedelta(hours=1), 0.0)
    return Measured(hours, f"the newest message is of {here.newest:%Y-%m-%d %H:%M} UTC")


def missing_dates(here: Situation) -> Measured:
    known = [day for day, count in here.totals.items() if count]
    if not known:
        return Measured(None, "no message was ever seen")
    # The date on which the run begins is not over.
    last = min(here.now.date() - timedelta(days=1), (here.end - timedelta(microseconds=1)).date())
    first = max(date.fromisoformat(known[0]), last - WINDOW + timedelta(days=1))
    days = [(first + timedelta(days=n)).isoformat() for n in range((last - first).days + 1)]
    missing = sorted(set(days) - set(known))
    return Measured(float(len(missing)), f"none on {', '.join(missing[-5:])}" if missing else "there is none missing")


def label_mix(here: Situation) -> Measured:
    if not here.history.latest_labels:
        return Measured(None, "there is no earlier run")
    return _mixed(here, here.profile.labels, here.history.latest_labels)


def label_imbalance(here: Situation) -> Measured:
    counts = {label: count for label, count in here.profile.labels.items() if label != OUT_OF_SCOPE}
    if here.profile.kept < here.min_records or not counts:
        return Measured(None, f"fewer than {here.min_records} examples")
    most, least = max(counts.values()), min(counts.values())
    return Measured(most / least, f"{most:,} examples of the commonest label, {least:,} of the rarest")


MEASURES: Mapping[str, Callable[[Situation], Measured]] = {
    one.__name__: one
    for one in (
        *(volume, quarantine_rate, duplicate_rate, language_mix, freshness_hours, missing_dates),
        *(label_mix, label_imbalance),
    )
}
"""By the rules' names."""


def distance(mix: Mapping[str, int], other: Mapping[str, int]) -> float:
    """Share of one mix that would have to be of another kind to make it the other: total variation, 0..1."""
    ours, theirs = sum(mix.values()), sum(other.values())
    shares = ((mix.get(one, 0) / ours, other.get(one, 0) / theirs) for one in {*mix, *other})
    return sum(abs(one - another) for one, another in shares) / 2


def _mixed(here: Situation, mix: Mapping[str, int], before: Mapping[str, int]) -> Measured:
    if here.profile.kept < here.min_records or not before:
        return Measured(None, f"fewer than {here.min_records} records")
    value = distance(mix, before)
    return Measured(value, f"{value:.0%} of {here.profile.kept:,} records")


def _rate(here: Situation, count: int, what: str) -> Measured:
    landed = here.profile.landed
    if landed < here.min_records:
        return Measured(None, f"fewer than {here.min_records} records")
    return Measured(count / landed, f"{count:,} {what} of {landed:,} records")
