"""Columns of the tables that the jobs hand to one another, as Spark writes them."""

from pipeline_code.tables import PREDICTION_COLUMNS, PUBLICATION_COLUMNS

MESSAGE = (
    "message_id string, source string, received_at timestamp, text string, language string, text_key string, "
    "raw_key string, raw_version string, position bigint, run_id string"
)
"""A canonical message. In the lake `source`, `date` and `run` are folders, and `run_id` stands in the files."""

CURATED = f"{MESSAGE}, date string, run string"
LABELLED = f"{MESSAGE}, label string, split string"
"""A labelled example. Without a text it refers to a curated message by source and message_id."""

JUDGED = (
    "reason string, detail string, message_id string, source string, received_at timestamp, text string, "
    "language string, text_key string, label string, split string, raw_key string, raw_version string, "
    "position bigint, date string, digest binary, record binary, landed bigint"
)
"""A raw record after the rules: refused when it has a `reason`. A row with `landed` counts a split instead."""

ANSWER = "id string, label string, confidence double, in_scope_score double, decision string, error string"
PREDICTION = ", ".join(f"{name} {kind}" for name, kind in PREDICTION_COLUMNS.items())
PUBLICATION = ", ".join(f"{name} {kind}" for name, kind in PUBLICATION_COLUMNS.items())


def names(schema: str) -> list[str]:
    """The names of a schema's columns, in order."""
    return [column.split()[0] for column in schema.split(", ")]
