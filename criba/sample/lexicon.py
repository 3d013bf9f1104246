"""Phrasings by language and category, read from `lexicon/*.toml` and spoken with the facts of one message."""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random

LANGUAGES = ("es", "en", "pt")

_FOLDER = Path(__file__).parent / "lexicon"
_CHOICE = re.compile(r"\[([^\[\]]*)\]")
_SLOT = re.compile(r"\{(\w+)\}")
_CONTRACTIONS = {
    "es": {"de el": "del", "a el": "al"},
    "en": {},
    "pt": {"de o": "do", "de a": "da", "em o": "no", "em a": "na", "de este": "deste", "em este": "neste"},
}


@dataclass(frozen=True)
class Ambiguous:
    """A phrasing that a careful reader could put under either of two categories."""

    labels: tuple[str, str]
    phrasing: str


@dataclass(frozen=True)
class Lexicon:
    """One language: how messages open and close, what they add, and the phrasings of every category and of none."""

    language: str
    openings: tuple[str, ...]
    contexts: tuple[str, ...]
    closings: tuple[str, ...]
    ambiguous: tuple[Ambiguous, ...]
    out_of_scope: tuple[str, ...]
    slots: dict[str, list[str]]
    core: dict[str, list[str]]

    def facts(self, rng: Random) -> dict[str, str]:
        """Draw what one message is about: the product, the order, who, where, when and how much."""
        facts = {name: rng.choice(values) for name, values in self.slots.items()}
        facts["order"] = f"{rng.choice(('PED-', 'A', '#', 'W-', ''))}{rng.randrange(10_000, 99_999)}"
        facts["number"] = str(rng.randrange(2, 40))
        amount = f"{rng.randrange(5, 900)}.{rng.choice(('00', '50', '90', '95', '99'))}"
        facts["amount"] = amount if self.language == "en" else amount.replace(".", ",")
        article, _, noun = facts["product"].partition(" ")
        facts["bare"] = noun
        facts["o"] = "a" if self.language != "en" and article.endswith("a") else "o"
        return facts

    def say(self, phrasing: str, facts: dict[str, str], rng: Random) -> str:
        """Turn a phrasing into words: choices made, slots filled, articles contracted, first letter raised."""
        while _CHOICE.search(phrasing):
            phrasing = _CHOICE.sub(lambda choice: rng.choice(choice.group(1).split("|")), phrasing)
        while _SLOT.search(phrasing):
            phrasing = _SLOT.sub(lambda slot: facts[slot.group(1)], phrasing)
        for apart, together in _CONTRACTIONS[self.language].items():
            phrasing = re.sub(rf"\b{apart}\b", together, phrasing)
        words = re.sub(r"\s+([?,.]|$)", r"\1", re.sub(r" +", " ", phrasing)).strip()
        start = 1 if words.startswith("¿") else 0
        return words[:start] + words[start : start + 1].upper() + words[start + 1 :]


@cache
def lexicon(language: str) -> Lexicon:
    """The phrasings of `language`, one of LANGUAGES."""
    table = tomllib.loads((_FOLDER / f"{language}.toml").read_text(encoding="utf-8"))
    return Lexicon(
        language=language,
        openings=tuple(table["openings"]),
        contexts=tuple(table["contexts"]),
        closings=tuple(table["closings"]),
        ambiguous=tuple(Ambiguous((one, other), phrasing) for one, other, phrasing in table["ambiguous"]),
        out_of_scope=tuple(table["out_of_scope"]),
        slots=table["slots"],
        core=table["core"],
    )


def categories() -> tuple[str, ...]:
    """The dozen categories, in the order that every language file gives them."""
    return tuple(lexicon(LANGUAGES[0]).core)
