"""Labels that come later: what becomes of each, how many are missing, and what is handed on to be compared."""

import json
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from glue_jobs import match_labels
from tests.unit.glue_jobs.lake import Lake, argv, json_lines

NOW = "2026-01-20T06:00:00.000Z"


def label(id_: str, said: str, **more: Any) -> dict[str, Any]:
    source, _, message_id = id_.partition(":")
    return {"source": source, "message_id": message_id, "label": said, **more}


@pytest.fixture
def scored(lake: Lake) -> Lake:
    """Run r1 of model 7 scored web:1 to web:4 on 15 January, and web:old before the days that count."""
    put_scored(lake, "r1", {"web:1": "refund", "web:2": "order", "web:3": "refund", "web:4": "order"}, "2026-01-15")
    put_scored(lake, "r0", {"web:old": "refund"}, "2025-12-01")
    lake.succeed("r0", "2025-12-02T02:00:00Z")
    lake.succeed("r1")
    return lake


def put_scored(lake: Lake, run: str, labels: dict[str, str], date: str, version: str = "7") -> None:
    rows = [
        {
            "message_id": id_.partition(":")[2],
            "source": id_.partition(":")[0],
            "received_at": pa.scalar(f"{date}T10:00:00", pa.string())
            .cast(pa.timestamp("us"))
            .cast(pa.timestamp("us", "UTC")),
            "language": "es",
            "label": said,
            "confidence": 0.75,
            "in_scope_score": 1.5,
            "decision": "auto",
            "model_version": version,
            "run_id": run,
        }
        for id_, said in labels.items()
    ]
    folder = lake.mounts / f"predictions/predictions/date={date}/run={run}"
    folder.mkdir(parents=True)
    pq.write_table(pa.Table.from_pylist(rows), folder / "part.parquet")


def land(lake: Lake, name: str, *records: Any) -> None:
    lake.put("raw", f"ground-truth/{name}", json_lines(*records))


def match(lake: Lake, run_id: str = "m1", **changed: Any) -> dict[str, Any]:
    """Run MatchLabels and return matched.json."""
    lake.settle()
    lakes = {name: f"s3://{name}" for name in ("raw", "curated", "predictions", "monitoring")}
    arguments = {
        **lakes,
        "run_id": run_id,
        "days": 30,
        "now": NOW,
        "languages": "es,en,pt",
        "max_text_bytes": 4000,
        "sources": "web,app,mail",
        "for_model_monitor": "no",
        **changed,
    }
    match_labels.main(argv(**arguments))
    return lake.document(f"runs/measure/{run_id}/matched.json")


def pairs(lake: Lake, run_id: str = "m1") -> list[tuple[str, str, bool]]:
    """Label, prediction and freshness of each pair, in order."""
    found = lake.lines(f"measuring/run_id={run_id}/pairs/")
    return sorted((one["label"], one["predicted"], one["fresh"]) for one in found)


def remember(lake: Lake, run_id: str, judged: dict[str, str], previous: dict[str, Any] | None = None) -> None:
    """Leave the verdicts of an earlier run, as the workflow does: by model version, the run that judged it."""
    verdicts = {version: {"run": run, "beyond": False} for version, run in judged.items()}
    said = {"run_id": run_id, "verdicts": verdicts, "previous": previous}
    lake.put("monitoring", "latest/quality.json", json.dumps(said).encode())


def test_labels_are_joined_by_id_and_those_still_missing_are_counted_by_date(scored: Lake) -> None:
    land(scored, "monday.jsonl", label("web:1", "refund", text="la abuela de Xochitl"))
    scored.put("raw", "ground-truth/people.csv", b"source,message_id,label\r\nweb,2,refund\r\n")
    scored.put("monitoring", "baseline/7/quality.json", b'{"accuracy": 0.9}')
    report = match(scored)
    assert (report["landed"], report["joined"], report["pairs"]) == (2, 2, 2)
    assert (report["predictions"], report["labelled"], report["missing"]) == (4, 2, 2)
    assert pairs(scored) == [("refund", "order", True), ("refund", "refund", True)]
    facts = scored.document("measuring/run_id=m1/facts.json")
    assert facts["since"] == "2025-12-21"
    assert facts["dates"] == [{"date": "2026-01-15", "model_version": "7", "predictions": 4, "labelled": 2}]
    assert facts["previous"] is None
    assert scored.document("measuring/run_id=m1/baselines.json") == {"7": {"accuracy": 0.9}}
    told = b"".join([*scored.bodies("curated", "measuring/").values(), *scored.bodies("curated", "runs/").values()])
    assert b"refund" in told
    assert b"Xochitl" not in told and b"web:1" not in told


