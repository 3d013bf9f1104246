"""Cards, bank accounts, identity numbers and telephones: all that is written mainly in digits."""

import re
from string import ascii_uppercase

from stdnum import iban, luhn

from glue_jobs.privacy.cues import Cue, cue_before
from glue_jobs.privacy.national_ids import ANNOUNCED, LETTERED, UNMISTAKABLE, is_id, is_lettered_id
from glue_jobs.privacy.telephones import Telephones, is_international

IBAN = re.compile(r"(?<![^\W_])[A-Za-z]{2}[0-9]{2}(?:[ .-]?[A-Za-z0-9]{1,4}){3,9}(?![^\W_])")
MAY_BE_IBAN = re.compile(r"[0-9](?<=[A-Za-z]{2}[0-9])[0-9]").search
SHORTEST_IBAN = 15
LETTERS = {ord(letter): str(number) for number, letter in enumerate(ascii_uppercase, 10)}
"""What letters are worth in an account's check digits."""

# The first character stands before all that is asked of it: a pattern that starts with a set is looked for quickly.
RUN = (
    r"(?P<run>[+(0-9](?<![^\W_].)(?<![0-9][.,/:-].)(?:(?<=\+) ?\(?[0-9]|(?<=\()[0-9]|(?<=[0-9]))"
    r"(?:[ .()/-]{0,3}[0-9]){5,})(?P<tail>[ .-]?[A-Za-z])?(?![^\W_])"
)
NUMBER = rf"(?<![^\W_])(?:{LETTERED})(?![^\W_])|{RUN}"
LINK = r"\b[A-Za-z][A-Za-z0-9+.-]{0,20}://\S+|\bwww\.\S+"
SEARCH_RUN = re.compile(RUN).search
SEARCH = re.compile(NUMBER).search
SEARCH_OUTSIDE_LINKS = re.compile(rf"(?P<link>{LINK})|{NUMBER}").search
MAY_BE_LETTERED = re.compile(
    r"[0-9](?:(?<=[A-Za-zÑñ&].)|(?<=[A-Za-zÑñ&][ .-].))[0-9]{5}|[0-9]{8}[ -]?[0-9][ -]?[A-Za-z]"
).search
GROUP = re.compile(r"[0-9]+")
STARTS, ENDS = re.compile(r"(?<=[ /])[0-9(+]"), re.compile(r"[0-9]\)?(?= ?[ /])")
LONGEST_NUMBER, LONGEST_SEARCHED = 19, 30
"""Digits. Inside a longer run no number is looked for: it is a barcode or a payment slip."""

CARD_SIZES = {"3": (14, 15, 16), "2": (16,), "4": (16, 19), "5": (16,), "6": (16, 18, 19)}
"""Digits of a card by its first one: American Express, Diners and JCB; Mastercard; Visa; Mastercard; the others."""
CARD_FORM = re.compile(r"[0-9]{4}(?:[ .-][0-9]{4}){3}|[0-9]{4}[ .-][0-9]{6}[ .-][0-9]{4,5}").fullmatch
DATE = re.compile(
    r"(?:19|20)[0-9]{2}([-./ ]?)[01][0-9]\1[0-3][0-9](?:[ T-].*)?"
    r"|[0-3]?[0-9]([-./])[01]?[0-9]\2(?:19|20)?[0-9]{2}\b.*"
).fullmatch
NO_TELEPHONE = re.compile(
    r"[0-9]{1,3}(?:\.[0-9]{3})+|[0-9]+\.[0-9]{1,2}"  # an amount
    r"|.*/.*"
    r"|(?:.*[^0-9])?[0-9][^0-9]+[0-9]{1,2}(?![0-9]).*|[1-9][0-9]?(?:[^0-9]+[0-9]{1,2})+"  # numbers of a digit or two
).fullmatch
LAID_OUT = re.compile(r"\([0-9]{2,4}\) ?[0-9]{3,5}[ -]?[0-9]{4}").fullmatch
MONEY_BEFORE = re.compile(r"[$€£] ?").fullmatch
UNIT_AFTER = re.compile(
    r",[0-9]| ?(?:[€£$%]|(?:euros?|eur|usd|clp|mxn|cop|ars|brl|pesos?|reais|d[oó]lares|dollars|pounds|puntos?|points?|"
    r"pontos?|kg|km|kcal|pasos|steps)\b)",
    re.IGNORECASE,
).match

Span = tuple[int, int, str]
"""Where a number begins and ends, and its type."""


def redact(text: str, telephones: Telephones) -> str:
    """Replace the numbers of a text that identify a person or an account."""
    if MAY_BE_IBAN(text):
        text = IBAN.sub(_iban, text)
    parts: list[str] = []
    done = position = 0
    search = SEARCH if MAY_BE_LETTERED(text) else SEARCH_RUN
    if "://" in text or "www." in text:
        search = SEARCH_OUTSIDE_LINKS
    while match := search(text, position):
        found, position = _found(match, telephones)
        for start, end, kind in found:
            parts += text[done:start], f"<{kind}>"
            done = end
    return "".join([*parts, text[done:]]) if parts else text


