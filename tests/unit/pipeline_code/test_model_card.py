"""The model card: a page that anyone can read anywhere, and SageMaker's own card by SageMaker's own schema."""

import json
import re
import xml.etree.ElementTree as ElementTree
from base64 import b64decode
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

from pipeline_code import evaluate, figures
from pipeline_code.bar import Bar
from pipeline_code.classifier import Predictions
from pipeline_code.model_card.card import Card
from pipeline_code.model_card.content import content as content_of
from pipeline_code.model_card.page import page as page_of
from pipeline_code.records import Example
from pipeline_code.words import first, shown

SCHEMA = json.loads((Path(__file__).parent / "model_card_schema.json").read_text())
"""AWS's schema of a model package's card, without its descriptions.

docs.aws.amazon.com/sagemaker/latest/dg/model-registry-details.html#model-card-schema
"""

LENIENT = Bar(0.0, 0.0, 0.0, 0.0, 1.0, 0.1, 0.1, 0.05)
FACTS = {
    "schema": 2,
    "sha256": "c" * 64,
    "labels": 3,
    "kind": "linear classifier over 12,345 hashed n-grams of words and characters",
    "temperature": 0.25,
    "gates": {"min_confidence": 0.5, "min_in_scope_score": 0.1},
    "training": {
        "hyperparameters": {"seed": 13, "review_quantile": 0.02},
        "examples": 1000,
        "validation_accuracy": 0.97,
        "data_sha256": {"train": "a" * 64, "validation": "b" * 64},
    },
}
ODD = ['"quoted" & <b>bold</b>', "<script>alert(1)</script>", "🧾 $x_1$ {{ 7 * 7 }}", "two\nlines\x00\u202e", "l" * 200]


def predictions(labels: list[str], sure: float = 0.9) -> Predictions:
    confidence = np.linspace(0.4, sure, len(labels)).astype(np.float32)
    return Predictions(labels, confidence, confidence, confidence < 0.5)


def card(
    truth: list[str], guesses: list[str], champion: list[str] | None = None, *, bar: Bar = LENIENT, facts: Any = FACTS
) -> Card:
    examples = [
        Example(f"secreto {place}", label, ("es", "en")[place % 2], ("web", "app")[place % 2])
        for place, label in enumerate(truth)
    ]
    test = figures.TestSet(examples, np.zeros(len(truth), np.bool_))
    old = predictions(champion) if champion else None
    evaluation = evaluate.compare(test, sorted(set(guesses)), {*truth}, predictions(guesses), old, bar)
    return Card.of(evaluation.report("spring-7", test), facts, test.truth, test.guesses(predictions(guesses)))


TRUTH = ["account"] * 10 + ["billing"] * 10 + ["delivery"] * 10
GUESSES = [*TRUTH[:18], "account", "delivery", *TRUTH[20:]]
CHAMPION = [*TRUTH[:29], "account"]


def odd() -> Card:
    truth = ODD * 6
    return card(truth, [*truth[:-3], *ODD[:3]], truth)


