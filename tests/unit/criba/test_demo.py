"""The demo's parts: data of one's own, counts that must add up, figures, and the page."""

import json
import re
import socket
from datetime import date

import pytest

from criba.demo import given, journey
from criba.demo.material import Counts, Known, Material, sample
from criba.demo.page import page
from criba.demo.published import Prediction
from criba.demo.scores import accuracy, macro_f1
from criba.demo.steps import Steps
from criba.demo.summary import messages, quality, reconcile
from criba.errors import BadInput, CribaError

CLEAN = {"landed": 10, "kept": 7, "duplicates": 2, "quarantined": 1}
PUBLISHED = {"kept": 7, "scored": 6, "unscorable": 1, "auto": 5, "review": 1, "published": 6}


def prediction(number: int, label: str = "a", confidence: float = 0.9) -> Prediction:
    return Prediction(f"app:{number}", "es", label, confidence, "auto", "night")


def material(truth: dict[str, Known], expected: Counts | None = None) -> Material:
    return Material(date(2026, 3, 2), [], {}, truth, expected)


SIX = [prediction(number) for number in range(6)]
TRUTH = {f"app:{number}": Known("a" if number else "b", "es" if number < 4 else "en") for number in range(7)}


@pytest.fixture
def data(tmp_path):
    def write(*rows, raw: bytes | None = None):
        path = tmp_path / "data.jsonl"
        path.write_bytes(raw if raw is not None else b"".join(json.dumps(row).encode() + b"\n" for row in rows))
        return path

    return write


def row(split: str, lang: str = "es", label: str = "a", text: str = "hola") -> dict[str, str]:
    return {"text": text, "label": label, "split": split, "lang": lang}


GOOD = (
    row("train"),
    row("train", label="b"),
    row("validation"),
    row("validation", "en", "b"),
    row("test"),
    row("test", "en"),
)


def test_a_language_without_a_train_split_learns_from_its_validation_split(data, tmp_path):
    made = given.prepare(given.read(data(*GOOD)), tmp_path / "made")
    labels = [json.loads(line) for line in made.labels[0].read_text().splitlines()]
    assert [(one["language"], one["split"]) for one in labels] == [
        ("es", "train"),
        ("es", "train"),
        ("es", "validation"),
        ("en", "train"),
    ]


def test_test_rows_are_landed_without_their_labels(data, tmp_path):
    made = given.prepare(given.read(data(*GOOD)), tmp_path / "made")
    landed = [json.loads(line) for line in made.messages["given"][0].read_text().splitlines()]
    assert landed == [
        {"message_id": "line-000005", "text": "hola", "language": "es"},
        {"message_id": "line-000006", "text": "hola", "language": "en"},
    ]
    assert made.truth == {"given:line-000005": Known("a", "es"), "given:line-000006": Known("a", "en")}
    assert made.expected is None


@pytest.mark.parametrize(
    ("raw", "complaint"),
    [
        (
            b'{"text": "x", "label": "a", "split": "test", "lang": "es"}\n{"text": \n',
            "line 2 of data.jsonl is not JSON",
        ),
        (b'["x"]\n', "line 1 of data.jsonl is not a JSON object"),
        (b'{"text": "x", "label": "a", "lang": "es"}\n', "line 1 of data.jsonl: split is missing"),
        (b'{"text": 7, "label": "a", "split": "test", "lang": "es"}\n', "line 1 of data.jsonl: text is 7"),
        (
            b'{"text": "x", "label": "a", "split": "dev", "lang": "es"}\n',
            "split is 'dev': write train, validation, test",
        ),
        (b'{"text": "\xed", "label": "a"}\n', "line 1 of data.jsonl is not UTF-8"),
        (b"", "no line with split test"),
        (b'{"text": "x", "label": "a", "split": "test", "lang": "es"}\n', "fewer than two labels outside split test"),
    ],
)
def test_data_that_cannot_be_used_is_refused_with_its_line(data, raw, complaint):
    with pytest.raises(BadInput, match=re.escape(complaint)):
        given.read(data(raw=raw))


