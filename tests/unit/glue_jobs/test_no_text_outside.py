"""Marked words are planted wherever a source can put words; they come out only in the folders that hold messages."""

import io
import json
import traceback
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from glue_jobs.cleaning.draft import Origin
from glue_jobs.cleaning.judging import judge
from glue_jobs.raw.reading import Record
from glue_jobs.raw.splits import Split
from tests.unit.glue_jobs.lake import Lake, json_lines

MAY_HOLD_TEXT = ("messages/", "labelled/", "quarantine/", "training/", "batch/")
PLANTED = (
    "okapi",  # in texts
    "narval",  # in records that cannot be read
    "tapir",  # in ids that are refused
    "lemur",  # in other fields that are refused
    "ajolote",  # in labels that are refused
    "quokka",  # in what the model answers
    "dugong@",  # in personal data
)
GOOD = {"message_id": "1", "text": "el okapi no llega, dugong@example.com", "received_at": "2026-01-15T08:00:00Z"}
LABEL = {"text": "un okapi de ejemplo", "label": "order"}


def parquet() -> bytes:
    file = io.BytesIO()
    text = pa.array([b"narval \xf1", b"okapi"]).view(pa.string())
    pq.write_table(pa.table({"text": text, "id": ["tapir\n", "9"], "timestamp": ["lemur", "2026-01-15"]}), file)
    return file.getvalue()


def land(lake: Lake) -> None:
    lake.land(
        "a.jsonl",
        json_lines(
            GOOD,
            {**GOOD, "text": "otro okapi"},
            {"id": "2", "text": "okapi"},
            {"id": "3", "text": "okapi sin respuesta"},
            {"text": ["narval"]},
            {"text": {"narval": "narval"}},
            {"text": "narval \ud83d"},
            {"id": "tapir" * 60, "text": "okapi"},
            {"id": "tapir\n", "text": "okapi"},
            {"text": "okapi", "received_at": "lemur"},
            {"text": "okapi", "language": ["lemur"]},
            "narval",
            ["narval"],
        )
        + b'{"text": "narval\n{"narval": nope}\n{"text": "narval"} narval\n\xff narval\n'
        + b'{"text": "narval", "n": '
        + b"9" * 5000
        + b"}\n",
    )
    lake.land("b.csv", b'id,text\n5,"narval" narval\n6,okapi,narval\n7,"narval\n')
    lake.land("c.csv", b'"narval" narval,text\n')
    lake.land("d.parquet", parquet())
    lake.land("e.docx", b"narval")
    lake.land_labels(
        "a.jsonl",
        json_lines(
            LABEL,
            {"text": "okapi", "label": ["ajolote"]},
            {"text": "okapi", "label": "order", "split": "ajolote"},
            {"text": "okapi", "label": "order", "source": "Ajolote ajolote"},
            # A well-formed label is a name that reports count, and no text.
            {"text": "el mismo okapi", "label": "refund"},
            {"text": "el mismo okapi", "label": "return"},
            {"message_id": "tapir", "source": "web", "label": "order"},
        ),
    )


def run_all(lake: Lake) -> list[Any]:
    """Run every job over what was planted; returns their reports."""
    said: list[Any] = [lake.clean(), lake.build_batch()]
    lake.answer([{"id": "web:1", "error": "quokka"}, "quokka", {"id": "quokka"}])
    return [*said, lake.publish(), lake.clean_labels(), lake.build_training_set()]


def test_what_is_planted_comes_out_in_the_folders_for_messages_only(
    lake: Lake, capfd: pytest.CaptureFixture[str]
) -> None:
    land(lake)
    places = {"reports": json.dumps(run_all(lake)), "printed": "".join(capfd.readouterr())}
    bodies = {key: lake.body("curated", key).decode() for key in lake.keys("curated")}
    places |= {key: body for key, body in bodies.items() if not key.startswith(MAY_HOLD_TEXT)}
    assert places.keys() >= {"runs/score/r1/clean.json", "runs/train/t1/training_set.json"}
    assert [(place, word) for place, body in places.items() for word in PLANTED if word in body.lower()] == []


def test_the_planted_words_do_reach_the_jobs(lake: Lake) -> None:
    land(lake)
    run_all(lake)
    held = " ".join(
        record.decode(errors="replace").lower() for run in ("r1", "t1") for _, _, record in lake.quarantine(run)
    )
    assert [word for word in PLANTED if word not in held + " quokka dugong@"] == []
    assert sum(held.count(word) for word in PLANTED) > 25
    assert "el okapi no llega, <EMAIL>" in [row["text"] for row in lake.parquet("messages")]


def test_an_unforeseen_error_names_the_record_by_its_place_and_quotes_nothing() -> None:
    split = Split("labels/a.jsonl", "v1", "json_lines", False, "", "", "2026-01-16T00:00:00+00:00", 0, 9)
    origin = Origin("", "", datetime(2026, 1, 16, tzinfo=UTC), is_label=True, max_text_bytes=4000)
    record = Record(7, b"", {"text": "un okapi", "label": "order"})

    def defective(text: str) -> str:
        raise ValueError(f"what is {text}?")

    with pytest.raises(RuntimeError) as failure:
        judge(record, split, origin, ("es",), defective)
    assert str(failure.value) == "unexpected ValueError in the record at 7 of labels/a.jsonl, version v1"
    assert "okapi" not in "".join(traceback.format_exception(failure.value))
