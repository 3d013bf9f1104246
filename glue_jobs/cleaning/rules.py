"""The rules that a raw record must pass, and the reasons of everything that is quarantined, in one table.

Every check is a fact about the record and its object: no clock is read, so a run repeated refuses the same records.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from glue_jobs.cleaning.draft import Draft
from pipeline_code.contracts import SOURCE, SPLITS

EARLIEST_YEAR = 1970
LONGEST_ID = 256
AHEAD_OF_LANDING = timedelta(days=1)
UNSEEN = " \u00ad\u034f\u115f\u1160\u17b4\u17b5\u180e\u200d\u2800\u3164\ufe0e\ufe0f\uffa0"
"""Joiners, variation selectors and fillers: they stay within a text, and are none by themselves."""


@dataclass(frozen=True)
class Rule:
    """A reason code, the condition that refuses a record, why it does, and the check (None: it is found elsewhere)."""

    reason: str
    condition: str
    why: str
    refuses: Callable[[Draft], bool] | None = None


def _bad_id(draft: Draft) -> bool:
    return draft.message_id is not None and not (len(draft.message_id) <= LONGEST_ID and draft.message_id.isprintable())


def _bad_timestamp(draft: Draft) -> bool:
    return draft.received_at is None or draft.received_at.year < EARLIEST_YEAR


def _future_date(draft: Draft) -> bool:
    return draft.received_at is not None and draft.received_at - draft.landed_at > AHEAD_OF_LANDING


def _only_controls(draft: Draft) -> bool:
    return draft.text is not None and not draft.clean.strip(UNSEEN)


RULES = (
    # Found where the bytes are read.
    Rule(
        "unknown_format",
        "the object's name ends in none of .jsonl .json .ndjson .csv .parquet [.gz]",
        "nobody can say where its records begin and end",
    ),
    Rule(
        "misplaced",
        "the object's key is not messages/source=<a-z0-9->/date=<YYYY-MM-DD>/<name>",
        "its records would have no source and no date",
    ),
    Rule(
        "truncated_gzip",
        "the compressed object ends too early or is damaged",
        "what follows cannot be read; what comes before it is kept",
    ),
    Rule("unparsable", "it is not a record of its format", "a record that is guessed at is worse than one set aside"),
    # Facts about one record, in the order in which they are checked.
    Rule(
        "unknown_source",
        "the source of the object's key is not among the settings' sources",
        "a misspelt or new source would be published unseen",
        lambda d: not d.is_known_source,
    ),
    Rule(
        "not_utf8",
        "a text, id, label or language is not Unicode",
        "its letters are not known, and a wrong guess changes the words",
        lambda d: not d.is_unicode,
    ),
    Rule(
        "wrong_type",
        "a field is not a string (an id may be an integer too)",
        "the source writes something else than agreed",
        lambda d: not d.is_typed,
    ),
    Rule(
        "missing_text",
        "there is no text",
        "there is nothing to classify",
        lambda d: d.text is None and not d.is_reference,
    ),
    Rule(
        "blank_text",
        "the text is white space only",
        "there is nothing to classify",
        lambda d: d.text is not None and not d.text.strip(),
    ),
    Rule(
        "control_characters_only", "the text has no visible character", "there is nothing to classify", _only_controls
    ),
    Rule(
        "too_long",
        "the text has more bytes than cleaning.max_text_bytes",
        "it is an upload or a mistake rather than a message, and slows every step",
        lambda d: d.text_bytes > d.max_text_bytes,
    ),
    Rule(
        "bad_id",
        f"the id is longer than {LONGEST_ID} characters or holds unprintable ones",
        "ids are joined on, printed and typed",
        _bad_id,
    ),
    Rule(
        "bad_source",
        "the source of a label is not 1 to 31 of a-z, 0-9 and -",
        "it can name no source",
        lambda d: not SOURCE.fullmatch(d.source),
    ),
    Rule(
        "bad_timestamp",
        f"received_at is not ISO 8601, or lies before {EARLIEST_YEAR}",
        "days and months change places unnoticed",
        _bad_timestamp,
    ),
    Rule(
        "future_date",
        "received_at is more than a day after the object landed",
        "a wrong clock or time zone would spoil every report by date",
        _future_date,
    ),
    Rule(
        "missing_label",
        "a labelled example has no label",
        "nothing can be learnt from it",
        lambda d: d.is_label and d.label is None,
    ),
    Rule(
        "bad_split",
        f"the split is none of {', '.join(SPLITS)}",
        "a test text might be learnt from",
        lambda d: d.split not in (None, *SPLITS),
    ),
    # Found by comparing records.
    Rule(
        "id_clash",
        "an earlier record of the run has the same source and id, and another text",
        "nobody can say which of the two was meant",
    ),
    Rule(
        "unknown_message",
        "the label refers to a message that was never cleaned",
        "its text is not known",
    ),
    Rule("label_conflict", "the same text carries two labels", "a model cannot learn both"),
    Rule(
        "label_not_in_train",
        "no example of this label is in the training split",
        "it would be tested on what it never saw",
    ),
    # Found in the model's answers.
    Rule("unscorable", "the model answered with an error", "there is no prediction to publish"),
)
CONDITION = {rule.reason: rule.condition for rule in RULES}
CHECKS = tuple((rule.reason, rule.refuses) for rule in RULES if rule.refuses)


def refused(draft: Draft) -> str | None:
    """The reason of the first rule that refuses the record, None for a usable one."""
    for reason, refuses in CHECKS:
        if refuses(draft):
            return reason
    return None
