"""The gate in the job: what it measures of raw objects, what it remembers from run to run, and what a stop leaves."""

import json
from typing import Any

import pytest

from glue_jobs.lake.store import update_json
from tests.unit.glue_jobs.lake import NEVER, Lake, json_lines

HISTORY = "quality/messages/source=web/history.json"


def limits(**changed: float) -> str:
    """Limits that nothing reaches but those given; two earlier dates and two records are enough to judge."""
    given = json.loads(NEVER)
    given["all"] |= {"min_history": 2, "min_records": 2, **changed}
    return json.dumps(given)


def messages(count: int, day: str) -> bytes:
    return json_lines(
        *(
            {"id": f"{day}-{n}", "text": f"hola {n}", "lang": "es", "received_at": f"{day}T09:00:00Z"}
            for n in range(count)
        )
    )


def score(lake: Lake, run_id: str, day: str, count: int, **changed: Any) -> dict[str, Any]:
    """Land a day's messages of `web` and clean them in a run of their own; returns clean.json's `quality`."""
    lake.land("a.jsonl", messages(count, day), date=day)
    return judged(lake, run_id, day, **changed)


def judged(lake: Lake, run_id: str, day: str, **changed: Any) -> dict[str, Any]:
    arguments = {"quality": limits(volume_stop=20), "now": f"{day}T23:00:00Z", **changed}
    found: dict[str, Any] = lake.clean(run_id, source="web", date_from=day, date_to=day, **arguments)["quality"]
    return found


@pytest.fixture(scope="module")
def flooded(new_lake: Any) -> tuple[Lake, list[dict[str, Any]]]:
    """Two usual days, then one with ten times the messages, which stops, is tried again, and is accepted, twice."""
    lake = new_lake()
    found = [
        score(lake, "r1", "2026-01-13", 10),
        score(lake, "r2", "2026-01-14", 10),
        score(lake, "r3", "2026-01-15", 100),
    ]
    found.append({"history": lake.document(HISTORY), "inputs": lake.document("runs/score/r3/inputs.json")})
    found += [judged(lake, "r3", "2026-01-15"), judged(lake, "r3", "2026-01-15", accepted="yes")]
    judged(lake, "r3", "2026-01-15", accepted="yes")
    return lake, found


def test_the_first_runs_go_on_and_a_flood_stops(flooded: Any) -> None:
    _, (first, second, third, *_) = flooded
    assert (first["verdict"], second["verdict"], third["verdict"]) == ("pass", "pass", "stop")
    assert third["said"].startswith("web: volume 28.46 is above 20 (2026-01-15: 100 records, 10 is the median of 2)")


def test_a_run_that_stopped_is_not_taken_for_normal(flooded: Any) -> None:
    _, (*_, left, _, _) = flooded
    assert [(one["run_id"], one["landed"]) for one in left["history"]["entries"]] == [("r1", 10), ("r2", 10)]


def test_a_run_tried_again_takes_the_same_and_stops_again_until_a_person_accepts(flooded: Any) -> None:
    lake, (_, _, third, left, again, accepted) = flooded
    assert again == third
    assert accepted["verdict"] == "stop"
    assert lake.document("runs/score/r3/inputs.json") == left["inputs"]
    assert len(lake.parquet("messages/source=web/date=2026-01-15")) == 100
    entries = lake.document(HISTORY)["entries"]
    assert [(one["run_id"], one["landed"]) for one in entries] == [("r1", 10), ("r2", 10), ("r3", 100)]


def test_what_is_remembered_is_counts(flooded: Any) -> None:
    lake, _ = flooded
    assert lake.document(HISTORY)["entries"][0] == {
        "run_id": "r1",
        "date": "2026-01-13",
        "landed": 10,
        "kept": 10,
        "languages": {"es": 10},
        "labels": {},
        "newest": "2026-01-13T09:00:00+00:00",
    }


def test_a_report_and_a_page_lie_beside_the_runs_other_files(flooded: Any) -> None:
    lake, _ = flooded
    report = lake.document("runs/score/r3/quality.json")
    assert (report["run_id"], report["workflow"], report["verdict"]) == ("r3", "score", "stop")
    assert report["judged_at"] == "2026-01-15T23:00:00+00:00"
    assert report["sources"][0]["lengths"] == {"4": 100}
    page = lake.s3.get_object(Bucket="curated", Key="runs/score/r3/quality.html")
    assert page["ContentType"] == "text/html; charset=utf-8"
    assert b"Quality of score run r3" in page["Body"].read()


