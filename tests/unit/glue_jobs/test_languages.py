"""The language of a message, given or voted."""

import pytest

from glue_jobs.cleaning.languages import language_of

LANGUAGES = ("es", "en", "pt")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("¿Cuándo llega el pedido? No lo tengo", "es"),
        ("Where is my order? I need it", "en"),
        ("Não recebi o meu pedido, você pode ajudar?", "pt"),
        ("ok", "und"),
        ("12345 :)", "und"),
        ("no", "und"),
    ],
)
def test_a_language_is_voted_by_stop_words(text: str, expected: str) -> None:
    assert language_of(None, text, LANGUAGES) == expected


def test_a_language_outside_the_settings_is_never_detected() -> None:
    assert language_of(None, "Where is my order? I need it", ("es",)) == "und"


@pytest.mark.parametrize(("given", "expected"), [("ES", "es"), (" pt-BR ", "pt"), ("en_US", "en"), ("fr", "fr")])
def test_a_given_language_is_kept_as_two_letters(given: str, expected: str) -> None:
    assert language_of(given, "whatever it is", LANGUAGES) == expected


@pytest.mark.parametrize("given", ["", "spanish", "-", "??"])
def test_what_is_no_language_code_is_passed_over(given: str) -> None:
    assert language_of(given, "Where is my order? I need it", LANGUAGES) == "en"
