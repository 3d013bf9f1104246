"""BuildTrainingSet: leak-free splits out of labelled examples."""

import json
from typing import Any

import pytest
from pyspark.sql import SparkSession

from glue_jobs.build_training_set import counted, grouped, placed, report_of
from glue_jobs.cleaning.text import folded
from glue_jobs.lake.schemas import LABELLED
from tests.unit.glue_jobs.lake import Lake, json_lines

SPLITS = ("train", "validation", "test")


def labelled(*examples: tuple[str, str, str | None]) -> bytes:
    """Label lines from text, label and split, with ids e0, e1 …"""
    return json_lines(
        *(
            {"id": f"e{n}", "text": text, "label": label, "split": split}
            for n, (text, label, split) in enumerate(examples)
        )
    )


def written(lake: Lake) -> dict[str, list[tuple[str, str, str]]]:
    """Id, text and label of the examples of each split."""
    return {
        split: sorted((line["id"], line["text"], line["label"]) for line in lake.lines(f"training/run_id=t1/{split}/"))
        for split in SPLITS
    }


@pytest.fixture(scope="module")
def built(new_lake: Any) -> tuple[Lake, dict[str, Any]]:
    """A run with given splits, repeats, conflicts, references, and a label that is only tested."""
    lake: Lake = new_lake()
    lake.land("m.jsonl", json_lines({"id": "m1", "text": "¿Y mi reembolso?"}, {"id": "m2", "text": "tarjeta perdida"}))
    lake.clean("r1")
    lake.land("m.jsonl", json_lines({"id": "m2", "text": "tarjeta robada", "received_at": "2026-01-15T12:00:00Z"}))
    lake.clean("r2")
    lake.land_labels(
        "a.jsonl",
        labelled(
            ("Hola", "greeting", "train"),
            ("¡HOLA!", "greeting", "test"),
            ("Mi pedido", "order", "train"),
            ("dónde está", "order", "validation"),
            ("devolución", "refund", "train"),
            ("Devolucion", "order", "train"),
            ("adiós", "farewell", "test"),
            ("buenas", "greeting", "train"),
        ),
    )
    lake.land_labels(
        "b.jsonl",
        json_lines(
            {"message_id": "m1", "source": "web", "label": "refund", "split": "train"},
            {"message_id": "m2", "source": "web", "label": "card", "split": "train"},
            {"message_id": "m9", "source": "web", "label": "card", "split": "train"},
        ),
    )
    lake.clean_labels()
    return lake, lake.build_training_set()


def test_given_splits_win_and_the_strongest_of_them_takes_a_repeated_text(built: tuple[Lake, dict[str, Any]]) -> None:
    lake, _ = built
    assert written(lake) == {
        "train": [
            ("labels:e2", "Mi pedido", "order"),
            ("labels:e7", "buenas", "greeting"),
            ("web:m1", "¿Y mi reembolso?", "refund"),
            ("web:m2", "tarjeta robada", "card"),
        ],
        "validation": [("labels:e3", "dónde está", "order")],
        "test": [("labels:e0", "Hola", "greeting")],
    }


def test_conflicts_unknown_messages_and_unlearnt_labels_are_quarantined(built: tuple[Lake, dict[str, Any]]) -> None:
    lake, _ = built
    refused = [(reason, json.loads(record)["id"]) for reason, _, record in lake.quarantine("t1")]
    assert sorted(refused) == [
        ("label_conflict", "labels:e4"),
        ("label_conflict", "labels:e5"),
        ("label_not_in_train", "labels:e6"),
        ("unknown_message", "web:m9"),
    ]


def test_the_report_counts_what_was_written(built: tuple[Lake, dict[str, Any]]) -> None:
    _, report = built
    assert len(report.pop("data_hash")) == 64
    assert report == {
        "run_id": "t1",
        "examples": 6,
        "labels": ["card", "greeting", "order", "refund"],
        "out_of_scope": 0,
        "splits": {"train": 4, "validation": 1, "test": 1},
        "smallest_label": {"label": "card", "examples": 1},
        "repeats": 1,
        "refused": 4,
        "quarantine_reasons": {"label_conflict": 2, "label_not_in_train": 1, "unknown_message": 1},
        "labelled": 11,
        "lines": 6,
        "quarantine_lines": 4,
    }


def test_a_training_line_has_what_the_trainer_reads(built: tuple[Lake, dict[str, Any]]) -> None:
    lake, _ = built
    assert lake.lines("training/run_id=t1/validation/") == [
        {"id": "labels:e3", "text": "dónde está", "label": "order", "language": "es", "source": "labels"}
    ]


