"""The language of a message: as given, else by a vote of stop words."""

import re
from collections.abc import Sequence
from functools import lru_cache

UNDETERMINED = "und"
GIVEN = re.compile(r"([a-z]{2})(?:[-_].*)?", re.DOTALL)
WORD = re.compile(r"[^\W\d_]+")

# Frequent words of short messages. A word of two languages votes for both, so only what tells them apart decides.
STOP_WORDS = {
    "es": "el la los las un una de del y en que es por para con no mi me se lo le su al como más pero cuándo cuando "
    "dónde está estoy hola gracias tengo quiero puedo necesito ya muy este esta mis qué cómo hay he ha ustedes hacer",
    "en": "the a an of and in to is it for with not my me i you your on at as but when where are was have has do does "
    "can could would need want please hello thanks thank this that how what why from be been they we will",
    "pt": "o a os as um uma de do da dos das e em que é por para com não meu minha me se lhe ao como mais mas quando "
    "onde está estou olá obrigado obrigada tenho quero posso preciso já muito este esta vocês fazer você no na isso",
    "fr": "le la les un une des de du et en que est pour avec ne pas mon ma mes je vous il elle au aux comme plus mais "
    "quand où suis bonjour merci ai veux peux besoin ce cette mes quoi comment sur dans nous votre",
    "it": "il lo la i gli le un una di del della e in che è per con non mio mia mi si al come più ma quando dove sono "
    "ciao grazie ho voglio posso bisogno questo questa cosa perché su nel vostro vorrei",
    "de": "der die das ein eine und in zu ist es für mit nicht mein meine ich sie auf an als aber wann wo bin hallo "
    "danke habe hat will kann brauche bitte dieser diese wie was warum von wir ihr",
}
VOTERS = {
    word: frozenset(language for language, words in STOP_WORDS.items() if word in words.split())
    for words in STOP_WORDS.values()
    for word in words.split()
}
"""The languages that each word votes for."""


def language_of(given: str | None, text: str, languages: Sequence[str]) -> str:
    """Two letters: the given language if it looks like one, else the likeliest of `languages`, else `und`."""
    return (_code(given) if given else None) or detected(text, languages)


@lru_cache(maxsize=1000)
def _code(given: str) -> str | None:
    match = GIVEN.fullmatch(given.strip().lower())
    return match[1] if match else None


def detected(text: str, languages: Sequence[str]) -> str:
    """The language with strictly more stop words in the text than every other, or `und`."""
    cast = [VOTERS[word] for word in WORD.findall(text.lower()) if word in VOTERS]
    votes = sorted((sum(language in voted for voted in cast), language) for language in languages)
    if not votes or votes[-1][0] == 0 or (len(votes) > 1 and votes[-1][0] == votes[-2][0]):
        return UNDETERMINED
    return votes[-1][1]
