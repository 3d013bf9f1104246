"""Personal data out of a text: e-mail addresses, bank accounts, cards and telephones become typed placeholders."""

import re

from stdnum import iban, luhn

EMAIL = re.compile(r"[\w.+%'-]+@[\w-]+(?:\.[\w-]+)+")
IBAN = re.compile(r"(?<!\w)[A-Za-z]{2}\d{2}(?:[ -]?[A-Za-z0-9]{1,4}){3,9}(?!\w)")
CARD = re.compile(r"(?<![\w.,])\d(?:[ -]?\d){12,18}(?![\w])")
PHONE = re.compile(r"(?<![\w.,/-])(?:\+|00)?\(?\d(?:[ ().-]{0,2}\d){7,14}(?![\w/-]|[.,]\d)")
SEVEN_DIGITS = re.compile(r"\d(?:\D{0,3}\d){6}")
DATE = re.compile(r"(?:19|20)\d\d[-.]\d\d?[-.]\d\d?(?!\d)|\d\d?[-.]\d\d?[-.](?:19|20)\d\d(?!\d)")


def redact(text: str) -> str:
    """Return the text with `<EMAIL>`, `<IBAN>`, `<CARD>` and `<PHONE>` in place of what they name.

    Accounts and cards are replaced when their check digits are right; what fails them may still look like a telephone.
    """
    if "@" in text:
        text = EMAIL.sub("<EMAIL>", text)
    if SEVEN_DIGITS.search(text):
        text = IBAN.sub(_iban, text)
        text = CARD.sub(lambda match: "<CARD>" if luhn.is_valid(_digits(match[0])) else match[0], text)
        text = PHONE.sub(lambda match: "<PHONE>" if _is_phone(match[0]) else match[0], text)
    return text


def _iban(match: re.Match[str]) -> str:
    """Replace the longest beginning that is a valid account: the words after it may look like a part of it."""
    ends = [m.start() for m in re.finditer(r"[ -]", match[0])]
    for end in [len(match[0]), *reversed(ends)]:
        if iban.is_valid(match[0][:end]):
            return "<IBAN>" + match[0][end:]
    return match[0]


def _is_phone(candidate: str) -> bool:
    """International numbers have 8 to 15 digits; national ones 9 (not after a 0, 1, 4 or 5) to 11."""
    digits = _digits(candidate)
    if candidate.startswith(("+", "00")):
        return 8 <= len(digits.removeprefix("00")) <= 15
    if DATE.match(candidate):
        return False
    return len(digits) in (10, 11) or (len(digits) == 9 and digits[0] in "236789")


def _digits(text: str) -> str:
    return "".join(c for c in text if c.isdigit())
