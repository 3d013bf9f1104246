"""Tables of what personal data is replaced, and of how well it is found in the labelled messages of the tests."""

from generators.markdown import code, codes, table
from glue_jobs.privacy import PLACEHOLDERS, redactor
from glue_jobs.privacy.telephones import REGIONS
from tests.unit.glue_jobs.labelled import LANGUAGES, PARTS, Labelled, Score, messages, score

HEADER = ("", "part", "messages", "to find", "found", "made up", "missed", "precision", "recall")


def placeholders_table() -> str:
    return table(("placeholder", "in place of"), ((code(f"<{name}>"), what) for name, what in PLACEHOLDERS.items()))


def regions_table() -> str:
    """The regions of the national numbers that each language brings."""
    return table(("language", "regions"), ((code(language), codes(regions)) for language, regions in REGIONS.items()))


def by_type() -> str:
    """Every type's figures on all languages, by part, and at last those of all types together."""
    rows = []
    for part in PARTS:
        found = messages(part, *LANGUAGES)
        total = score(found, redactor(LANGUAGES))
        rows += [_row(code(f"<{kind}>"), part, _with(found, kind), total, kind) for kind in PLACEHOLDERS]
        rows.append(_row("all", part, len(found), total, None))
    return table(HEADER, rows)


def by_language() -> str:
    parts = [(part, language, messages(part, language)) for part in PARTS for language in LANGUAGES]
    return table(
        HEADER,
        (
            _row(code(language), part, len(found), score(found, redactor(LANGUAGES)), None)
            for part, language, found in parts
        ),
    )


def _with(found: list[Labelled], kind: str) -> int:
    return sum(any(one == kind for one, _, _ in message.spans) for message in found)


def _row(name: str, part: str, count: int, total: Score, kind: str | None) -> tuple[str, ...]:
    found, made_up, missed = (
        counts.total() if kind is None else counts[kind] for counts in (total.found, total.made_up, total.missed)
    )
    shares = (f"{total.precision(kind):.3f}", f"{total.recall(kind):.3f}")
    return name, part.replace("_", "-"), *map(str, (count, found + missed, found, made_up, missed)), *shares
