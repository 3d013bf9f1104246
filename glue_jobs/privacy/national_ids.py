"""Identity and tax numbers of people: Spain, Mexico, Argentina, Chile, Colombia, Brazil and Portugal.

What only companies have (Spain's CIF, Brazil's CNPJ, Mexico's RFC of twelve characters) names no person and stays.
"""

import re
from collections.abc import Callable

from stdnum.ar import cuit
from stdnum.br import cpf
from stdnum.cl import rut
from stdnum.co import nit
from stdnum.es import dni, nie
from stdnum.mx import curp, rfc
from stdnum.pt import cc

ANNOUNCED = range(6, 12)
"""Digits of a number that its writer calls a document: some countries' carry no check digit, and people mistype."""

LETTERED = (
    r"(?P<curp>[A-Za-z]{4}[ -]?[0-9]{6}[ -]?[A-Za-z]{6}[ -]?[A-Za-z0-9][0-9])"
    r"|(?P<rfc>[A-Za-zÑñ&]{4}[ -]?[0-9]{6}(?:[ -]?[A-Za-z0-9]{3})?)"
    r"|(?P<nie>[XYZxyz][ .-]?[0-9]{7}[ .-]?[A-Za-z])"
    r"|(?P<cc>[0-9]{8}[ -]?[0-9][ -]?[A-Za-z][A-Za-z0-9][0-9])"
)
"""Numbers with letters among the digits; the group says which."""

RUT_SHAPE = re.compile(r"[0-9]{1,2}(?:\.?[0-9]{3}){2}[-.][0-9]").fullmatch
UNMISTAKABLE = re.compile(
    r"[0-9]{3}([. ])[0-9]{3}\1[0-9]{3}[-. ][0-9]{2}"  # Brazil
    r"|[0-9]{1,2}\.[0-9]{3}\.[0-9]{3}-[0-9Kk]"  # Chile
    r"|[0-9]{3}\.[0-9]{3}\.[0-9]{3}-[0-9]"  # Colombia
).fullmatch
"""Forms in which nothing else is written, whatever the words before it say."""
SEPARATORS = re.compile(r"[ .-]")


def is_lettered_id(kind: str, written: str, *, is_announced: bool) -> bool:
    """Whether a match of LETTERED is a number of its kind; announced ones need not pass their check digits.

    An RFC without its last three characters is four letters and a date, so it has to be announced.
    """
    number = SEPARATORS.sub("", written).upper()
    if kind == "curp":
        return bool(curp.is_valid(number)) or is_announced
    if kind == "rfc":
        return bool(rfc.is_valid(number)) and (is_announced or len(number) == 13)
    valid: Callable[[str], bool] = nie.is_valid if kind == "nie" else cc.is_valid
    return is_announced or valid(number)


def is_id(written: str, digits: str, letter: str) -> bool:
    """Whether digits as written, with the letter after them or none, pass the check digits of a country's number.

    Where one number in ten would pass by chance (RUT, NIT), it must also be written as one; the Portuguese NIF, which
    is written like any other nine digits, is found by its announcement alone.
    """
    size = len(digits)
    if letter:
        is_dni = size == 8 and dni.calc_check_digit(digits) == letter
        return is_dni or (letter == "K" and size in (7, 8) and rut.calc_check_digit(digits) == letter)
    if size == 11:
        return bool(cpf.is_valid(digits) or cuit.is_valid(digits))
    if size in (8, 9):
        return RUT_SHAPE(written) is not None and bool(rut.is_valid(digits))
    return size == 10 and UNMISTAKABLE(written) is not None and bool(nit.is_valid(digits))