def test_no_text_of_a_message_or_a_refused_record_is_in_a_report_a_page_or_a_history(lake: Lake) -> None:
    lake.land("a.jsonl", json_lines({"id": "canary-id", "text": "canary words"}, {"text": 7, "note": "canary note"}))
    lake.land("b.jsonl", b'{"text": "canary unclosed\n', source="nobody")
    lake.clean(quality=limits(quarantine_rate_warn=0))
    written = [*lake.bodies("curated", "runs/").values(), *lake.bodies("curated", "quality/").values()]
    assert len(written) >= 5
    assert not [body for body in written if b"canary" in body]


def test_what_was_refused_counts_for_its_source_and_date_and_strays_are_apart(lake: Lake) -> None:
    lake.land("a.jsonl", json_lines({"text": 1}, {"text": "uno"}, {"text": "dos"}), source="app")
    lake.land("b.jsonl", json_lines({"text": "tres"}), source="appp")
    lake.put("raw", "messages/lost.jsonl", json_lines({"text": "cuatro"}))
    quality = lake.clean(quality=limits(quarantine_rate_warn=0.3))["quality"]
    counts = {one["source"]: (one["landed"], one["quarantined"]) for one in quality["sources"]}
    assert counts == {"web": (0, 0), "app": (3, 1), "mail": (0, 0), "(unknown)": (2, 2)}
    assert (quality["verdict"], quality["findings"]) == ("warn", 2)
    report = lake.document("runs/score/r1/quality.json")
    app = next(one for one in report["sources"] if one["source"] == "app")
    assert (app["ours"], app["reasons"]) == ({"2026-01-15": 3}, {"wrong_type": 1})


def test_a_run_about_one_source_does_not_miss_the_others(lake: Lake) -> None:
    lake.land("a.jsonl", json_lines({"text": "uno"}))
    assert [one["source"] for one in lake.clean(source="web")["quality"]["sources"]] == ["web"]


def test_labels_are_judged_as_a_whole_against_the_training_runs_before(lake: Lake) -> None:
    def labelled(refunds: int, orders: int) -> bytes:
        names = ["refund"] * refunds + ["order"] * orders
        return json_lines(*({"text": f"texto {n}", "label": name} for n, name in enumerate(names)))

    lake.land_labels("a.jsonl", labelled(9, 1))
    first = lake.clean_labels("t1", quality=limits(label_mix_stop=0.5))["quality"]
    lake.land_labels("a.jsonl", labelled(1, 9))
    second = lake.clean_labels("t2", quality=limits(label_mix_stop=0.5))["quality"]
    assert (first["verdict"], second["verdict"]) == ("pass", "stop")
    assert second["said"].startswith("labels: label_mix 0.8 is above 0.5")
    assert [one["labels"] for one in lake.document("quality/labels/source=labels/history.json")["entries"]] == [
        {"refund": 9, "order": 1}
    ]


def test_two_runs_that_write_one_history_at_once_lose_nothing(lake: Lake) -> None:
    update_json("curated", "h.json", lambda _: {"entries": [1]})
    meddled: list[int] = []

    def change(before: dict[str, Any]) -> dict[str, Any]:
        if not meddled:
            meddled.append(1)
            update_json("curated", "h.json", lambda other: {"entries": [*other["entries"], 2]})
        return {"entries": [*before["entries"], 3]}

    update_json("curated", "h.json", change)
    assert lake.document("h.json") == {"entries": [1, 2, 3]}


def test_a_history_that_others_never_stop_writing_fails_in_words(lake: Lake) -> None:
    def change(_: dict[str, Any]) -> dict[str, Any]:
        lake.put("curated", "h.json", json.dumps({"now": len(lake.keys("curated")), "n": next(numbers)}).encode())
        return {}

    numbers = iter(range(100))
    with pytest.raises(RuntimeError, match=r"s3://curated/h.json was being written by others in 5 attempts: run again"):
        update_json("curated", "h.json", change)


@pytest.mark.parametrize(("argument", "value"), [("accepted", "perhaps"), ("quality", "{"), ("now", "noon")])
def test_a_wrong_argument_is_named(lake: Lake, argument: str, value: str) -> None:
    with pytest.raises(ValueError, match=f"--{argument}"):
        lake.clean(**{argument: value})
