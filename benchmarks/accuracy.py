"""Accuracy: each classifier on each set's official test, with its training time, size and speed on one core."""

import json
import math
import time
from collections.abc import Callable
from pathlib import Path
from statistics import mean, median
from tempfile import TemporaryDirectory
from typing import Any

import joblib

from benchmarks.data import Labelled, train_and_validation
from benchmarks.peers import PEERS
from pipeline_code.classifier import Classifier
from pipeline_code.metrics import score

OURS = "Criba"


def measure(found: dict[str, Labelled]) -> dict[str, dict[str, Any]]:
    """Figures of ours and of every peer on one set. Peers have no use for validation and train on both."""
    train, validation = train_and_validation(found)
    figures = {OURS: _ours(train, validation, found["test"])}
    for name, make in PEERS.items():
        figures[name] = _peer(make, [*train, *validation] if "validation" not in found else train, found["test"])
    return figures


def compared(sets: dict[str, dict[str, dict[str, Any]]], tests: dict[str, int]) -> dict[str, Any]:
    """Ours beside the best peer of each set, in accuracy, and the best mean over all sets."""
    rows = {}
    for name, figures in sets.items():
        peers = {peer: one["accuracy"] for peer, one in figures.items() if peer != OURS}
        best = max(peers, key=lambda peer: peers[peer])
        error = math.sqrt(peers[best] * (1 - peers[best]) / tests[name])
        ours = figures[OURS]["accuracy"]
        rows[name] = {"ours": ours, "best_peer": peers[best], "best_peer_name": best, "standard_error": error}
    means = {one: mean(figures[one]["accuracy"] for figures in sets.values()) for one in (OURS, *PEERS)}
    return {"accuracy": rows, "mean_accuracy": means}


def _ours(train: Labelled, validation: Labelled, test: Labelled) -> dict[str, Any]:
    begun = time.perf_counter()
    model = Classifier.fit(train, validation, seed=7, min_confidence=0.5, review_quantile=0.02)
    seconds = time.perf_counter() - begun
    with TemporaryDirectory() as folder:
        model.save(Path(folder))
        megabytes = sum(path.stat().st_size for path in Path(folder).iterdir()) / 1e6
    texts = [text for text, _ in test]
    lines = "".join(json.dumps({"id": "x", "text": text}) + "\n" for text in texts).encode()
    speed = _speed(lambda: b"".join(model.answers(lines)), len(texts))
    return _figures(test, model.predict(texts).labels, seconds, megabytes, speed)


def _peer(make: Callable[[], Any], train: Labelled, test: Labelled) -> dict[str, Any]:
    begun = time.perf_counter()
    model = make().fit(*zip(*train, strict=True))
    seconds = time.perf_counter() - begun
    with TemporaryDirectory() as folder:
        joblib.dump(model, Path(folder) / "model")
        megabytes = (Path(folder) / "model").stat().st_size / 1e6
    texts = [text for text, _ in test]
    return _figures(
        test, list(model.predict(texts)), seconds, megabytes, _speed(lambda: model.predict(texts), len(texts))
    )


def _figures(test: Labelled, labels: list[str], seconds: float, megabytes: float, speed: float) -> dict[str, Any]:
    scores = score([label for _, label in test], labels)
    return {
        "accuracy": scores.accuracy,
        "macro_f1": scores.macro_f1,
        "train_seconds": seconds,
        "megabytes": megabytes,
        "messages_per_second": speed,
    }


def _speed(call: Callable[[], object], messages: int) -> float:
    """Messages a second on one core: the median of five calls."""
    taken = []
    for _ in range(5):
        begun = time.perf_counter()
        call()
        taken.append(time.perf_counter() - begun)
    return messages / median(taken)
