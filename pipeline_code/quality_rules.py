"""The rules that a whole delivery must pass, in one table, and what the curated table holds because of the others.

The job that judges, the settings, the console's ruleset and the documentation all read it. Standard library only, as
the contracts.
"""

from dataclasses import dataclass

STRAYS = "(unknown)"
"""Stands for all records that lie under no source of the settings."""

MESSAGES, LABELS = "messages", "labels"


@dataclass(frozen=True)
class QualityRule:
    """A measure of which less is better; above `<name>_warn` people are told, above `<name>_stop` the run stops.

    `needs` is the setting that says from how much data on it is judged; `dqdl` checks the same in the curated table,
    with settings in braces, and is empty where the table cannot show it.
    """

    name: str
    measured: str
    unit: str
    why: str
    advice: str
    of: tuple[str, ...] = (MESSAGES,)
    needs: str = ""
    dqdl: str = ""


QUALITY_RULES = (
    QualityRule(
        "volume",
        "how far the records of a date, all runs together, are from the median of the source's earlier dates; "
        "for labels, those of a run from its earlier runs",
        "deviations",
        "half a delivery looks complete, and one sent in a loop costs money",
        "ask the source whether it sent all of it, and once",
        of=(MESSAGES, LABELS),
        needs="min_history",
        dqdl="RowCount > 0",
    ),
    QualityRule(
        "quarantine_rate",
        "quarantined records for each one landed",
        "share",
        "a changed format refuses nearly everything, and what is left is no fair sample",
        "see the reasons with criba quarantine list, and ask the source what it changed",
        of=(MESSAGES, LABELS),
        needs="min_records",
    ),
    QualityRule(
        "duplicate_rate",
        "duplicates for each record landed",
        "share",
        "an export that repeats itself may leave others out",
        "ask the source for its own count of messages",
        of=(MESSAGES, LABELS),
        needs="min_records",
    ),
    QualityRule(
        "language_mix",
        "share of the kept records that would need another language to be mixed as the source's earlier ones",
        "share",
        "the champion has not learnt the new language, and no error would show it",
        "see whether the source mixed up its countries, or whether the model must learn first",
        of=(MESSAGES, LABELS),
        needs="min_history",
    ),
    QualityRule(
        "freshness_hours",
        "hours between the source's newest message and the end of what the run asks for",
        "hours",
        "old messages are sent again, or none any more, while everything looks well",
        "ask the source whether its export is stuck",
        dqdl="CustomSql \"select count(*) from primary where source = '{source}' and "
        'received_at > current_timestamp() - interval {hours} hours" > 0',
    ),
    QualityRule(
        "missing_dates",
        "dates without a message among the last 30 complete ones, from the source's first date on",
        "dates",
        "a date that was never sent is noticed by nobody",
        "ask the source to send those dates; a score run of them takes them",
    ),
    QualityRule(
        "label_mix",
        "share of the examples that would need another label to be mixed as in the run before",
        "share",
        "somebody has labelled by other rules, or one label only",
        "compare the new label files with the guide that people label by",
        of=(LABELS,),
        needs="min_records",
    ),
    QualityRule(
        "label_imbalance",
        "examples of the commonest label for each one of the rarest",
        "times",
        "a label that is never seen is never predicted",
        "land more examples of the rarest label, or merge it into another",
        of=(LABELS,),
        needs="min_records",
    ),
)


@dataclass(frozen=True)
class Guarantee:
    """What holds in the curated table because records were refused for these reasons, in DQDL."""

    reasons: tuple[str, ...]
    dqdl: str


GUARANTEES = (
    Guarantee(("missing_text", "control_characters_only"), 'IsComplete "text"'),
    Guarantee(("blank_text", "control_characters_only"), 'ColumnValues "text" not in [EMPTY, WHITESPACES_ONLY]'),
    # A placeholder may be a little longer than what it stands for.
    Guarantee(("too_long",), 'ColumnLength "text" <= {longest_text}'),
    Guarantee(("bad_id",), 'IsComplete "message_id"'),
    Guarantee(("bad_id",), 'ColumnLength "message_id" <= 256'),
    Guarantee(("unknown_source", "misplaced"), 'ColumnValues "source" in [{sources}]'),
    Guarantee(("bad_timestamp",), 'IsComplete "received_at"'),
    Guarantee(
        ("bad_timestamp",),
        "CustomSql \"select count(*) from primary where received_at < timestamp '1970-01-01 00:00:00'\" = 0",
    ),
    Guarantee(
        ("future_date",),
        'CustomSql "select count(*) from primary where received_at > current_timestamp() + interval 1 day" = 0',
    ),
    Guarantee(("id_clash",), 'IsPrimaryKey "source" "message_id" "run_id"'),
    Guarantee(("not_utf8", "wrong_type"), 'ColumnValues "language" matches "[a-z]{{2,3}}"'),
)

NOT_IN_THE_TABLE = {
    "unknown_format": "its records were never read",
    "truncated_gzip": "its records were never read",
    "unparsable": "it never was a row",
    "bad_source": "labels only",
    "missing_label": "labels only",
    "bad_split": "labels only",
    "unknown_message": "labels only",
    "label_conflict": "labels only",
    "label_not_in_train": "labels only",
    "unscorable": "it is found after the table was written",
}
"""Reasons of the quarantine that no look at the curated table could find broken, and why."""
