"""Landing: files are checked before anything is uploaded, and land as they are under a name of their own."""

import gzip

import pytest

from criba.landing import key_name

LINE = b'{"text": "hola"}\n'
SHA = "8213651a7f62"  # sha256 of LINE


def keys(session, bucket="raw-bucket"):
    return {found["Key"] for found in session.client("s3").list_objects_v2(Bucket=bucket).get("Contents", [])}


def land(criba, *arguments):
    return criba("--env", "dev", "messages", "land", *arguments)


def test_messages_land_as_they_are_under_their_source_and_date(criba, dev, tmp_path):
    (tmp_path / "today.jsonl").write_bytes(LINE)
    answer = land(criba, f"{tmp_path}/today.jsonl", "--source", "web-form", "--date", "2026-03-02", "--json")
    key = answer.document["key"]
    assert key == f"messages/source=web-form/date=2026-03-02/today-{SHA}.jsonl"
    assert dev.client("s3").get_object(Bucket="raw-bucket", Key=key)["Body"].read() == LINE
    assert answer.document["bytes"] == 17
    assert answer.document["marker"] is None
    assert keys(dev) == {key}


def test_ready_writes_the_marker_after_the_file(criba, dev, tmp_path):
    (tmp_path / "today.csv").write_bytes(b"text\nhola\n")
    land(criba, f"{tmp_path}/today.csv", "--source", "app", "--date", "2026-03-02", "--ready")
    assert "messages/source=app/date=2026-03-02/_SUCCESS" in keys(dev)


@pytest.mark.parametrize(
    ("options", "marker"),
    [
        ([], "messages/date=2026-03-02/_SUCCESS"),
        (["--source", "email"], "messages/source=email/date=2026-03-02/_SUCCESS"),
    ],
)
def test_a_complete_date_is_marked_for_one_source_or_for_all(criba, dev, options, marker):
    answer = criba("--env", "dev", "messages", "ready", "--date", "2026-03-02", *options, "--json")
    assert answer.document == {"bucket": "raw-bucket", "marker": marker}
    assert keys(dev) == {marker}


def test_the_same_bytes_land_once(criba, dev, tmp_path):
    (tmp_path / "a.jsonl").write_bytes(LINE)
    arguments = (f"{tmp_path}/a.jsonl", "--source", "app", "--date", "2026-03-02", "--json")
    first, second = land(criba, *arguments), land(criba, *arguments)
    assert (first.document["already"], second.document["already"]) == (False, True)
    assert len(keys(dev)) == 1


def test_other_bytes_under_the_same_name_do_not_overwrite(criba, dev, tmp_path):
    for content in (LINE, LINE * 2):
        (tmp_path / "a.jsonl").write_bytes(content)
        land(criba, f"{tmp_path}/a.jsonl", "--source", "app", "--date", "2026-03-02")
    assert len(keys(dev)) == 2


def test_labels_land_in_their_own_folder(criba, dev, tmp_path):
    (tmp_path / "labels.jsonl.gz").write_bytes(gzip.compress(LINE, mtime=0))
    answer = criba("--env", "dev", "labels", "land", f"{tmp_path}/labels.jsonl.gz", "--json")
    assert answer.document["key"].startswith("labels/labels-")
    assert answer.document["key"].endswith(".jsonl.gz")
    assert keys(dev) == {answer.document["key"]}


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("nowhere.jsonl", None, "there is no file"),
        ("empty.jsonl", b"", "is empty: there is nothing to land"),
        ("messages.xlsx", b"PK", "is of no known format: name it .jsonl, .ndjson, .json, .csv, .parquet"),
        ("messages.jsonl.zip", b"PK", "is of no known format"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_and_nothing_lands(criba, dev, tmp_path, name, content, complaint):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    for what in (("messages", "land", "--source", "app"), ("labels", "land")):
        answer = criba("--env", "dev", *what, f"{tmp_path}/{name}")
        assert answer.code == 2
        assert complaint in answer.err
        assert answer.err.count("\n") == 1
    assert keys(dev) == set()


def test_a_folder_is_not_a_file(criba, dev, tmp_path):
    answer = land(criba, str(tmp_path), "--source", "app")
    assert (answer.code, answer.err) == (2, f"criba: {tmp_path} is not a file\n")


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("a.jsonl", "a-0123456789ab.jsonl"),
        ("Buzón de hoy.jsonl.gz", "Buz-n-de-hoy-0123456789ab.jsonl.gz"),
        ("_hidden.csv", "hidden-0123456789ab.csv"),
        ("...parquet", "messages-0123456789ab.parquet"),
        ("v1.2.json", "v1.2-0123456789ab.json"),
    ],
)
def test_a_name_in_s3_is_plain_and_never_marks_what_is_not_data(name, key):
    assert key_name(name, "0123456789abcdef") == key
