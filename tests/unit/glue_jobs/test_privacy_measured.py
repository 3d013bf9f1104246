"""How well personal data is found, measured on labelled messages: see docs/privacy.md."""

import pytest

from glue_jobs.privacy import PLACEHOLDERS, redactor
from tests.unit.glue_jobs.labelled import LANGUAGES, PARTS, Labelled, messages, score

REDACT = redactor(LANGUAGES)
ALL = [message for part in PARTS for message in messages(part, *LANGUAGES)]


@pytest.mark.parametrize("part", PARTS)
def test_nearly_all_is_found_and_nearly_nothing_is_made_up(part: str) -> None:
    measured = score(messages(part, *LANGUAGES), REDACT)
    assert measured.precision() >= 0.98
    assert measured.recall() >= 0.97


@pytest.mark.parametrize("kind", PLACEHOLDERS)
def test_each_type_is_found(kind: str) -> None:
    measured = score(ALL, REDACT)
    assert measured.precision(kind) >= 0.97
    assert measured.recall(kind) >= 0.97


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_is_served_alike(language: str) -> None:
    measured = score((one for part in PARTS for one in messages(part, language)), REDACT)
    assert measured.precision() >= 0.98
    assert measured.recall() >= 0.97


def test_the_labelled_set_is_large_and_two_fifths_of_it_hold_nothing_to_find() -> None:
    assert len({message.text for message in ALL}) == len(ALL) >= 600
    for language in LANGUAGES:
        assert sum(1 for part in PARTS for _ in messages(part, language)) >= 180
    assert sum(not message.spans for message in ALL) >= 0.4 * len(ALL)


def test_each_country_s_numbers_are_in_it() -> None:
    kinds = {kind for message in ALL for kind in message.kinds}
    assert {"ES_DNI", "ES_NIE", "MX_CURP", "MX_RFC", "AR_DNI", "AR_CUIT", "CL_RUT", "CO_CC", "CO_NIT"} <= kinds
    assert {"BR_CPF", "PT_NIF", "PT_CC"} <= kinds


def test_what_is_missed_and_what_is_made_up_lower_the_figures() -> None:
    message = Labelled("call 612 345 678 about order 77120934", frozenset({("PHONE", 5, 16)}), ("PHONE",))
    right = score([message], lambda _: "call <PHONE> about order 77120934")
    wrong = score([message, message], lambda text: text.replace("77120934", "<PHONE>"))
    both = score([message], lambda _: "call <PHONE> about order <CARD>")
    assert (right.precision(), right.recall()) == (1.0, 1.0)
    assert (wrong.precision(), wrong.recall()) == (0.0, 0.0)
    assert (both.precision(), both.recall(), both.precision("CARD")) == (0.5, 1.0, 0.0)