def test_data_that_is_not_there_is_refused_before_anything_starts(criba, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    answer = criba("demo", "--data", "nowhere.jsonl")
    assert (answer.code, answer.err) == (2, "criba: --data nowhere.jsonl: there is no such file\n")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_named(criba, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "build").write_text("a file where a folder should be")
    answer = criba("demo")
    assert answer.code == 1
    assert answer.err.startswith(f"criba: cannot write in {tmp_path}/build/demo: ")
    assert answer.err.count("\n") == 1


def test_the_sample_knows_what_must_be_counted(tmp_path):
    assert sample(tmp_path).expected == Counts(landed=14_372, kept=14_000, duplicates=280, quarantined=92)


def test_counts_that_add_up_pass():
    reconcile(messages(CLEAN, PUBLISHED), SIX, material(TRUTH))


@pytest.mark.parametrize(
    ("clean", "published", "predictions", "complaint"),
    [
        ({"duplicates": 1}, {}, SIX, "landed = kept + duplicates + quarantined: 10 is not 9"),
        ({}, {"published": 5}, SIX[:5], "kept = published + unscorable: 7 is not 6"),
        ({}, {}, SIX[:5], "published = predictions in the table: 6 is not 5"),
        ({}, {}, [*SIX[:5], SIX[0]], "predictions = messages predicted: 6 is not 5"),
        ({}, {}, [*SIX[:5], prediction(99)], "predictions of unknown messages = 0: 1 is not 0"),
    ],
)
def test_counts_that_do_not_add_up_fail_loudly(clean, published, predictions, complaint):
    with pytest.raises(CribaError, match=re.escape(complaint)):
        reconcile(messages({**CLEAN, **clean}, {**PUBLISHED, **published}), predictions, material(TRUTH))


def test_counts_other_than_planted_fail_loudly():
    with pytest.raises(CribaError, match="quarantined = quarantined as planted: 1 is not 3"):
        reconcile(messages(CLEAN, PUBLISHED), SIX, material(TRUTH, Counts(10, 7, 2, 3)))


def test_quality_is_measured_overall_and_by_language():
    told = quality(SIX, TRUTH)
    assert told["accuracy"] == pytest.approx(5 / 6)
    assert told["accuracy_by_language"] == {"en": 1.0, "es": 0.75}


def test_macro_f1_counts_every_label_the_same():
    pairs = [("a", "a"), ("a", "a"), ("a", "b"), ("b", "b"), ("c", "a")]
    # a: 2·2/(3+3) = 2/3, b: 2·1/(1+2) = 2/3, c: 0
    assert macro_f1(pairs) == pytest.approx(4 / 9)
    assert accuracy(pairs) == pytest.approx(3 / 5)
    assert (accuracy([]), macro_f1([])) == (0.0, 0.0)


def test_the_page_draws_labels_and_confidence_and_escapes_names():
    told = {
        "messages": {"landed": 10_000},
        "model": {"version": 3, "accuracy": 0.98125, "accuracy_by_language": {"es": 1.0}},
        "seconds": {"Train": 12.5},
    }
    made = page(told, [prediction(1, "<b>", 1.0), prediction(2, "<b>", 0.55), prediction(3, "ok", 0.5)])
    assert "&lt;b&gt;" in made
    assert "<b>" not in made
    assert "<td>10,000</td>" in made
    assert "<td>0.9812</td>" in made
    assert made.count("<rect") == 1 + 2 + 10 + 1


DRIFT = {
    "batches": [
        {"run_id": "b1", "messages": {"published": 1_500}, "verdict": "warning", "signals": ["centroid_mmd"]},
        {"run_id": "b2", "messages": {"published": 1_500}, "verdict": "page", "signals": ["<i>"]},
    ],
    "alarms": ["drift-page"],
    "sms": ["Criba> ALARM: <page>"],
    "retraining": {"run_id": "train-2026-03-02-drift", "status": "RUNNING"},
}


def test_the_page_links_the_drift_reports_and_names_the_training_that_they_started():
    told = {
        "messages": {},
        "model": {"accuracy_by_language": {}},
        "seconds": {},
        "drift": DRIFT,
    }
    made = page(told, [])
    assert 'href="reports/reports/run_id=b2/report.html"' in made
    assert "<p>SMS: Criba&gt; ALARM: &lt;page&gt;</p>" in made
    assert "<td>page</td>" in made and "&lt;i&gt;" in made
    assert "The page started train run train-2026-03-02-drift." in made
    del told["drift"]
    assert "campaign" not in page(told, [])


def test_a_taken_port_is_told_and_another_one_used(capsys):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        used = taken.getsockname()[1]
        port = journey.free_port(used, Steps())
    assert port != used
    assert "is taken: using" in capsys.readouterr().err
