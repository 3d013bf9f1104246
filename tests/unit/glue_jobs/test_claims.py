"""Which object versions a run takes: each exactly once, and the same ones at every attempt."""

import pytest

from glue_jobs.lake.store import write_json
from glue_jobs.raw import claims
from glue_jobs.raw.claims import RawObject, Scope, take_labels, take_messages
from pipeline_code.contracts import RunFiles, claim_key
from tests.unit.glue_jobs.lake import Lake


def take(run_id: str, scope: Scope | None = None) -> list[str]:
    """Keys that a run takes, without the `messages/` in front."""
    taken = take_messages("raw", "curated", RunFiles("score", run_id), scope or Scope())
    return [one.key.removeprefix("messages/") for one in taken]


def test_no_object_is_taken_by_two_runs(lake: Lake) -> None:
    lake.land("a.jsonl", b"a")
    assert take("r1") == ["source=web/date=2026-01-15/a.jsonl"]
    assert take("r2") == []


def test_a_run_repeated_takes_the_same_objects(lake: Lake) -> None:
    lake.land("a.jsonl", b"a")
    first = take("r1")
    lake.land("late.jsonl", b"late")
    assert take("r1") == first


def test_a_late_file_waits_for_the_next_run(lake: Lake) -> None:
    lake.land("a.jsonl", b"a")
    take("r1")
    lake.land("late.jsonl", b"late")
    assert take("r2") == ["source=web/date=2026-01-15/late.jsonl"]


def test_an_object_written_again_is_a_new_version_for_the_next_run(lake: Lake) -> None:
    key = lake.land("a.jsonl", b"first")
    [first] = take_messages("raw", "curated", RunFiles("score", "r1"), Scope())
    lake.land("a.jsonl", b"second")
    [second] = take_messages("raw", "curated", RunFiles("score", "r2"), Scope())
    assert (first.key, second.key) == (key, key)
    assert first.version_id != second.version_id
    assert take("r3") == []


def test_a_claim_names_its_run_and_version(lake: Lake) -> None:
    key = lake.land("a.jsonl", b"a")
    [taken] = take_messages("raw", "curated", RunFiles("score", "r1"), Scope())
    assert lake.document(claim_key(key, taken.version_id)) == {
        "run_id": "r1",
        "key": key,
        "version_id": taken.version_id,
    }


def test_an_attempt_cut_off_before_it_listed_its_inputs_is_taken_up_again(lake: Lake) -> None:
    lake.land("a.jsonl", b"a")
    take("r1")
    lake.s3.delete_object(Bucket="curated", Key=RunFiles("score", "r1").inputs)
    lake.land("b.jsonl", b"b")
    assert take("r1") == ["source=web/date=2026-01-15/a.jsonl", "source=web/date=2026-01-15/b.jsonl"]
    assert take("r2") == []


def test_the_slower_of_two_attempts_releases_what_the_faster_did_not_list(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The faster one writes its inputs while the slower one is still claiming an object that came in between."""
    lake.land("a.jsonl", b"a")
    files = RunFiles("score", "r1")
    claim = claims._claim

    def overtaken(curated: str, found: RawObject, run_id: str) -> bool:
        write_json("curated", files.inputs, {"run_id": "r1", "objects": []})
        return claim(curated, found, run_id)

    monkeypatch.setattr(claims, "_claim", overtaken)
    assert take("r1") == []
    monkeypatch.undo()
    assert take("r2") == ["source=web/date=2026-01-15/a.jsonl"]


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        (Scope(), {"app 14", "app 15", "web 14", "web 15"}),
        (Scope("web"), {"web 14", "web 15"}),
        (Scope("web", "2026-01-15", "2026-01-15"), {"web 15"}),
        (Scope("*", "2026-01-15"), {"app 15", "web 15"}),
        (Scope("*", "*", "2026-01-14"), {"app 14", "web 14"}),
        (Scope("web", "2026-01-16", "2026-01-31"), set()),
    ],
)
def test_a_run_takes_what_lies_in_its_scope(lake: Lake, scope: Scope, expected: set[str]) -> None:
    for source in ("app", "web"):
        for date in ("2026-01-14", "2026-01-15"):
            lake.land(f"{source} {date[-2:]}", b"a", source=source, date=date)
    assert {key.rpartition("/")[2] for key in take("r1", scope)} == expected


def test_markers_and_hidden_files_and_folders_are_never_data(lake: Lake) -> None:
    for name in ("_SUCCESS", ".hidden.jsonl", "_temporary.jsonl", ""):
        lake.land(name, b"a")
    assert take("r1") == []


def test_a_deleted_object_is_not_taken(lake: Lake) -> None:
    lake.s3.delete_object(Bucket="raw", Key=lake.land("a.jsonl", b"a"))
    assert take("r1") == []


def test_a_misplaced_object_is_taken_by_an_open_run_only(lake: Lake) -> None:
    lake.put("raw", "messages/loose.jsonl", b"a")
    lake.land("b.jsonl", b"a", date="2026-13-01")
    assert take("r1", Scope("*", "2026-01-01")) == []
    assert take("r2") == ["loose.jsonl", "source=web/date=2026-13-01/b.jsonl"]


def test_a_bucket_without_versions_is_refused(lake: Lake) -> None:
    lake.s3.create_bucket(Bucket="plain", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    lake.put("plain", "messages/source=web/date=2026-01-15/a.jsonl", b"a")
    with pytest.raises(ValueError, match="turn versioning on"):
        take_messages("plain", "curated", RunFiles("score", "r1"), Scope())


def test_labels_are_a_snapshot_that_every_run_may_take(lake: Lake) -> None:
    lake.land_labels("a.jsonl", b"a")
    first = take_labels("raw", "curated", RunFiles("train", "t1"))
    lake.land_labels("b.jsonl", b"b")
    assert [one.key for one in take_labels("raw", "curated", RunFiles("train", "t1"))] == ["labels/a.jsonl"]
    second = take_labels("raw", "curated", RunFiles("train", "t2"))
    assert [one.key for one in second] == ["labels/a.jsonl", "labels/b.jsonl"]
    assert first == second[:1]
    assert lake.keys("curated", "claims/") == []
