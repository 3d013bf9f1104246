"""BuildBatch: shards of even size under exact names, and a plan that adds up."""

import json
from typing import Any

import pytest

from tests.unit.glue_jobs.lake import Lake, json_lines


@pytest.fixture(scope="module")
def cleaned(new_lake: Any) -> Lake:
    """A hundred messages of one source and one of another, cleaned by r1."""
    lake: Lake = new_lake()
    lake.land("a.jsonl", json_lines(*({"id": f"m{n}", "text": f"mensaje número {n} 😀"} for n in range(100))))
    lake.land("a.jsonl", json_lines({"id": "m0", "text": 'with "quotes" and\nlines'}), source="app")
    lake.clean()
    return lake


def test_one_shard_holds_what_fits_in_it(cleaned: Lake) -> None:
    plan = cleaned.build_batch()
    [shard] = cleaned.keys("curated", "batch/run_id=r1/")
    body = cleaned.body("curated", shard)
    assert shard == "batch/run_id=r1/in/shard-00000.jsonl"
    assert plan == {"run_id": "r1", "records": 101, "bytes": len(body), "files": 1}
    lines = body.decode().split("\n")
    assert json.loads(lines[0]) == {"id": "app:m0", "text": 'with "quotes" and lines', "language": "en"}
    assert lines[1] == '{"id":"web:m0","text":"mensaje número 0 😀","language":"und"}'
    assert lines[-1] == ""


def test_more_bytes_make_more_shards_that_hold_every_message_once(cleaned: Lake) -> None:
    plan = cleaned.build_batch(shard_bytes=2000)
    shards = cleaned.bodies("curated", "batch/run_id=r1/")
    assert sorted(shards) == [f"batch/run_id=r1/in/shard-0000{n}.jsonl" for n in range(4)]
    assert (plan["files"], plan["bytes"]) == (4, sum(map(len, shards.values())))
    ids = [json.loads(line)["id"] for body in shards.values() for line in body.splitlines()]
    assert sorted(ids) == sorted(["app:m0", *(f"web:m{n}" for n in range(100))])


def test_a_run_repeated_writes_the_same_bytes_and_removes_stale_shards(cleaned: Lake) -> None:
    cleaned.build_batch(shard_bytes=2000)
    first = cleaned.bodies("curated", "batch/run_id=r1/")
    cleaned.build_batch(shard_bytes=500)
    cleaned.build_batch(shard_bytes=2000)
    assert cleaned.bodies("curated", "batch/run_id=r1/") == first


def test_a_batch_holds_the_messages_of_its_run_only(cleaned: Lake) -> None:
    cleaned.land("b.jsonl", json_lines({"id": "n1", "text": "otro"}))
    cleaned.clean("r2")
    assert cleaned.build_batch("r2")["records"] == 1


def test_messages_that_are_gone_fail_the_job(cleaned: Lake) -> None:
    cleaned.land("c.jsonl", json_lines({"id": "1", "text": "mail"}), source="mail")
    cleaned.clean("gone")
    for file in (cleaned.mounts / "curated/messages/source=mail").rglob("*.parquet"):
        file.write_bytes(next((cleaned.mounts / "curated/messages/source=web").rglob("run=r1/*.parquet")).read_bytes())
        (file.parent / f".{file.name}.crc").unlink(missing_ok=True)
    with pytest.raises(RuntimeError, match="run gone kept 1 messages, but 100 were found"):
        cleaned.build_batch("gone")


def test_a_batch_before_its_cleaning_says_what_is_missing(cleaned: Lake) -> None:
    with pytest.raises(FileNotFoundError, match=r"runs/score/never/clean\.json does not exist"):
        cleaned.build_batch("never")
