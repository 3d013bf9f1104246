"""`criba quarantine`: counted by reason, shown without text, and redriven exactly once, wherever it is cut off."""

import base64
import hashlib
import json

import pytest

from criba import quarantine
from criba.aws import Aws
from criba.errors import CribaError
from criba.quarantine import Chosen

DAY = "messages/source=web/date=2026-03-02"
SECRET = b'{"text": "mi secreto"'


class KilledError(Exception):
    """The process ended in the middle of something."""


def line(reason, name, position, source="web", day="2026-03-02", record=SECRET, step="clean_messages", prefix=None):
    key = f"{prefix or f'messages/source={source}/date={day}'}/{name}"
    return {
        "reason": reason,
        "detail": "why",
        "source": source,
        "object": key,
        "version_id": f"version-of-{name}",
        "position": position,
        "record_base64": base64.b64encode(record).decode(),
        "run_id": "night",
        "step": step,
    }


LINES = [
    line("unparsable", "a.jsonl", 0),
    line("unparsable", "a.jsonl", 40),
    line("blank_text", "a.jsonl", 90, record=b'{"text": " "}'),
    line("unparsable", "b.csv", 3, source="app", day="2026-03-03"),
    line("truncated_gzip", "c.jsonl.gz", 512, record=b'{"te'),
    line("unscorable", "a.jsonl", 200, step="publish_predictions"),
    line("misplaced", "loose.jsonl", 0, source="", prefix="messages"),
    line("missing_label", "l.jsonl", 7, source="labels", prefix="labels"),
]


@pytest.fixture
def lake(dev):
    s3 = dev.client("s3")
    for step in ("clean_messages", "publish_predictions"):
        body = "".join(json.dumps(one) + "\n" for one in LINES if one["step"] == step)
        s3.put_object(Bucket="curated-bucket", Key=f"quarantine/run_id=night/{step}-00000.jsonl", Body=body)
    return dev


@pytest.fixture
def aws(lake):
    return Aws("dev", lake)


@pytest.fixture
def ask(criba, lake):
    return lambda *arguments: criba("--env", "dev", "quarantine", *arguments)


def landed(session):
    """What lies in the raw bucket: the body of each object by its key."""
    s3 = session.client("s3")
    keys = [one["Key"] for one in s3.list_objects_v2(Bucket="raw-bucket").get("Contents", [])]
    return {key: s3.get_object(Bucket="raw-bucket", Key=key)["Body"].read() for key in keys}


def waiting(ask, *options):
    rows = ask("list", "--json", *options).document
    return {(row["reason"], row["source"]): (row["waiting"], row["redriven"]) for row in rows}


def test_the_list_counts_by_run_reason_and_source(ask):
    assert waiting(ask) == {
        ("unparsable", "web"): (2, 0),
        ("unparsable", "app"): (1, 0),
        ("blank_text", "web"): (1, 0),
        ("truncated_gzip", "web"): (1, 0),
        ("unscorable", "web"): (1, 0),
        ("misplaced", ""): (1, 0),
        ("missing_label", "labels"): (1, 0),
    }
    assert waiting(ask, "--run", "night", "--reason", "unparsable", "--source", "app") == {
        ("unparsable", "app"): (1, 0)
    }
    assert waiting(ask, "--run", "other") == {}


def test_neither_the_list_nor_a_record_shows_text_unless_its_bytes_are_asked_for(ask):
    (found,) = ask("show", "night", "--reason", "blank_text", "--json").document
    assert (found["object"], found["position"], found["bytes"]) == (f"{DAY}/a.jsonl", 90, 13)
    record = ask("show", "night", "--json", "--reason", "unparsable", "--source", "app").document[0]["id"]
    for answer in (ask("list"), ask("show", "night"), ask("show", "night", record)):
        assert answer.code == 0
        assert "secreto" not in answer.out + answer.err
    assert '{"text": "mi secreto"' in ask("show", "night", record, "--bytes").out


