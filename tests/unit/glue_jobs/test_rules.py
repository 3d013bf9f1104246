"""Each rule refuses what it names, and nothing else."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from glue_jobs.cleaning.draft import Draft, Origin
from glue_jobs.cleaning.rules import RULES, refused

LANDED = datetime(2026, 1, 16, 12, tzinfo=UTC)
MESSAGE = Origin("web", "2026-01-15", LANDED, is_label=False, max_text_bytes=20)
STRANGER = Origin("wbe", "2026-01-15", LANDED, is_label=False, max_text_bytes=20, is_known_source=False)
LABEL = Origin("", "", LANDED, is_label=True, max_text_bytes=20)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"text": "hola"}, None),
        ({"message": "hola", "id": 7, "lang": "es", "created_at": "2026-01-17T12:00:00Z"}, None),
        ({"text": "hola", "unknown": {"nested": [1]}}, None),
        ({"text": None, "body": "hola"}, None),
        ({"text": "hola", "id": ""}, None),
        ({}, "missing_text"),
        ({"text": ["hola"]}, "wrong_type"),
        ({"text": 7}, "wrong_type"),
        ({"text": "hola", "id": 1.5}, "wrong_type"),
        ({"text": "hola", "id": True}, "wrong_type"),
        ({"text": "hola", "language": 1}, "wrong_type"),
        ({"text": "half \ud83d"}, "not_utf8"),
        ({"text": "hola", "id": "\udcff"}, "not_utf8"),
        ({"text": ""}, "blank_text"),
        ({"text": " \n\t"}, "blank_text"),
        ({"text": "\x00\x07"}, "control_characters_only"),
        ({"text": "ñ" * 10}, None),
        ({"text": "ñ" * 10 + "n"}, "too_long"),
        ({"text": "hola", "id": "x" * 257}, "bad_id"),
        ({"text": "hola", "id": "a\nb"}, "bad_id"),
        ({"text": "hola", "received_at": "yesterday"}, "bad_timestamp"),
        ({"text": "hola", "received_at": 1768500000}, "bad_timestamp"),
        ({"text": "hola", "received_at": "1969-12-31T23:59:59Z"}, "bad_timestamp"),
        ({"text": "hola", "received_at": "0001-01-01T00:00:00+14:00"}, "bad_timestamp"),
        ({"text": "hola", "received_at": "2026-01-17T12:00:01Z"}, "future_date"),
        ({"text": "hola", "label": 3, "split": 4, "source": 5}, None),
    ],
)
def test_a_message_is_judged(fields: dict[str, Any], reason: str | None) -> None:
    assert refused(Draft(fields, MESSAGE)) == reason


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"text": "hola", "label": "greeting"}, None),
        ({"text": "hola", "label": "greeting", "split": "test", "source": "web"}, None),
        ({"message_id": "m1", "source": "web", "label": "greeting"}, None),
        ({"message_id": "m1", "label": "greeting"}, "missing_text"),
        ({"source": "web", "label": "greeting"}, "missing_text"),
        ({"text": "hola"}, "missing_label"),
        ({"text": "hola", "label": "  "}, "missing_label"),
        ({"text": "hola", "label": 3}, "wrong_type"),
        ({"text": "hola", "label": "greeting", "split": "dev"}, "bad_split"),
        ({"text": "hola", "label": "greeting", "source": "Web Form"}, "bad_source"),
    ],
)
def test_a_label_is_judged(fields: dict[str, Any], reason: str | None) -> None:
    assert refused(Draft(fields, LABEL)) == reason


def test_a_source_that_the_settings_do_not_name_is_refused_whatever_it_says() -> None:
    assert refused(Draft({"text": "hola"}, STRANGER)) == "unknown_source"
    assert refused(Draft({}, STRANGER)) == "unknown_source"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("2026-01-15T09:30:00+02:00", datetime(2026, 1, 15, 7, 30, tzinfo=UTC)),
        ("2026-01-15 09:30", datetime(2026, 1, 15, 9, 30, tzinfo=UTC)),
        ("2026-01-14", datetime(2026, 1, 14, tzinfo=UTC)),
        (date(2026, 1, 14), datetime(2026, 1, 14, tzinfo=UTC)),
        (datetime(2026, 1, 14, 8), datetime(2026, 1, 14, 8, tzinfo=UTC)),  # noqa: DTZ001
        (None, datetime(2026, 1, 15, tzinfo=UTC)),
    ],
)
def test_a_timestamp_is_read_in_utc_or_is_the_midnight_of_its_date(given: Any, expected: datetime) -> None:
    assert Draft({"text": "hola", "received_at": given}, MESSAGE).received_at == expected


def test_a_label_without_a_timestamp_has_the_day_on_which_it_landed() -> None:
    assert Draft({"text": "hola", "label": "x"}, LABEL).received_at == datetime(2026, 1, 16, tzinfo=UTC)


def test_every_reason_stands_in_the_table_once_with_its_condition_and_why() -> None:
    reasons = [rule.reason for rule in RULES]
    assert len(reasons) == len(set(reasons)) == 22
    assert all(rule.condition and rule.why for rule in RULES)
