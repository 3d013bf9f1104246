"""Accuracy: each classifier on a set's official test, with its training time, size and speed on one core."""

import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean, median
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.contenders import Contender, Fitted, contenders
from benchmarks.data import Splits
from pipeline_code.metrics import score

SPEED_ROUNDS = 5


@dataclass
class _Trial:
    """What one contender has shown so far, a number each round; `fitted` is its latest model."""

    contender: Contender
    train_seconds: list[float] = field(default_factory=list)
    accuracy: list[float] = field(default_factory=list)
    macro_f1: list[float] = field(default_factory=list)
    speed: list[float] = field(default_factory=list)
    fitted: Fitted = field(init=False)

    def fit(self, found: Splits, seed: int) -> None:
        begun = time.perf_counter()
        self.fitted = self.contender.fit(found, seed)
        self.train_seconds.append(time.perf_counter() - begun)
        scores = score([label for _, label in found["test"]], list(self.fitted.predict(_texts(found))))
        self.accuracy.append(scores.accuracy)
        self.macro_f1.append(scores.macro_f1)

    def classify(self, found: Splits) -> None:
        texts = _texts(found)
        call = self.fitted.prepared(texts)
        begun = time.perf_counter()
        call()
        self.speed.append(len(texts) / (time.perf_counter() - begun))

    def megabytes(self) -> float:
        with TemporaryDirectory() as folder:
            self.fitted.save(Path(folder) / "model")
            return sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file()) / 1e6


def measure(found: Splits, *, rounds: int, refit: bool, told: Callable[[str], None]) -> dict[str, dict[str, Any]]:
    """Figures of ours and of every peer on one set. In each round all take their turn, so that a busy moment hits all.

    Without `refit`, only those whose model depends on a seed are fitted in every round, each time with another.
    """
    trials = {name: _Trial(contender) for name, contender in contenders().items()}
    with one_core():
        _warm_up(trials.values())
        for turn in range(rounds):
            for name, trial in trials.items():
                if turn == 0 or refit or trial.contender.seeded:
                    told(f"fitting {name}, {turn + 1} of {rounds}")
                    trial.fit(found, turn if trial.contender.seeded else 0)
        for turn in range(SPEED_ROUNDS):
            for name, trial in trials.items():
                told(f"speed of {name}, {turn + 1} of {SPEED_ROUNDS}")
                trial.classify(found)
        return {name: _figures(trial) for name, trial in trials.items()}


def _warm_up(trials: Iterable[_Trial]) -> None:
    """A first fit of each on next to nothing, so that no clock sees a library being loaded."""
    few = [("one", "1"), ("two", "2")] * 11
    for trial in trials:
        trial.contender.fit({"train": few}, 0)


@contextmanager
def one_core() -> Iterator[None]:
    """Keep this process, and the threads that it starts, on one core."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(cores)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)


def _figures(trial: _Trial) -> dict[str, Any]:
    return {
        "accuracy": mean(trial.accuracy),
        "accuracy_lowest": min(trial.accuracy),
        "accuracy_highest": max(trial.accuracy),
        "macro_f1": mean(trial.macro_f1),
        "train_seconds": median(trial.train_seconds),
        "train_runs": len(trial.train_seconds),
        "megabytes": trial.megabytes(),
        "messages_per_second": median(trial.speed),
    }


def _texts(found: Splits) -> list[str]:
    return [text for text, _ in found["test"]]
