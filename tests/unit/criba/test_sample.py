"""The sample holds exactly what it says: counts by kind are known, and the same seed writes the same bytes."""

import csv
import gzip
import hashlib
import json
import re
from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from pyarrow import parquet
from stdnum import iban, luhn

from criba.sample.dataset import Planted, Sample, write_campaign, write_sample
from criba.sample.lexicon import LANGUAGES, categories, lexicon
from criba.sample.writer import STYLES, Writer
from pipeline_code.contracts import OUT_OF_SCOPE

DAY = date(2026, 3, 2)


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    return write_sample(tmp_path_factory.mktemp("sample"), day=DAY)


def lines(paths: list[Path]) -> list[bytes]:
    opened = [gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes() for path in paths]
    return [line for data in opened for line in data.splitlines() if line]


def digest(sample: Sample) -> str:
    files = [*sample.labels, *(path for paths in sample.messages.values() for path in paths), sample.truth]
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()


def test_the_whole_sample_is_at_least_twenty_thousand_messages(sample):
    landed = sum(planted.landed for planted in sample.planted.values()) + sample.planted_labels.landed
    assert landed == 21_872


def test_what_is_planted_in_each_source_is_known(sample):
    assert {name: (p.landed, p.kept, p.duplicates, p.quarantined) for name, p in sample.planted.items()} == {
        "web-form": (5_759, 5_600, 112, 47),
        "email": (3_587, 3_500, 70, 17),
        "app": (2_868, 2_800, 56, 12),
        "call-center": (2_158, 2_100, 42, 16),
    }


@pytest.mark.parametrize("source", ["web-form", "email", "app", "call-center"])
def test_what_landed_is_kept_dropped_or_quarantined(sample, source):
    planted: Planted = sample.planted[source]
    assert planted.landed == planted.kept + planted.duplicates + planted.quarantined


def test_the_files_hold_as_many_records_as_stated(sample):
    assert len(lines(sample.messages["web-form"])) == 5_759
    assert len(lines(sample.messages["email"])) == 3_587
    assert sum(parquet.read_table(path).num_rows for path in sample.messages["app"]) == 2_868
    assert len(lines(sample.messages["call-center"])) == 2_158 + 1  # and the header


def test_web_form_lines_are_spoilt_as_often_as_stated(sample):
    seen: Counter[str] = Counter()
    texts: dict[str, set[str]] = {}
    for line in lines(sample.messages["web-form"]):
        try:
            record = json.loads(line.decode())
        except UnicodeDecodeError:
            seen["invalid_utf8"] += 1
            continue
        except json.JSONDecodeError:
            seen["broken_json"] += 1
            continue
        if not isinstance(record, dict):
            seen["not_an_object"] += 1
        elif "text" not in record:
            seen["no_text"] += 1
        elif not isinstance(record["text"], str):
            seen["wrong_type"] += 1
        elif not record["text"].strip():
            seen["blank_text"] += 1
        elif not record["received_at"].startswith("2026-03-02T"):
            seen["bad_timestamp"] += 1
        else:
            known = texts.setdefault(record["message_id"], set())
            seen["duplicate" if record["text"] in known else "id_clash" if known else "good"] += 1
            known.add(record["text"])
    assert seen == {
        "good": 5_600,
        "duplicate": 112,
        "broken_json": 8,
        "invalid_utf8": 6,
        "no_text": 8,
        "wrong_type": 6,
        "blank_text": 4,
        "bad_timestamp": 6,
        "not_an_object": 3,
        "id_clash": 6,
    }


def test_some_people_say_the_same_under_different_ids(sample):
    records = [row for path in sample.messages["app"] for row in parquet.read_table(path).to_pylist()]
    ids_by_text: dict[str, set[int]] = {}
    for row in records:
        if row["message"] and row["message"].strip():
            ids_by_text.setdefault(row["message"], set()).add(row["message_id"])
    assert sum(len(ids) == 2 for ids in ids_by_text.values()) == 84