def test_an_unknown_record_is_bad_input(ask):
    answer = ask("show", "night", "0123456789ab")
    assert (answer.code, answer.out) == (2, "")
    assert "no record '0123456789ab' in the quarantine of night" in answer.err


@pytest.mark.parametrize("person", [(), ("--as", "data-scientist"), ("--as", "ml-engineer")])
def test_on_the_laptop_only_a_data_engineer_or_an_admin_may_look(criba, person):
    for command in (["list"], ["show", "night"], ["redrive", "night"]):
        answer = criba(*person, "quarantine", *command)
        assert answer.code == 1
        assert "may not see the quarantine: say --as data-engineer or --as admin" in answer.err


def test_a_redrive_lands_one_object_a_source_and_date_that_names_the_records_and_holds_no_text(ask, lake):
    answer = ask("redrive", "night", "--reason", "unparsable")
    assert answer.out.splitlines() == [
        "3 records of night landed again as redrive 1:",
        "messages/source=app/date=2026-03-03/redriven-night-00001.redrive",
        "messages/source=web/date=2026-03-02/redriven-night-00001.redrive",
        "Score with: criba score start --from 2026-03-02 --to 2026-03-03",
    ]
    assert {key: json.loads(body) for key, body in landed(lake).items()} == {
        "messages/source=app/date=2026-03-03/redriven-night-00001.redrive": {
            "objects": [{"name": "b.csv", "version_id": "version-of-b.csv", "positions": [3], "rest_from": None}]
        },
        f"{DAY}/redriven-night-00001.redrive": {
            "objects": [
                {"name": "a.jsonl", "version_id": "version-of-a.jsonl", "positions": [0, 40], "rest_from": None}
            ]
        },
    }
    assert waiting(ask)["unparsable", "web"] == (0, 2)


def test_what_was_refused_from_somewhere_on_is_read_again_from_there_on(ask, lake):
    ask("redrive", "night", "--reason", "truncated_gzip")
    (body,) = landed(lake).values()
    assert json.loads(body)["objects"] == [
        {"name": "c.jsonl.gz", "version_id": "version-of-c.jsonl.gz", "positions": [], "rest_from": 512}
    ]


def test_a_redriven_record_is_never_redriven_again(ask, lake):
    ask("redrive", "night", "--reason", "unparsable")
    before = landed(lake)
    assert "can be redriven, or all have been" in ask("redrive", "night", "--reason", "unparsable").out
    ask("redrive", "night")
    new = {key: json.loads(body)["objects"] for key, body in landed(lake).items() if key not in before}
    assert list(new) == [f"{DAY}/redriven-night-00002.redrive"]
    assert [
        (one["name"], one["positions"], one["rest_from"]) for one in new[f"{DAY}/redriven-night-00002.redrive"]
    ] == [
        ("a.jsonl", [90, 200], None),
        ("c.jsonl.gz", [], 512),
    ]
    assert {kind: count for kind, count in waiting(ask).items() if count[0]} == {
        ("misplaced", ""): (1, 0),
        ("missing_label", "labels"): (1, 0),
    }


def test_the_quarantine_itself_and_the_ledger_stay_as_they_were(ask, lake):
    def kept():
        s3 = lake.client("s3")
        keys = s3.list_objects_v2(Bucket="curated-bucket", Prefix="quarantine/")["Contents"]
        return {one["Key"]: one["ETag"] for one in keys}

    before = kept()
    ask("redrive", "night")
    assert kept() == before
    ticket = json.loads(
        lake.client("s3").get_object(Bucket="curated-bucket", Key="redriven/run_id=night/00001.json")["Body"].read()
    )
    assert ticket["asked_by"] == "arn:aws:sts::111111111111:assumed-role/MLEngineer/ines"


