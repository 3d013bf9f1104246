"""Where a person's messages may lie, in one table: whoever keeps messages in a new place adds a line here.

There is no feature store in this platform yet. One that keeps messages, or rows by message id, would be a line here,
with a kind of its own.
"""

import re
from dataclasses import dataclass

from pipeline_code.contracts import (
    BATCH,
    CURATED_LABELLED,
    CURATED_MESSAGES,
    PREDICTIONS,
    QUARANTINE,
    QUERY_RESULTS,
    RAW_GROUND_TRUTH,
    RAW_LABELS,
    RAW_MESSAGES,
    TRAINING,
)

RAW_RECORDS = "raw records"
"""Whatever a source wrote: JSON Lines, CSV, Parquet, plain or gzip, or what nobody can read."""
ROWS = "rows"
"""Parquet with `message_id`, and `source` as a column or in the key."""
LINES = "lines"
"""JSON Lines with `id`, which is `<source>:<message_id>`."""
REFUSED = "refused"
"""JSON Lines of the quarantine: the record's bytes in base64."""
WHOLE = "whole"
"""Made again when it is asked for again: an object that mentions a message goes as a whole."""

RUN = re.compile(r"/run(?:_id)?=([a-z0-9-]{1,40})/")


@dataclass(frozen=True)
class Place:
    """All objects below `prefix` of a bucket (raw, curated or predictions); `{source}` is that of the messages.

    `table` is the one of across_runs.TABLES that loses rows here, and `report` the file in which a run counted them.
    """

    name: str
    bucket: str
    prefix: str
    kind: str
    table: str = ""
    report: str = ""


PLACES = (
    Place("raw messages", "raw", f"{RAW_MESSAGES}/source={{source}}/", RAW_RECORDS),
    Place("labels", "raw", f"{RAW_LABELS}/", RAW_RECORDS),
    Place("ground truth", "raw", f"{RAW_GROUND_TRUTH}/", RAW_RECORDS),
    Place("curated messages", "curated", f"{CURATED_MESSAGES}/source={{source}}/", ROWS, "messages", "clean.json"),
    Place("what Spark staged", "curated", f"{CURATED_MESSAGES}/.", WHOLE),
    Place("what Spark staged", "curated", f"{CURATED_MESSAGES}/_", WHOLE),
    Place("labelled examples", "curated", f"{CURATED_LABELLED}/", ROWS),
    Place("quarantine", "curated", f"{QUARANTINE}/", REFUSED, "quarantine"),
    Place("training sets", "curated", f"{TRAINING}/", LINES),
    Place("batch shards", "curated", f"{BATCH}/", LINES),
    Place("predictions", "predictions", f"{PREDICTIONS}/date=", ROWS, "predictions", "published.json"),
    Place("what Spark staged", "predictions", f"{PREDICTIONS}/.", WHOLE),
    Place("what Spark staged", "predictions", f"{PREDICTIONS}/_", WHOLE),
    Place("query results", "predictions", f"{QUERY_RESULTS}/", WHOLE),
)
NOT_COVERED = (
    "trained models: they hold weights, no texts; train again to leave these messages out",
    "files that people took away, and mails and chats that quoted a message",
    "logs of access: they name objects, not messages",
)


def run_of(key: str) -> str | None:
    """The run whose folder an object lies in."""
    found = RUN.search(f"/{key}")
    return found and found[1]


def report_of(place: Place, key: str) -> str:
    """The file in which the run counted what lies in this object."""
    if place.table != "quarantine":
        return place.report
    return "published.json" if key.rpartition("/")[2].startswith("publish_predictions-") else "clean.json"