def test_every_label_is_accounted_for_once_whatever_is_wrong_with_it(scored: Lake) -> None:
    land(
        scored,
        "all.jsonl",
        label("web:1", "refund"),
        label("web:1", "refund"),  # again: a duplicate
        label("web:2", "order"),
        label("web:2", "refund"),  # two answers: nobody can say which was meant
        label("web:9", "refund"),  # never scored
        label("app:1", "refund"),  # of another source
        label("web:old", "refund"),  # scored before the days that count
        {"source": "web", "message_id": "3"},  # no label
        label("web:4", "order", labelled_at="2026-01-02T09:00:00Z"),  # before its message: a wrong clock
        label("web:3", "order", labelled_at="2126-01-02T09:00:00Z"),  # and one that is far ahead
    )
    land(scored, "later.jsonl", label("web:1", "refund", text="¿dónde está mi dinero?"))  # again, with its text
    scored.put("raw", "ground-truth/broken.jsonl", b'{"source": "web", \n')
    report = match(scored)
    counts = {name: report[name] for name in match_labels.FATES}
    assert counts == {
        "joined": 2,
        "unknown": 2,
        "outside": 1,
        "duplicates": 2,
        "conflicting": 2,
        "refused": 3,
    }
    assert report["landed"] == sum(counts.values()) == 12
    assert report["refusal_reasons"] == {"future_date": 1, "missing_label": 1, "unparsable": 1}
    assert report["early"] == 1
    assert pairs(scored) == [("order", "order", True), ("refund", "refund", True)]
    assert (report["labelled"], report["missing"]) == (2, 2)


def test_no_label_at_all_leaves_all_predictions_without_one(scored: Lake) -> None:
    report = match(scored)
    assert (report["landed"], report["joined"], report["missing"], report["pairs"]) == (0, 0, 4, 0)
    assert scored.document("measuring/run_id=m1/facts.json")["counts"]["predictions"] == 4


def test_without_predictions_there_is_nothing_to_measure(lake: Lake) -> None:
    land(lake, "monday.jsonl", label("web:1", "refund"))
    report = match(lake)
    assert (report["landed"], report["unknown"], report["predictions"]) == (1, 1, 0)


def test_labels_meet_the_prediction_that_people_read(scored: Lake) -> None:
    put_scored(scored, "again", {"web:1": "delivery"}, "2026-01-15", version="8")
    scored.succeed("again", "2026-01-16T09:00:00Z")
    land(scored, "monday.jsonl", label("web:1", "refund"))
    report = match(scored)
    assert pairs(scored) == [("refund", "delivery", True)]
    assert report["model_versions"] == ["8"]
    assert report["predictions"] == 4


def test_labels_are_fresh_until_a_verdict_rests_on_them_and_a_further_attempt_takes_the_same(scored: Lake) -> None:
    land(scored, "monday.jsonl", label("web:1", "refund"))
    match(scored, "m1")
    remember(scored, "m1", {})
    land(scored, "tuesday.jsonl", label("web:2", "refund"))
    waited = match(scored, "m2")
    assert (waited["joined"], waited["fresh"]) == (2, 2)

    remember(scored, "m2", {"7": "m2"}, previous={"run_id": "m1", "verdicts": {}})
    land(scored, "wednesday.jsonl", label("web:3", "refund"))
    assert match(scored, "m2") == waited  # its own verdict is none of an earlier run
    assert match(scored, "m3")["fresh"] == 1
    assert pairs(scored, "m3") == [
        ("refund", "order", False),
        ("refund", "refund", False),
        ("refund", "refund", True),
    ]
    remember(scored, "m3", {"8": "m3"})
    assert match(scored, "m4")["fresh"] == 3  # what another version's verdict rests on


def test_model_monitor_gets_new_labels_by_the_id_that_the_transform_gave(scored: Lake) -> None:
    scored.answer([{"id": f"web:{n}", "label": "refund", "SageMakerInferenceId": f"aaaa-{n}"} for n in (1, 2)])
    land(scored, "monday.jsonl", label("web:1", 'refund, "old"'), label("web:3", "refund"))
    assert match(scored, for_model_monitor="yes")["ground_truth_records"] == 1
    assert scored.bodies("monitoring", "ground-truth/") == {
        "ground-truth/2026/01/20/06/m1.jsonl": json_lines_of(
            {
                "groundTruthData": {"data": '"refund, ""old"""', "encoding": "CSV"},
                "eventMetadata": {"eventId": "aaaa-1"},
                "eventVersion": "0",
            }
        )
    }
    remember(scored, "m1", {})
    assert match(scored, "m2", for_model_monitor="yes")["ground_truth_records"] == 0


def json_lines_of(*records: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(one, separators=(",", ":")).encode() + b"\n" for one in records)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"days": "0"}, "--days '0': use an integer above 0"),
        ({"monitoring": "s3://monitoring/there"}, "is not a bucket"),
        ({"for_model_monitor": "maybe"}, "use one of yes, no"),
        ({"now": ""}, "missing job argument --now"),
    ],
)
def test_wrong_arguments_are_named(lake: Lake, changed: dict[str, str], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        match(lake, **changed)
