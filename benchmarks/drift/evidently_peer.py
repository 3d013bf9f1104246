"""Evidently's data drift preset on the same batches, as its documentation has it, all columns and defaults.

It holds a batch against the baseline's messages themselves: the text by a classifier that tries to tell the two apart,
the columns by tests of its choice. What we call a warning is any drifted column, and a page its verdict on the whole
data set (half of the columns) on two batches running.
"""

import os
import time
import warnings
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.drift.streams import Stream, Watched
from benchmarks.drift.trials import MOST_BATCHES, PAGING_RATE, Counts, drawn, parts

os.environ["DO_NOT_TRACK"] = "1"  # it would tell its makers

from evidently import DataDefinition, Dataset, Report
from evidently.presets import DataDriftPreset

COLUMNS = ("text", "language", "length", "label", "confidence", "in_scope_score")
RATES = (10, 25)


@dataclass
class PeerFound:
    """As `trials.Found`, and the seconds that a batch took."""

    null: Counts = field(default_factory=Counts)
    drifted: dict[str, dict[int, Counts]] = field(default_factory=dict)
    batches_to_page: dict[str, list[int]] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)


class Peer:
    """One round: a baseline that batches are compared with."""

    def __init__(self, stream: Stream, number: int, found: PeerFound) -> None:
        kept, self._to_come = parts(stream, number)
        self._strangers, self._found = stream.strangers, found
        self._baseline, self._rng = _dataset(kept), np.random.default_rng(number)

    def drifted(self, size: int, kind: str = "", rate: int = 0) -> tuple[set[str], bool]:
        """The columns that have drifted in a batch drawn at random, and the verdict on the whole."""
        strangers = size * rate // 100
        batch = self._to_come.part(drawn(self._rng, len(self._to_come.texts), size - strangers).tolist())
        if strangers:
            other = self._strangers[kind]
            more = other.part(drawn(self._rng, len(other.texts), strangers).tolist())
            batch = Watched([*batch.texts, *more.texts], [*batch.seen, *more.seen])
        begun = time.perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            told = Report([DataDriftPreset()]).run(_dataset(batch), self._baseline).dict()
        self._found.seconds.append((time.perf_counter() - begun) * 10_000 / size)
        return _read(told)


def run(stream: Stream, *, rounds: int, null: int, batches: int, size: int) -> PeerFound:
    """`null` pairs of undrifted batches and `batches` of each shift and rate in each round."""
    found = PeerFound()
    for number in range(rounds):
        peer = Peer(stream, number, found)
        for _ in range(null):
            (first, one), (second, two) = peer.drifted(size), peer.drifted(size)
            for columns in (first, second):
                _count(found.null, columns)
            found.null.pairs += 1
            found.null.paged += one and two
        for kind in stream.strangers:
            of_kind = found.drifted.setdefault(kind, {rate: Counts() for rate in RATES})
            for _ in range(batches):
                whole = []
                for rate in RATES:
                    columns, drifted = peer.drifted(size, kind, rate)
                    _count(of_kind[rate], columns)
                    whole += [drifted] if rate == PAGING_RATE else []
                again = whole[0] and peer.drifted(size, kind, PAGING_RATE)[1]
                found.batches_to_page.setdefault(kind, []).append(2 if again else MOST_BATCHES + 1)
    return found


def _count(counts: Counts, columns: set[str]) -> None:
    counts.batches += 1
    for name in [*columns, *(["joint"] if columns else [])]:
        counts.warned[name] += 1


def _dataset(watched: Watched) -> Any:
    frame = pd.DataFrame(
        {
            "text": watched.texts,
            "language": [one.language for one in watched.seen],
            "length": [one.length for one in watched.seen],
            "label": [one.label for one in watched.seen],
            "confidence": [one.confidence for one in watched.seen],
            "in_scope_score": [one.in_scope_score for one in watched.seen],
        }
    )
    definition = DataDefinition(
        text_columns=["text"],
        categorical_columns=["language", "label"],
        numerical_columns=["length", "confidence", "in_scope_score"],
    )
    return Dataset.from_pandas(frame, data_definition=definition)


def _read(told: dict[str, Any]) -> tuple[set[str], bool]:
    """Drifted columns, and whether at least half of them have: a p-value below its threshold, a distance above it."""
    columns = set()
    whole = False
    for metric in told["metrics"]:
        config = metric["config"]
        if config["type"].endswith("ValueDrift"):
            below = "p_value" in config["method"]
            drifted = metric["value"] < config["threshold"] if below else metric["value"] > config["threshold"]
            columns |= {config["column"]} if drifted else set()
        elif config["type"].endswith("DriftedColumnsCount"):
            whole = metric["value"]["share"] >= config["drift_share"]
    return columns, whole
