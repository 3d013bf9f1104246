"""The classifier on public data: MultiNLU in Spanish and English (Schuster et al. 2019, CC-BY-SA).

Runs where CRIBA_DATA names a folder that holds multinlu_es_en/data.jsonl.
"""

import json
import os
from pathlib import Path

import pytest

from pipeline_code.classifier import Classifier
from pipeline_code.classifier.typos import with_typos
from pipeline_code.metrics import score

DATA = os.environ.get("CRIBA_DATA")


pytestmark = pytest.mark.skipif(DATA is None, reason="CRIBA_DATA is not set")

Pairs = list[tuple[str, str]]


@pytest.fixture(scope="module")
def parts() -> dict[tuple[str, str], Pairs]:
    """Pairs of text and label by language and split."""
    lines = (Path(str(DATA)) / "multinlu_es_en/data.jsonl").read_text(encoding="utf-8").splitlines()
    found: dict[tuple[str, str], Pairs] = {}
    for record in map(json.loads, lines):
        found.setdefault((record["lang"], record["split"]), []).append((record["text"], record["label"]))
    return found


def accuracy(model: Classifier, texts: list[str], test: Pairs) -> float:
    return score([label for _, label in test], model.predict(texts).labels).accuracy


def test_one_model_for_spanish_and_english_is_right_about_both(parts: dict[tuple[str, str], Pairs]) -> None:
    train = [*parts["es", "train"], *parts["en", "validation"]]
    model = Classifier.fit(train, parts["es", "validation"], seed=7)
    for language, least in (("es", 0.98), ("en", 0.97)):
        test = parts[language, "test"]
        assert accuracy(model, [text for text, _ in test], test) >= least
    assert model.predict([text for text, _ in parts["es", "test"]]).review.mean() < 0.04
    strangers = ["hola, ¿qué tal?", "quiero un reembolso de mi pedido", "mi tarjeta no funciona", "muy mal servicio"]
    assert model.predict(strangers).review.all()


def test_a_model_that_has_seen_typos_understands_more_of_them(parts: dict[tuple[str, str], Pairs]) -> None:
    test = parts["es", "test"]
    spoilt = with_typos([text for text, _ in test], 0.08, seed=1)
    train, validation = parts["es", "train"], parts["es", "validation"]
    plain, taught = (Classifier.fit(train, validation, seed=7, typo_rate=rate) for rate in (0.0, 0.05))
    assert accuracy(taught, spoilt, test) > accuracy(plain, spoilt, test) + 0.01
    assert accuracy(taught, [text for text, _ in test], test) > 0.98
