"""Folding: the words of a text as the classifier sees them, the same in training and in serving."""

import re
import unicodedata

LONGEST_WORD = 64
"""Characters of a word that count. Longer ones are links and codes, and would let one message fill the memory."""

_WORD = re.compile(r"[^\W_]+")


def folded_words(text: str) -> list[str]:
    """The words of a text, in order: lower case, accents and compatibility forms taken off, punctuation out.

    ¿Dónde ESTÁ mi ﬁanza nº 7? -> donde esta mi fianza no 7
    """
    if not text.isascii():
        text = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return [word[:LONGEST_WORD] for word in _WORD.findall(text.casefold())]
