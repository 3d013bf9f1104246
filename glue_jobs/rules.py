"""The rules that a raw record must pass, and the reasons of everything that is quarantined, in one table.

Every check is a fact about the record and its object: no clock is read, so a run repeated refuses the same records.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from glue_jobs.draft import Draft
from pipeline_code.contracts import SOURCE, SPLITS

EARLIEST_YEAR = 1970
LONGEST_ID = 256
AHEAD_OF_LANDING = timedelta(days=1)


@dataclass(frozen=True)
class Rule:
    """A reason code, why such a record is refused, and the check that finds it (None: found elsewhere)."""

    reason: str
    why: str
    refuses: Callable[[Draft], bool] | None = None


def _bad_id(draft: Draft) -> bool:
    return draft.message_id is not None and not (len(draft.message_id) <= LONGEST_ID and draft.message_id.isprintable())


def _bad_timestamp(draft: Draft) -> bool:
    return draft.received_at is None or draft.received_at.year < EARLIEST_YEAR


def _future_date(draft: Draft) -> bool:
    return draft.received_at is not None and draft.received_at - draft.landed_at > AHEAD_OF_LANDING


def _only_controls(draft: Draft) -> bool:
    return draft.text is not None and not draft.clean


RULES = (
    # Found where the bytes are read.
    Rule("unknown_format", "the object's name ends in none of .jsonl .json .ndjson .csv .parquet [.gz]"),
    Rule("misplaced", "the object's key is not messages/source=<a-z0-9->/date=<YYYY-MM-DD>/<name>"),
    Rule("truncated_gzip", "the compressed object ends too early or is damaged"),
    Rule("unparsable", "it is not a record of its format"),
    # Facts about one record, in the order in which they are checked.
    Rule("not_utf8", "a text, id, label or language is not Unicode", lambda d: not d.is_unicode),
    Rule("wrong_type", "a field is not a string (an id may be an integer too)", lambda d: not d.is_typed),
    Rule("missing_text", "there is nothing to classify", lambda d: d.text is None and not d.is_reference),
    Rule("blank_text", "the text is white space only", lambda d: d.text is not None and not d.text.strip()),
    Rule("control_characters_only", "the text has no visible character", _only_controls),
    Rule("too_long", "the text has more bytes than --max_text_bytes", lambda d: d.text_bytes > d.max_text_bytes),
    Rule("bad_id", f"the id is longer than {LONGEST_ID} characters or holds unprintable ones", _bad_id),
    Rule("bad_source", "the source is not 1 to 31 of a-z, 0-9 and -", lambda d: not SOURCE.fullmatch(d.source)),
    Rule("bad_timestamp", f"received_at is not ISO 8601, or lies before {EARLIEST_YEAR}", _bad_timestamp),
    Rule("future_date", "received_at is more than a day after the object landed", _future_date),
    Rule("missing_label", "a labelled example names its label", lambda d: d.is_label and d.label is None),
    Rule("bad_split", f"the split is none of {', '.join(SPLITS)}", lambda d: d.split not in (None, *SPLITS)),
    # Found by comparing records.
    Rule("id_clash", "an earlier record of the run has the same source and id, and another text"),
    Rule("unknown_message", "the label refers to a message that was never cleaned"),
    Rule("label_conflict", "the same text carries two labels"),
    Rule("label_not_in_train", "no example of this label is in the training split"),
    # Found in the model's answers.
    Rule("unscorable", "the model answered with an error"),
)
WHY = {rule.reason: rule.why for rule in RULES}
CHECKS = tuple((rule.reason, rule.refuses) for rule in RULES if rule.refuses)


def refused(draft: Draft) -> str | None:
    """The reason of the first rule that refuses the record, None for a usable one."""
    for reason, refuses in CHECKS:
        if refuses(draft):
            return reason
    return None