class Page(HTMLParser):
    """What a page holds: elements, attributes, and text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.words += " "

    def handle_data(self, data: str) -> None:
        self.words += data

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def pictures(page: str) -> list[str]:
    return [b64decode(found).decode() for found in re.findall(r'src="data:image/svg\+xml;base64,([^"]+)"', page)]


# The page


def test_the_page_tells_the_verdict_the_figures_and_what_the_model_was_made_of() -> None:
    words = " ".join(Page(page_of(card(TRUTH, GUESSES, CHAMPION))).words.split())
    for told in (
        "Challenger of training run spring-7",
        "Good enough to be reviewed",
        "Accuracy 93.3 % champion 96.7 %, −3.3",
        "Macro-F1 without near-duplicates",
        "billing 10 100.0 % 80.0 % 88.9 % −11.1",
        "language es 15",
        "source app 15",
        f"data sha256: train {'a' * 64}",
        "hyperparameters: seed 13",
        "schema of the artefact 2",
        f"model.tar.gz, SHA-256 {'c' * 64}",
        "examples 1,000",
        "Intended use",
        "Limits",
    ):
        assert told in words


def test_a_refused_challenger_is_refused_in_words() -> None:
    refused = page_of(card(TRUTH, GUESSES, bar=Bar(0.95, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0)))
    words = " ".join(Page(refused).words.split())
    assert "Not good enough accuracy 0.9333 is below 0.95" in words
    assert "accuracy at least 95.0 % 93.3 % failed" in words


def test_without_a_champion_there_is_nothing_to_compare_with() -> None:
    words = " ".join(Page(page_of(card(TRUTH, GUESSES))).words.split())
    assert "there is no champion yet" in words
    assert "billing 10 100.0 % 80.0 % 88.9 % —" in words


def test_the_page_stands_alone() -> None:
    page = Page(page_of(card(TRUTH, GUESSES, CHAMPION)))
    assert {tag for tag, _ in page.elements} & {"script", "link", "iframe", "object", "form", "a"} == set()
    attributes = [pair for _, found in page.elements for pair in found.items()]
    addresses = [str(value) for name, value in attributes if name in ("src", "href")]
    assert addresses and all(address.startswith("data:image/svg+xml;base64,") for address in addresses)
    assert not [name for name, _ in attributes if name.startswith("on")]


def test_every_picture_is_told_in_words_and_every_table_has_headers() -> None:
    page = Page(page_of(card(TRUTH, GUESSES, CHAMPION)))
    told = [image["alt"] or "" for image in page.of("img")]
    assert len(told) == 3
    assert told[0].endswith("Most often billing was taken for account: 10.0 % of its messages.")
    assert "The calibration error is" in told[1]
    assert "of the messages are right at a rate of 95 %" in told[2]
    assert {header.get("scope") for header in page.of("th")} == {"col", "row"}
    assert page.of("html") == [{"lang": "en"}]
    assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in page.of("meta")
    wide = [one for one in page.of("div") if one.get("class") == "wide"]
    assert wide and all(one["tabindex"] == "0" and one["aria-label"] for one in wide)


def test_no_message_text_is_in_either_card() -> None:
    found = card(TRUTH, GUESSES, CHAMPION)
    assert "secreto" not in page_of(found) + content_of(found) + "".join(pictures(page_of(found)))


def test_the_same_figures_give_the_same_bytes() -> None:
    assert page_of(card(TRUTH, GUESSES, CHAMPION)) == page_of(card(TRUTH, GUESSES, CHAMPION))


def test_labels_with_odd_characters_are_text_and_nothing_else() -> None:
    page = page_of(odd())
    assert "<script>alert" not in page
    assert "49" not in re.findall(r"🧾 \$x_1\$ (.*?)<", page)
    words = Page(page).words
    assert '"quoted" & <b>bold</b>' in words
    assert "🧾 $x_1$ {{ 7 * 7 }}" in words
    assert "two lines" in words
    assert "\x00" not in page and "\u202e" not in page
    for picture in pictures(page):
        ElementTree.fromstring(picture)  # noqa: S314 - our own
    assert "🧾 $x_1$ {{ 7 * 7 }}" in "".join(ElementTree.fromstring(pictures(page)[0]).itertext())  # noqa: S314


@pytest.mark.parametrize("count", [1, 2, 3, 25, 26, 150, 1000])
def test_any_number_of_labels_has_a_matrix_that_can_be_read(count: int) -> None:
    truth = [f"label {place:04d}" for place in range(count)] * 2
    guesses = [*truth[:-1], truth[0]]
    page = page_of(card(truth, guesses))
    drawn = ElementTree.fromstring(pictures(page)[0])  # noqa: S314
    words = [text.strip() for text in drawn.itertext() if text.strip()]
    assert sum(word.startswith("label ") for word in words) == 2 * (count if count <= 25 else 24)
    assert (words.count("(other labels)") == 2) == (count > 25)
    assert float(str(drawn.get("width")).removesuffix("pt")) <= 760
    assert len(page) < 3_000_000


def test_a_label_that_was_only_guessed_is_in_the_matrix() -> None:
    found = card(["a", "a"], ["a", "z"])
    assert [tuple(one) for one in found.confusions(5)] == [("a", "z", 1, 0.5)]


# SageMaker's card


def held_against_the_schema(found: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(found)
    jsonschema.Draft7Validator(SCHEMA).validate(content)
    return content


def test_the_content_follows_sagemakers_schema_and_has_the_figures() -> None:
    content = held_against_the_schema(content_of(card(TRUTH, GUESSES, CHAMPION)))
    (evaluation,) = content["evaluation_details"]
    groups = {
        group["name"]: {one["name"]: one for one in group["metric_data"]} for group in evaluation["metric_groups"]
    }
    assert groups["Challenger"]["accuracy"]["value"] == pytest.approx(28 / 30)
    assert groups["Champion on the same test set"]["accuracy"]["value"] == pytest.approx(29 / 30)
    assert "out_of_scope_rejection" not in groups["Challenger"]
    assert groups["Confusion"]["confusion_matrix"]["value"] == [[10, 0, 0], [1, 8, 1], [0, 0, 10]]
    assert groups["Confusion"]["confusion_matrix"]["x_axis_name"] == ["account", "billing", "delivery"]
    assert groups["Slices"]["f1 by label"]["x_axis_name"][0] == "billing"
    assert groups["Confidence"]["coverage"]["value"][-1] == [1.0, 0.9333]
    assert evaluation["evaluation_observation"].startswith("Good enough.")
    assert {"name": "seed", "value": "13"} in content["training_details"]["training_job_details"][
        "user_provided_hyper_parameters"
    ]
    assert content["intended_uses"]["risk_rating"] == "Unknown"


def test_the_schema_refuses_what_aws_would_refuse() -> None:
    content = json.loads(content_of(card(TRUTH, GUESSES)))
    content["model_overview"]["model_name"] = "not in the card of a model package"
    with pytest.raises(jsonschema.ValidationError, match="model_name"):
        jsonschema.validate(content, SCHEMA)


def test_the_content_is_on_one_line_as_the_apis_pattern_demands() -> None:
    content = content_of(odd())
    assert re.fullmatch(".*", content)
    held_against_the_schema(content)


def test_however_many_labels_and_whatever_they_are_called_the_content_stays_below_the_limit() -> None:
    labels = [f"{place} {'🧾' * 190}" for place in range(1000)]
    content = content_of(
        card(labels, [*labels[1:], labels[0]], labels, bar=Bar(1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 1.0))
    )
    held_against_the_schema(content)
    assert len(content) < 100_000


def test_a_model_that_tells_nothing_of_its_training_has_a_card_all_the_same() -> None:
    found = card(TRUTH, GUESSES, facts={**FACTS, "training": {}})
    held_against_the_schema(content_of(found))
    assert "What it was trained on" in page_of(found)


# Words


@pytest.mark.parametrize(
    ("name", "words"),
    [("refund", "refund"), (" a\t\n b ", "a b"), ("", "(empty)"), ("\x00", "(empty)"), ("x" * 61, "x" * 59 + "…")],
)
def test_a_name_is_shown_on_one_line_of_sixty_characters(name: str, words: str) -> None:
    assert shown(name) == words


def test_a_long_list_says_how_much_is_left() -> None:
    assert first(["a", "b", "c"], 3) == ["a", "b", "c"]
    assert first(["a", "b", "c", "d"], 2) == ["a", "b", "and 2 more"]
