"""The classifier on public data: MultiNLU in Spanish and English (Schuster et al. 2019, CC-BY-SA).

Runs where CRIBA_DATA names a folder that holds multinlu_es_en/data.jsonl.
"""

import json
import os
from pathlib import Path

import pytest

from pipeline_code.classifier import Classifier
from pipeline_code.metrics import score

DATA = os.environ.get("CRIBA_DATA")


@pytest.mark.skipif(DATA is None, reason="CRIBA_DATA is not set")
def test_spanish_accuracy_is_at_least_97_5_percent() -> None:
    lines = (Path(str(DATA)) / "multinlu_es_en/data.jsonl").read_text(encoding="utf-8").splitlines()
    parts: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for record in map(json.loads, lines):
        parts.setdefault((record["lang"], record["split"]), []).append((record["text"], record["label"]))
    model = Classifier.fit(
        [*parts["es", "train"], *parts["en", "validation"]],
        parts["es", "validation"],
        seed=7,
        min_confidence=0.5,
        review_quantile=0.02,
    )
    test = parts["es", "test"]
    predictions = model.predict([text for text, _ in test])
    assert score([label for _, label in test], predictions.labels).accuracy >= 0.975
    assert predictions.review.mean() < 0.04
    strangers = ["hola, ¿qué tal?", "quiero un reembolso de mi pedido", "mi tarjeta no funciona", "muy mal servicio"]
    assert model.predict(strangers).review.all()
