"""Words as the peers that do not fold text themselves get them: small letters, without accents and punctuation."""

import re
import unicodedata


def words(text: str) -> list[str]:
    decomposed = unicodedata.normalize("NFKD", text.lower())
    return re.findall(r"\w+", "".join(one for one in decomposed if not unicodedata.combining(one)))