def _found(match: re.Match[str], telephones: Telephones) -> tuple[list[Span], int]:
    """The numbers in a match, and where to look on: the word before a number may have looked like a part of it."""
    kind, text, start = match.lastgroup, match.string, match.start()
    if kind == "link":
        return [], match.end()
    if kind in ("run", "tail"):
        return _in_run(match, telephones), match.end("run")
    if is_lettered_id(str(kind), match[0], is_announced=cue_before(text, start) is Cue.ID):
        return [(start, match.end(), "NATIONAL_ID")], match.end()
    run = SEARCH_RUN(text, start)
    if run is None or run.start() >= match.end():
        return [], match.end()
    return _in_run(run, telephones), run.end("run")


def _in_run(match: re.Match[str], telephones: Telephones) -> list[Span]:
    """The numbers in a run of digits: the whole run, else the longest ones that begin and end at its spaces."""
    text, (start, end) = match.string, match.span("run")
    if text[start] == "(" and ")" not in match["run"]:
        start += 1
    if UNIT_AFTER(text, end) or MONEY_BEFORE(text[max(0, start - 2) : start].lstrip()) or DATE(text[start:end]):
        return []
    cue = None if text[start] == "+" else cue_before(text, start)
    tail = match["tail"] or ""
    letter = "" if tail[:1] == " " and tail.islower() else tail[-1:].upper()
    digits = "".join(GROUP.findall(text, start, end))
    if kind := classified(text[start:end], letter, cue, telephones, is_whole=True):
        return [(start, match.end() if letter and kind == "NATIONAL_ID" else end, kind)]
    if len(digits) > LONGEST_SEARCHED or telephones.is_a_companys(digits):
        return []
    return _inside(text, start, end, cue, telephones)


def _inside(text: str, start: int, end: int, cue: Cue | None, telephones: Telephones) -> list[Span]:
    """The numbers in a run that is none itself, from the left, each as long as it can be."""
    found: list[Span] = []
    starts = [start, *(one.start() for one in STARTS.finditer(text, start, end))]
    ends = [end, *reversed([one.end() for one in ENDS.finditer(text, start, end)])]
    for first in starts:
        if found and first < found[-1][1]:
            continue
        kinds = (
            (last, classified(text[first:last], "", cue, telephones, is_whole=False)) for last in ends if last > first
        )
        if longest := next(((first, last, kind) for last, kind in kinds if kind), None):
            found.append(longest)
    return found


def classified(form: str, letter: str, cue: Cue | None, telephones: Telephones, *, is_whole: bool) -> str | None:
    """The type of a number from its form, the letter after it, and what announces it; None if it names nobody.

    `is_whole` says that no other digits stand beside it.
    """
    digits = "".join(GROUP.findall(form))
    if not ANNOUNCED.start <= len(digits) <= LONGEST_NUMBER:
        return None
    if form[0] == "+":
        return "PHONE" if is_international(digits) else None
    if _is_card(form, digits, cue, is_whole=is_whole):
        return "CARD"
    if cue is Cue.ID and len(digits) in ANNOUNCED:
        return "NATIONAL_ID"
    may_be_id = cue is not Cue.THING or UNMISTAKABLE(f"{form}-{letter}" if letter else form)
    if may_be_id and is_id(form, digits, letter):
        return "NATIONAL_ID"
    return "PHONE" if _is_phone(form, digits, cue, telephones, is_whole=is_whole) else None


def _is_card(form: str, digits: str, cue: Cue | None, *, is_whole: bool) -> bool:
    """Its length fits its first digit, and Luhn's check holds or its writer calls it a card and groups it as one."""
    if len(digits) not in CARD_SIZES.get(digits[0], ()):
        return False
    is_grouped = CARD_FORM(form) is not None
    if not luhn.is_valid(digits):
        return is_grouped and cue is Cue.CARD
    return is_grouped or (is_whole and cue is not Cue.THING)


def _is_phone(form: str, digits: str, cue: Cue | None, telephones: Telephones, *, is_whole: bool) -> bool:
    if cue is Cue.THING or (cue is Cue.NOUN and form.isdigit()):
        return False
    if digits.startswith("00"):
        return is_international(digits[2:])
    if cue is Cue.PHONE and is_whole:
        return telephones.is_likely(digits)
    return LAID_OUT(form) is not None or (NO_TELEPHONE(form) is None and telephones.is_complete(digits))


def _iban(match: re.Match[str]) -> str:
    """Replace the longest beginning that is a valid account: the words after it may look like a part of it."""
    written = match[0]
    for end in [len(written), *reversed([one.start() for one in re.finditer(r"[ .-]", written)])]:
        account = re.sub(r"[ .-]", "", written[:end]).upper()
        if len(account) >= SHORTEST_IBAN and _checks(account) and iban.is_valid(account, check_country=False):
            return "<IBAN>" + written[end:]
    return written


def _checks(account: str) -> bool:
    """Whether the check digits are right, which costs a tenth of all that the library looks at."""
    return int((account[4:] + account[:4]).translate(LETTERS)) % 97 == 1
