"""Personal data becomes typed placeholders; other numbers stay."""

import pytest

from glue_jobs.privacy import redactor

redact = redactor(("en", "es", "pt"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("escribidme a ana.perez+x@correo.example.com, gracias", "escribidme a <EMAIL>, gracias"),
        ("tarjeta 4111 1111 1111 1111.", "tarjeta <CARD>."),
        ("5500-0000-0000-0004 caducada", "<CARD> caducada"),
        ("IBAN ES91 2100 0418 4502 0005 1332 y nada más", "IBAN <IBAN> y nada más"),
        ("es9121000418450200051332", "<IBAN>"),
        ("GB82WEST12345698765432, please", "<IBAN>, please"),
        ("llamadme al 612 345 678", "llamadme al <PHONE>"),
        ("llamadme al 612345678.", "llamadme al <PHONE>."),
        ("+34 612 34 56 78 o +351 912 345 678", "<PHONE> o <PHONE>"),
        ("call (555) 123-4567 now", "call <PHONE> now"),
        ("meu número é (11) 91234-5678", "meu número é <PHONE>"),
    ],
)
def test_personal_data_is_replaced(text: str, expected: str) -> None:
    assert redact(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "pedido 12345 del 2026-01-15",
        "compra del 15-01-2026 por 1200,50",
        "ref 123456789012345678901234",
        "tengo 3 cuentas y 2 tarjetas",
        "@usuario no contesta",
        "a las 10:30 del 15/01/2026",
    ],
)
def test_what_names_nobody_stays(text: str) -> None:
    assert redact(text) == text


def test_a_number_that_fails_its_check_digits_is_no_card() -> None:
    assert "<CARD>" not in redact("4111 1111 1111 1112")


def test_redacting_twice_changes_nothing() -> None:
    once = redact("ana@example.com 4111111111111111 ES9121000418450200051332 612345678")
    assert once == "<EMAIL> <CARD> <IBAN> <PHONE>"
    assert redact(once) == once
