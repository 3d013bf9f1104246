"""What people do to a text when they write in a hurry: typos, lost accents, capitals, emoji and private details."""

import unicodedata
from dataclasses import dataclass
from random import Random

from stdnum import luhn
from stdnum.iso7064 import mod_97_10

_EMOJI = ("😡", "🙏", "😊", "👍", "😤", "📦", "❤️", "😭", "🤔", "‼️")
_PRIVATE = {
    "es": ("mi correo es {email}", "mi teléfono es el {phone}", "pagué con la tarjeta {card}", "ingresen en {iban}"),
    "en": ("my e-mail is {email}", "call me on {phone}", "I paid with card {card}", "pay it into {iban}"),
    "pt": ("meu e-mail é {email}", "meu telefone é {phone}", "paguei com o cartão {card}", "depositem em {iban}"),
}
_SHORTHAND = {
    "es": {" que ": " q ", " por favor": " xfa", " porque ": " xq ", " para ": " pa "},
    "en": {" you ": " u ", " please": " pls", " are ": " r ", " because ": " cos "},
    "pt": {" que ": " q ", " por favor": " pfv", " você ": " vc ", " porque ": " pq "},
}


@dataclass(frozen=True)
class Habits:
    """How often a source's writers do each thing, as shares of its messages."""

    lower_case: float
    no_accents: float
    typo: float
    capitals: float
    emoji: float
    private: float
    shorthand: float


def unsettle(text: str, language: str, habits: Habits, rng: Random) -> str:
    """Write `text` as a hurried person would; what it says stays the same."""
    if rng.random() < habits.shorthand:
        for plain, short in _SHORTHAND[language].items():
            text = text.replace(plain, short)
    if rng.random() < habits.lower_case:
        text = text.lower().replace("¿", "").replace(".", "")
    if rng.random() < habits.no_accents:
        text = without_accents(text)
    if rng.random() < habits.typo:
        text = _mistype(text, rng)
    if rng.random() < habits.capitals:
        text = text.upper() + "!!!"
    if rng.random() < habits.private:
        text = f"{text} {private_detail(language, rng)}"
    if rng.random() < habits.emoji:
        text = f"{text} {rng.choice(_EMOJI) * rng.choice((1, 1, 3))}"
    return text


def without_accents(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))


def _mistype(text: str, rng: Random) -> str:
    """Swap, drop or double a letter inside one to three words of five letters or more."""
    words = text.split(" ")
    long = [i for i, word in enumerate(words) if len(word) >= 5 and word.isalpha()]
    for i in rng.sample(long, min(len(long), rng.choice((1, 1, 2, 3)))):
        word, at = words[i], rng.randrange(1, len(words[i]) - 2)
        words[i] = rng.choice(
            (
                word[:at] + word[at + 1] + word[at] + word[at + 2 :],
                word[:at] + word[at + 1 :],
                word[: at + 1] + word[at:],
            )
        )
    return " ".join(words)


def private_detail(language: str, rng: Random) -> str:
    """A sentence with an address, a number, a card or an account that passes every check but belongs to nobody."""
    return rng.choice(_PRIVATE[language]).format(
        email=f"{rng.choice(('lucia', 'joao', 'emily.r', 'm_garcia', 'tiago'))}{rng.randrange(10, 9999)}@example.com",
        phone=f"+34 6{rng.randrange(10, 99)} {rng.randrange(100, 999)} {rng.randrange(100, 999)}",
        card=_card(rng),
        iban=_iban(rng),
    )


def _card(rng: Random) -> str:
    body = f"4{rng.randrange(10**14):014d}"
    number = body + luhn.calc_check_digit(body)
    return " ".join(number[i : i + 4] for i in range(0, 16, 4))


def _iban(rng: Random) -> str:
    """A Spanish account number: bank, branch, its own two check digits, account, and the IBAN's two in front."""
    bank, account = f"{rng.randrange(10**8):08d}", f"{rng.randrange(10**10):010d}"
    weights = (1, 2, 4, 8, 5, 10, 9, 7, 3, 6)
    checks = ""
    for digits in (f"00{bank}", account):
        rest = 11 - sum(w * int(d) for w, d in zip(weights, digits, strict=True)) % 11
        checks += str({11: 0, 10: 1}.get(rest, rest))
    bban = bank + checks + account
    number = f"ES{mod_97_10.calc_check_digits(bban + 'ES')}{bban}"
    return " ".join(number[i : i + 4] for i in range(0, len(number), 4))
