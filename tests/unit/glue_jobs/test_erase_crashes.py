"""An erasure that is killed between any two of its writes, and run again until it comes through: nothing differs."""

from glue_jobs import erase_messages
from glue_jobs.erasing.finding import found_in
from glue_jobs.erasing.objects import erase, objects_below
from glue_jobs.erasing.places import RAW_RECORDS
from glue_jobs.erasing.wanted import Wanted
from glue_jobs.raw.claims import Scope, take_messages
from glue_jobs.raw.redriving import work_of
from glue_jobs.raw.rewritten import rewritten_below
from pipeline_code.contracts import RunFiles
from tests.unit.glue_jobs.lake import Lake, Mains, argv, json_lines

SECRET = "mi vecina se llama Xochitl y nadie lo sabe"


def test_the_job_is_complete_after_a_crash_at_every_write(lake: Lake, mains: Mains) -> None:
    """What is known by the text alone is found, too, though an earlier attempt has erased what has the id."""
    lake.land("a.jsonl", json_lines({"id": "m-1", "text": SECRET}, {"id": "m-2", "text": "two"}))
    lake.put("predictions", "query-results/q1.csv", SECRET.encode())
    lake.request("web:m-1")
    arguments = argv(request="e1", raw="s3://raw", curated="s3://curated", predictions="s3://predictions")
    # Of the query: journal, deletion; of the object: journal, pending, put, note, deletion, pending no more;
    # then the certificate and the deletion of the ids.
    assert mains.killed_at_every_write(lambda: erase_messages.main(arguments), forgetful=True) >= 8
    assert lake.mentions("Xochitl", "m-1") == []
    certificate = lake.document("erasures/e1/certificate-00001.json")
    assert certificate["messages"][0]["found"] is True
    assert {place: counts["records"] for place, counts in certificate["places"].items()} == {
        "query results": 1,
        "raw messages": 1,
    }
    assert lake.clean()["kept"] == 1


def test_versions_that_runs_have_taken_survive_a_crash_at_every_write(lake: Lake, mains: Mains) -> None:
    key = lake.land("a.jsonl", json_lines({"id": "1", "text": "one"}, {"id": "2", "text": "two"}))
    (first,) = take("r1")
    lake.land("a.jsonl", json_lines({"id": "1", "text": "once more"}, {"id": "3", "text": "three"}))
    (second,) = take("r2")
    others: list[list[str]] = []

    def attempt() -> None:
        notes = rewritten_below("curated", "")
        (target,) = objects_below("raw", key)
        splits = {one.id: target.split(one, notes)[0] for one in target.data}
        found = {
            id_: found_in("raw", split, RAW_RECORDS, Wanted(frozenset({"web:1"})), frozenset())
            for id_, split in splits.items()
        }
        erase(target, RAW_RECORDS, found, notes)

    def take_meanwhile() -> None:
        others.append(take(f"other-{len(others)}"))

    # pending, two puts, two notes, two deletions, pending no more
    assert mains.killed_at_every_write(attempt, after=take_meanwhile, forgetful=True) >= 8
    assert not any(others)
    assert lake.mentions('"one"', "once more") == []
    assert len(lake.versions("raw")) == 2
    assert (take("r1"), take("r2"), take("r3")) == ([first], [second], [])
    assert [left(lake, run_id) for run_id in ("r1", "r2")] == [
        b'{"id": "2", "text": "two"}',
        b'{"id": "3", "text": "three"}',
    ]


def take(run_id: str) -> list[str]:
    """The versions that a run takes."""
    return [one.version_id for one in take_messages("raw", "curated", RunFiles("score", run_id), Scope())]


def left(lake: Lake, run_id: str) -> bytes:
    """What a run reads of its only object."""
    objects = take_messages("raw", "curated", RunFiles("score", run_id), Scope())
    (split,) = work_of("raw", objects, rewritten_below("curated", "messages/")).splits
    answer = lake.s3.get_object(Bucket="raw", Key=split.key, VersionId=split.stored_version)
    return bytes(answer["Body"].read()).strip()
