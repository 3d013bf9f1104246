"""Text in canonical and in folded form."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glue_jobs.cleaning.text import folded, normalised


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("  hola  ", "hola"),
        ("cafe\u0301", "caf\u00e9"),
        ("una\r\nlínea\ty\u2028otra", "una línea y otra"),
        ("a\x00b\x07c\x85d", "abc d"),
        ("\ufeffho\u200bla\u202e", "hola"),
        ("👩\u200d💻 vale", "👩\u200d💻 vale"),
        ("\x01\x02", ""),
    ],
)
def test_text_is_normalised(given: str, expected: str) -> None:
    assert normalised(given) == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("¿Dónde está mi PEDIDO?", "donde esta mi pedido"),
        ("  Straße,   nº 7 ", "strasse no 7"),
        ("don't_stop", "don t stop"),
        ("Não recebi <EMAIL>.", "nao recebi email"),
    ],
)
def test_text_is_folded_to_words(given: str, expected: str) -> None:
    assert folded(given) == expected


def test_texts_without_words_keep_apart() -> None:
    assert [folded("👍"), folded("👎"), folded("???")] == ["👍", "👎", "???"]


@given(st.text())
def test_normalising_twice_changes_nothing(text: str) -> None:
    assert normalised(normalised(text)) == normalised(text)


@given(st.text(st.characters(codec="cp1252")))
def test_western_text_is_folded_by_the_table_as_by_the_rules(text: str) -> None:
    beyond_the_table = "\u0160\u4f60"
    assert folded(f"{text} {beyond_the_table}") == f"{folded(text + ' x')[:-2]} s\u4f60".strip()