def test_two_sources_use_the_same_ids_for_different_messages(sample):
    app = {str(row["message_id"]) for path in sample.messages["app"] for row in parquet.read_table(path).to_pylist()}
    with sample.messages["call-center"][0].open(encoding="utf-8", errors="replace") as file:
        calls = {row["id"] for row in csv.DictReader(file)}
    assert len(app & calls) >= 2_100


def test_the_truth_names_every_kept_message_once(sample):
    truth = [json.loads(line) for line in sample.truth.read_text().splitlines()]
    assert len({row["record_id"] for row in truth}) == len(truth) == 14_000
    assert {row["label"] for row in truth} == set(categories())
    assert truth[0].keys() == {"record_id", "label", "language"}
    assert "call-center:2100" in {row["record_id"] for row in truth}
    assert "web-form:web-000001" in {row["record_id"] for row in truth}


def test_labels_are_balanced_and_mostly_spanish(sample):
    examples = {}
    for line in lines(sample.labels):
        try:
            example = json.loads(line)
        except json.JSONDecodeError:
            continue
        if example["label"] and example["text"].strip():
            examples.setdefault(example["text"], []).append(example)
    agreed = [found[0] for found in examples.values() if len({one["label"] for one in found}) == 1]
    assert Counter(one["label"] for one in agreed) == dict.fromkeys(categories(), 600) | {OUT_OF_SCOPE: 240}
    assert Counter(one["language"] for one in agreed) == {"es": 4_465, "en": 1_636, "pt": 1_339}
    assert sum(len(found) - 1 for found in examples.values() if len({one["label"] for one in found}) == 1) == 40
    assert sum(len({one["label"] for one in found}) == 2 for found in examples.values()) == 6


def test_three_quarters_of_the_labels_have_a_split(sample):
    with_split = [json.loads(line)["split"] for line in lines(sample.labels[:1])]
    assert Counter(with_split) == {"train": 4_320, "validation": 540, "test": 540}
    assert not any(b'"split"' in line for line in lines(sample.labels[1:]))


def test_the_same_seed_writes_the_same_bytes_and_another_does_not(tmp_path):
    folders = [tmp_path / name for name in ("one", "two", "three")]
    one, two, three = (
        write_sample(folder, day=DAY, seed=seed, labelled=240, messages=400)
        for folder, seed in zip(folders, (1, 1, 2), strict=True)
    )
    assert digest(one) == digest(two) != digest(three)


def test_a_shifted_sample_turns_the_language_mix_round(tmp_path):
    sample = write_sample(tmp_path, day=DAY, labelled=240, messages=2_400, shifted=True)
    languages = Counter(json.loads(line)["language"] for line in sample.truth.read_text().splitlines())
    assert languages.most_common()[0][0] == "pt"
    assert 0.5 < languages["pt"] / 2_400 < 0.7


def test_a_campaign_brings_more_portuguese_under_ids_of_its_own(tmp_path, sample):
    batches = write_campaign(tmp_path, day=DAY)
    assert len(batches) == 2
    rows = [json.loads(line) for batch in batches for line in batch["web-form"][0].read_bytes().splitlines()]
    assert len(rows) == 1_200
    assert 0.35 < sum(row["language"] == "pt" for row in rows) / len(rows) < 0.45
    truth = {json.loads(line)["record_id"] for line in sample.truth.read_text().splitlines()}
    assert len({row["message_id"] for row in rows}) == 1_200
    assert not truth & {f"web-form:{row['message_id']}" for row in rows}


def test_cards_and_accounts_pass_every_check(sample):
    text = b" ".join(lines(sample.messages["web-form"])).decode(errors="replace")
    cards = re.findall(r"tarjeta (\d{4} \d{4} \d{4} \d{4})", text)
    accounts = re.findall(r"ingresen en (ES\d{2}(?: \d{4}){5})", text)
    assert len(cards) > 10
    assert len(accounts) > 10
    assert all(luhn.is_valid(card.replace(" ", "")) for card in cards)
    assert all(iban.is_valid(account) for account in accounts)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_speaks_of_every_category_without_holes(language):
    writer = Writer("holes")
    assert tuple(lexicon(language).core) == categories()
    for label in categories():
        for _ in range(60):
            message = writer.write(label, language, STYLES["email"])
            assert not set("[]{}|") & set(message.text), message.text
