"""Personal data becomes typed placeholders; other numbers stay."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
        ("DNI 48219377X, NIE X3412980T", "DNI <NATIONAL_ID>, NIE <NATIONAL_ID>"),
        ("mi dni es 48219377 sin letra", "mi dni es <NATIONAL_ID> sin letra"),
        ("CURP GOML850312MDFMPC05 y RFC GOML850312QK8", "CURP <NATIONAL_ID> y RFC <NATIONAL_ID>"),
        ("dni 32.458.119, cuil 20-32458119-8", "dni <NATIONAL_ID>, cuil <NATIONAL_ID>"),
        ("compró 20.114.556-2 en Santiago", "compró <NATIONAL_ID> en Santiago"),
        ("cédula 1.018.456.220", "cédula <NATIONAL_ID>"),
        ("o CPF 529.982.247-25 do titular", "o CPF <NATIONAL_ID> do titular"),
        ("NIF 234567899, CC 12345678 9 ZZ4", "NIF <NATIONAL_ID>, CC <NATIONAL_ID>"),
        ("login from 203.0.113.45 and 2001:db8:85a3::7334", "login from <IP> and <IP>"),
        ("ver https://ana:clave1@example.com/x.", "ver <URL>."),
        ("https://example.com/r?token=9f8a7c6d&lang=es expired", "<URL> expired"),
        ("IBAN DE89 3704 0044 0532 0130 00 y tel 612 345 678", "IBAN <IBAN> y tel <PHONE>"),
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
        "pedido 612345678, recibo 612345679",
        "versión 10.2.0.1 y BIOS 1.14.0.0",
        "https://example.com/p/612345678?talla=42",
        "por $12.345.678 o 12.345.678 pesos",
        "cédula de 5 cifras: 12345",
        "CIF A58818501, CNPJ 11.222.333/0001-81",
        "EAN 8412345678905, ISBN 978-84-376-0494-7",
        "a::b y std::vector",
        "llamad al 900 123 456",
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


@given(st.text(st.sampled_from("0123456789 .-+()/@:=aAxXkKés#"), max_size=60))
def test_any_text_can_be_redacted_and_is_redacted_once_and_for_all(text: str) -> None:
    once = redact(text)
    assert redact(once) == once


@pytest.mark.parametrize(
    "part", ["1 ", "1.", "a@", "=a.", "=a-", "a://=", "a.bc/?token=", "(1", "+34 ", "ES91 2100 ", "1:"]
)
def test_a_text_made_to_be_slow_is_not(part: str) -> None:
    text = part * (20_000 // len(part))
    began = time.process_time()
    redact(text)
    assert time.process_time() - began < 0.5
