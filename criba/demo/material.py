"""What a demo lands, and the labels of its messages that it keeps to itself."""

import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

from criba.sample.dataset import write_campaign, write_sample


@dataclass(frozen=True)
class Known:
    """What a message is about and its language, as a person said."""

    label: str
    language: str


@dataclass(frozen=True)
class Counts:
    """Records by what must become of them."""

    landed: int
    kept: int
    duplicates: int
    quarantined: int


@dataclass(frozen=True)
class Material:
    """Files to land, the truth by record id, and, where it is known beforehand, what must be counted.

    `shifted` are batches, by source, that come afterwards and are unlike what the model has learnt.
    """

    day: date
    labels: list[Path]
    messages: dict[str, list[Path]]
    truth: dict[str, Known]
    expected: Counts | None
    shifted: list[dict[str, list[Path]]] = field(default_factory=list)


def today() -> date:
    return datetime.now(UTC).date()


def sample(folder: Path) -> Material:
    """The bundled sample, dated today and written below `folder`."""
    day = today()
    made = write_sample(folder, day=day)
    planted = made.planted.values()
    expected = Counts(
        landed=sum(one.landed for one in planted),
        kept=sum(one.kept for one in planted),
        duplicates=sum(one.duplicates for one in planted),
        quarantined=sum(one.quarantined for one in planted),
    )
    truth: dict[str, Known] = {}
    with made.truth.open(encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            truth[row["record_id"]] = Known(row["label"], row["language"])
    shifted = write_campaign(folder / "campaign", day=day)
    return Material(day, made.labels, made.messages, truth, expected, shifted)