def test_a_run_repeated_writes_the_same_bytes_and_removes_stale_files(lake: Lake) -> None:
    lake.land_labels("a.jsonl", labelled(*((f"texto número {n}", f"label {n % 3}", None) for n in range(60))))
    lake.clean_labels()
    first = lake.build_training_set()
    bodies = lake.bodies("curated", "training/")
    lake.put("curated", "training/run_id=t1/train/part-00009.jsonl", b"stale")
    assert lake.build_training_set() == first
    assert lake.bodies("curated", "training/") == bodies
    assert set(bodies) == {f"training/run_id=t1/{split}/part-00000.jsonl" for split in SPLITS}


def test_the_data_hash_knows_the_data_and_not_its_order(spark: SparkSession) -> None:
    rows = [
        (f"e{n}", "labels", None, f"texto {n}", "es", f"texto {n}", "k", "v", n, "t1", "a", "train") for n in range(20)
    ]
    changed = [*rows[:-1], (*rows[-1][:-2], "b", "train")]
    hashes = []
    for examples in (rows, rows[::-1], changed):
        table = spark.createDataFrame(examples, LABELLED).selectExpr("*", "cast(null as string) as reason")
        hashes.append(report_of("t1", counted(placed(grouped(table), "7", {"train"})))["data_hash"])
    assert hashes[0] == hashes[1] != hashes[2]


def test_examples_out_of_scope_are_held_out_and_tested_and_never_learnt(lake: Lake) -> None:
    strangers = [(f"algo ajeno {n}", "out-of-scope", [None, "train", "test"][n % 3]) for n in range(60)]
    lake.land_labels(
        "a.jsonl", labelled(("hola", "greeting", "train"), ("adiós", "farewell", "validation"), *strangers)
    )
    lake.clean_labels()
    report = lake.build_training_set()
    by_split = {split: [label for _, _, label in found] for split, found in written(lake).items()}
    assert by_split["train"] == ["greeting"]
    assert set(by_split["validation"]) == set(by_split["test"]) == {"out-of-scope"}
    assert len(by_split["test"]) > 20
    assert (report["labels"], report["out_of_scope"]) == (["greeting"], 60)
    assert report["quarantine_reasons"] == {"label_not_in_train": 1}


def test_no_labels_at_all_is_an_outcome(lake: Lake) -> None:
    lake.clean_labels()
    report = lake.build_training_set()
    assert (report["examples"], report["labels"], report["smallest_label"]) == (0, [], None)
    assert report["splits"] == {"train": 0, "validation": 0, "test": 0}
    assert lake.keys("curated", "training/") == []


def test_one_label_only_is_told_to_the_gate(lake: Lake) -> None:
    lake.land_labels("a.jsonl", labelled(("hola", "greeting", "train"), ("buenas", "greeting", "train")))
    lake.clean_labels()
    report = lake.build_training_set()
    assert report["labels"] == ["greeting"]


def test_references_without_any_curated_message_are_unknown(lake: Lake) -> None:
    lake.land_labels("a.jsonl", json_lines({"message_id": "m1", "source": "web", "label": "order"}))
    lake.clean_labels()
    assert lake.build_training_set()["quarantine_reasons"] == {"unknown_message": 1}


@pytest.mark.parametrize("all_given", [(None,), ("train", None), ("train", "test"), ("train", "validation", "test")])
def test_no_text_is_in_two_splits_and_no_example_is_lost(
    spark: SparkSession, all_given: tuple[str | None, ...]
) -> None:
    rows = [
        (str(n), "labels", None, text, "es", folded(text), "labels/a", "v", n, "t1", f"label {label}", split)
        for n, (text, label, split) in enumerate(
            (spelled.format(word), word % 7 if word % 13 else mark, given)
            for word in range(120)
            for mark, spelled in enumerate(("pregunta {}", "¿PREGUNTA {}?", "Pregúnta  {}."))
            for given in (all_given if word % 5 == 0 else all_given[word % len(all_given) :][:1])
            if (word + mark) % 3
        )
    ]
    table = spark.createDataFrame(rows, LABELLED).selectExpr("*", "cast(null as string) as reason")
    found = placed(grouped(table), "7", {split for split in all_given if split}).collect()
    used = [row for row in found if row.outcome == "example"]
    by_key = {row.text_key: {r.label for r in found if r.text_key == row.text_key} for row in found}
    assert len(found) == len(rows)
    assert len({row.text_key for row in used}) == len(used) > 20
    assert {row.label for row in used} == {row.label for row in used if row.split == "train"}
    assert {row.split for row in used} == {"train", "validation", "test"}
    assert {row.text_key for row in found if row.reason == "label_conflict"} == {
        key for key, labels in by_key.items() if len(labels) > 1
    }