@pytest.mark.parametrize("done", range(4))
def test_a_redrive_that_is_killed_after_any_of_its_writes_is_finished_by_the_next(ask, aws, lake, done):
    """It writes a ticket, two raw objects and a note; it is killed once `done` of them are there."""
    calls = []

    def kill(**_):
        if len(calls) == done:
            raise KilledError
        calls.append(1)

    aws.s3.meta.events.register("before-call.s3.PutObject", kill)
    with pytest.raises(KilledError):
        quarantine.redrive(aws, "night", Chosen(reason="unparsable"))
    assert waiting(ask)["unparsable", "web"] == (2, 0)
    half = landed(lake)
    ask("redrive", "night", "--reason", "unparsable")
    assert waiting(ask)["unparsable", "web"] == (0, 2)
    assert half.items() <= landed(lake).items()
    assert list(landed(lake)) == [
        "messages/source=app/date=2026-03-03/redriven-night-00001.redrive",
        f"{DAY}/redriven-night-00001.redrive",
    ]


def test_two_people_who_redrive_at_once_share_the_records_out(ask, aws, lake):
    """The other one is through between this one's look at the tickets and its own ticket."""
    calls = []

    def other(**_):
        if not calls:
            calls.append(1)
            ask("redrive", "night", "--reason", "unparsable", "--source", "web")

    aws.s3.meta.events.register("before-call.s3.PutObject", other)
    (mine,) = quarantine.redrive(aws, "night", Chosen(reason="unparsable"))
    assert mine.number == 2
    assert sorted(landed(lake)) == [
        "messages/source=app/date=2026-03-03/redriven-night-00002.redrive",
        f"{DAY}/redriven-night-00001.redrive",
    ]


@pytest.fixture
def corrected(tmp_path):
    file = tmp_path / "corrected.jsonl"
    file.write_bytes(b'{"text": "ahora bien"}\n')
    return file


def record_id(name, position):
    return hashlib.sha256(f"{DAY}/{name}\nversion-of-{name}\n{position}".encode()).hexdigest()[:12]


def test_a_replacement_lands_in_the_records_place_and_the_record_leaves(ask, lake, corrected):
    record = record_id("a.jsonl", 40)
    answer = ask("redrive", "night", "--record", record, "--replacement", str(corrected))
    assert answer.code == 0, answer.err
    assert landed(lake) == {f"{DAY}/redriven-night-00001.jsonl": b'{"text": "ahora bien"}\n'}
    ask("redrive", "night", "--reason", "unparsable", "--source", "web")
    assert json.loads(landed(lake)[f"{DAY}/redriven-night-00002.redrive"])["objects"][0]["positions"] == [0]


@pytest.mark.parametrize("done", range(3))
def test_a_replacement_that_is_killed_is_finished_with_the_same_file_and_nothing_else(ask, aws, lake, corrected, done):
    record, calls = record_id("a.jsonl", 40), []

    def kill(**_):
        if len(calls) == done:
            raise KilledError
        calls.append(1)

    aws.s3.meta.events.register("before-call.s3.PutObject", kill)
    with pytest.raises(KilledError):
        quarantine.replace(aws, "night", record, corrected)
    fresh = Aws("dev", lake)
    quarantine.replace(fresh, "night", record, corrected)
    assert landed(lake) == {f"{DAY}/redriven-night-00001.jsonl": b'{"text": "ahora bien"}\n'}
    quarantine.redrive(fresh, "night", Chosen(record=record))
    assert len(landed(lake)) == 1
    other = corrected.with_name("other.jsonl")
    other.write_bytes(b'{"text": "otra cosa"}\n')
    with pytest.raises(CribaError, match="left the quarantine with redrive 1 already"):
        quarantine.replace(fresh, "night", record, other)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("show", "night", "--bytes"), "--bytes shows one record"),
        (("redrive", "night", "--replacement", "x.jsonl"), "--replacement stands for one record"),
        (("redrive", "night", "--record", "0123456789ab", "--replacement", "never.jsonl"), "there is no file"),
    ],
)
def test_options_that_make_no_sense_are_refused(ask, options, said):
    answer = ask(*options)
    assert answer.code == 2
    assert said in answer.err
