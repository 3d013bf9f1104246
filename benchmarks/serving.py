"""Serving: messages a second over HTTP, our server beside the best that a tuned peer reaches."""

import json
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import joblib

from benchmarks.data import Labelled, train_and_validation
from benchmarks.http_load import Body, free_port, messages_per_second, serving
from benchmarks.peers import PEERS, SERVED
from pipeline_code.classifier import Classifier

ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
OURS_MB, PEER_MB = (1, 5), (0.1, 0.5)
"""Sizes of body; the peer is at its best with these: with larger ones it takes seconds an answer, and no faster."""


def measure(found: dict[str, Labelled], seconds: float, rounds: int) -> dict[str, Any]:
    """Medians of several rounds, in each of which all take their turn, so that a busy moment hits all alike."""
    train, validation = train_and_validation(found)
    cores = os.cpu_count() or 1
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        Classifier.fit(train, validation, seed=7, min_confidence=0.5, review_quantile=0.02).save(root / "model")
        joblib.dump(PEERS[SERVED]().fit(*zip(*train, strict=True)), root / "peer.joblib")
        texts = [text for part in found.values() for text, _ in part]
        reached: dict[str, list[float]] = {"ours": [], "ours_single": [], "peer_single": [], "start_seconds": []}
        tuned: dict[str, list[float]] = {}
        for _ in range(rounds):
            with _ours(root, cores) as (port, start):
                reached["start_seconds"].append(start)
                speeds = [messages_per_second(port, bodies(texts, size), 2 * cores, seconds) for size in OURS_MB]
                reached["ours"].append(max(speeds))
                reached["ours_single"].append(messages_per_second(port, bodies(texts, 0), 2 * cores, seconds))
            for workers in sorted({1, cores, 2 * cores}):
                with _peer(root, workers) as (port, _start):
                    for size in PEER_MB:
                        speed = messages_per_second(port, bodies(texts, size), 2 * workers, seconds)
                        tuned.setdefault(f"{workers} workers, {size} MB", []).append(speed)
                    if workers == cores:
                        speed = messages_per_second(port, bodies(texts, 0), 2 * cores, seconds)
                        reached["peer_single"].append(speed)
    found_medians = {name: median(values) for name, values in reached.items()}
    best = max(tuned, key=lambda name: median(tuned[name]))
    return {
        **found_medians,
        "peer": median(tuned[best]),
        "peer_setting": best,
        "peer_settings": {name: median(values) for name, values in tuned.items()},
        "server_ratio_multi": found_medians["ours"] / median(tuned[best]),
        "server_ratio_single": found_medians["ours_single"] / found_medians["peer_single"],
    }


def bodies(texts: Sequence[str], megabytes: float) -> list[Body]:
    """The texts, repeated, as up to twelve bodies of about a size; of 0, as five hundred bodies of one message."""
    lines = [json.dumps({"id": f"web:{n}", "text": text}).encode() + b"\n" for n, text in enumerate(texts)]
    if not megabytes:
        return [(line, 1) for line in lines[:500]]
    made, part, size = [], [], 0
    for turn in range(12 * int(megabytes * 1e6) // sum(map(len, lines)) + 1):
        for line in lines[turn % 7 :]:
            part.append(line)
            size += len(line)
            if size >= megabytes * 1e6:
                made.append((b"".join(part), len(part)))
                part, size = [], 0
    return made or [(b"".join(part), len(part))]


@contextmanager
def _ours(root: Path, workers: int) -> Iterator[tuple[int, float]]:
    port = free_port()
    environment = {
        "SAGEMAKER_BASE_DIR": str(root),
        "SAGEMAKER_BIND_TO_HOST": "127.0.0.1",
        "SAGEMAKER_BIND_TO_PORT": str(port),
        "SAGEMAKER_MODEL_SERVER_WORKERS": str(workers),
    }
    with serving([sys.executable, "-m", "pipeline_code.serve"], environment, port) as start:
        yield port, start


@contextmanager
def _peer(root: Path, workers: int) -> Iterator[tuple[int, float]]:
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "benchmarks.http_peer:app", "--preload", "--log-level", "warning"]
    command += ["--bind", f"127.0.0.1:{port}", "--workers", str(workers), "--timeout", "300", "--no-control-socket"]
    with serving(command, ONE_THREAD | {"PEER_MODEL": str(root / "peer.joblib")}, port) as start:
        yield port, start
