"""`criba erase`: whose ids are taken, who may ask, who may run, and what a certificate says in words."""

import json

import pytest

from criba import erasures
from criba.aws import Aws
from criba.erasures import ids_of
from criba.errors import BadInput, CribaError
from pipeline_code.contracts import ErasureFiles, same_person
from tests.unit.criba.fake_states import FakeStates

SOURCES = ("web-form", "app")


@pytest.fixture
def aws(dev):
    return Aws("dev", dev)


def test_ids_come_from_options_and_from_a_file_each_once(tmp_path):
    file = tmp_path / "ids.txt"
    file.write_bytes("\ufeffapp:1\r\n\napp: with space \nweb-form:m-1\n".encode())
    assert ids_of(["web-form:m-1", "app:a:b"], file, SOURCES) == ["web-form:m-1", "app:a:b", "app:1", "app: with space"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([], "no message was named: say --message-id SOURCE:ID, or --key-file FILE"),
        (["m-1"], "--message-id 'm-1' is no message's id: write SOURCE:ID, such as web-form:m-17"),
        (["app:"], "is no message's id"),
        (["App:1"], "is no message's id"),
        (["app:" + "x" * 257], "is no message's id"),
        (["wbe:1"], "names the source 'wbe', which is none of web-form, app"),
    ],
)
def test_what_is_no_id_is_refused(given, said):
    with pytest.raises(BadInput, match=said):
        ids_of(given, None, SOURCES)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (None, "cannot be read as text: write one SOURCE:ID a line"),
        (b"\xff\xfe\x00", "cannot be read as text"),
        (b"app:1\nmy name is Ana", "line 2 of .*ids.txt is no message's id"),
        (b"\n\n", "no message was named"),
    ],
)
def test_a_wrong_file_is_refused_by_its_line_which_is_not_repeated(tmp_path, body, said):
    file = tmp_path / "ids.txt"
    if body is not None:
        file.write_bytes(body)
    with pytest.raises(BadInput, match=said) as refused:
        ids_of([], file, SOURCES)
    assert "Ana" not in str(refused.value)


def test_a_request_says_who_asked_and_the_ids_lie_beside_it(aws, dev):
    asked = erasures.ask(aws, ["app:1", "app:2"])
    files, s3 = ErasureFiles(asked.request), dev.client("s3")
    told, ids = (
        json.loads(s3.get_object(Bucket="curated-bucket", Key=key)["Body"].read()) for key in (files.request, files.ids)
    )
    assert ids == {"ids": ["app:1", "app:2"]}
    assert (told["messages"], told["asked_by"], len(told["salt"])) == (2, aws.caller, 32)
    assert "app:1" not in json.dumps(told)


def test_who_asked_cannot_run_it(aws):
    asked = erasures.ask(aws, ["app:1"])
    with pytest.raises(CribaError, match=f"you asked for {asked.request} yourself: another Admin"):
        erasures.run(aws, asked.request, lambda _: None)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("assumed-role/DataEngineer/ines", "assumed-role/Admin/ines", True),
        ("assumed-role/DataEngineer/ines", "assumed-role/Admin/omar", False),
        ("assumed-role/data-engineer/local", "assumed-role/admin/local", False),
        ("assumed-role/admin/local", "assumed-role/admin/local", True),
        ("user/ines", "assumed-role/Admin/ines", True),
    ],
)
def test_a_person_is_known_by_name_whatever_the_role(one, other, same):
    assert same_person(f"arn:aws:sts::1:{one}", f"arn:aws:sts::1:{other}") is same


@pytest.mark.parametrize("name", ["erase-20260101-abcdef", "../runs", ""])
def test_an_unknown_request_is_told(aws, name):
    with pytest.raises(BadInput, match="there is no request"):
        erasures.run(aws, name, lambda _: None)


def ask_as_somebody_else(dev, ids):
    files, s3 = ErasureFiles("erase-20260101-abcdef"), dev.client("s3")
    told = {
        "messages": len(ids),
        "salt": "5a17",
        "asked_by": "arn:aws:sts::1:assumed-role/DataEngineer/eva",
        "asked_at": "",
    }
    s3.put_object(Bucket="curated-bucket", Key=files.request, Body=json.dumps(told))
    s3.put_object(Bucket="curated-bucket", Key=files.ids, Body=json.dumps({"ids": ids}))
    return files.request_id


def test_nothing_is_erased_while_a_run_may_hold_the_messages(aws, dev):
    FakeStates(dev)
    name = ask_as_somebody_else(dev, ["app:1"])
    aws.states.start_execution(stateMachineArn=aws.deployment.machine("train"), name="spring-1", input="{}")
    with pytest.raises(CribaError, match="train run spring-1 is under way"):
        erasures.run(aws, name, lambda _: None)


CERTIFICATE = {
    "request": "erase-20260101-abcdef",
    "number": 1,
    "asked_by": "arn:aws:sts::1:assumed-role/DataEngineer/eva",
    "asked_at": "2026-01-01T10:00:00+00:00",
    "approved_by": "arn:aws:sts::1:assumed-role/Admin/omar",
    "approved_at": "2026-01-01T11:00:00+00:00",
    "finished_at": "2026-01-01T11:05:00+00:00",
    "messages": [{"sha256": "ab", "found": True}, {"sha256": "cd", "found": False}],
    "places": {"raw messages": {"objects": 1, "records": 2, "versions_deleted": 3}},
    "unreadable": [{"bucket": "raw-bucket", "key": "messages/x.jsonl.gz", "version_id": "v1"}],
    "not_covered": ["trained models: they hold weights"],
}


def test_a_certificate_is_told_in_words(criba, dev):
    name = ask_as_somebody_else(dev, ["app:1"])
    dev.client("s3").put_object(
        Bucket="curated-bucket", Key=ErasureFiles(name).certificate(1), Body=json.dumps(CERTIFICATE)
    )
    said = criba("--env", "dev", "erase", "show", name)
    assert said.code == 0
    assert "asked by assumed-role/DataEngineer/eva" in said.out or "asked by DataEngineer/eva" in said.out
    assert "1 of 2 messages were found" in said.out
    assert "s3://raw-bucket/messages/x.jsonl.gz" in said.out
    assert "- trained models: they hold weights" in said.out


def test_the_laptop_refuses_who_may_not(criba, monkeypatch):
    monkeypatch.delenv("CRIBA_ENV", raising=False)
    refused = criba("--as", "data-scientist", "erase", "--message-id", "email:1")
    assert (refused.code, refused.err) == (
        1,
        "criba: data-scientist may not ask for an erasure: say --as data-engineer or --as admin\n",
    )
    refused = criba("--as", "data-engineer", "erase", "run", "erase-20260101-abcdef")
    assert "may not approve and run an erasure: say --as admin" in refused.err


def test_a_request_is_named_or_made_not_both(criba):
    refused = criba("--env", "dev", "erase", "--message-id", "email:1", "run", "erase-20260101-abcdef")
    assert (refused.code, refused.err) == (2, "criba: erase run takes a request's name: leave its messages out\n")
