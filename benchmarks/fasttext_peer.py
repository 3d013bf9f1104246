"""fastText as a peer: supervised, word 1-2-grams, with or without character 2-5-grams, on one thread."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import fasttext

from benchmarks.data import Labelled
from benchmarks.words import words

MARK = "__label__"
ATTEMPTS = 3


@dataclass(frozen=True)
class FastText:
    """A trained model, whose labels are numbers: fastText's own may hold no space."""

    model: Any
    labels: list[str]

    def predict(self, texts: Sequence[str]) -> Sequence[str]:
        found, _ = self.model.predict([_line(text) for text in texts])
        return [self.labels[int(best.removeprefix(MARK))] for (best,) in found]

    def prepared(self, texts: Sequence[str]) -> Callable[[], object]:
        return lambda: self.predict(texts)

    def save(self, path: Path) -> None:
        self.model.save_model(str(path))


def fit(train: Labelled, seed: int, *, subwords: bool) -> FastText:
    labels = sorted({label for _, label in train})
    number = {label: place for place, label in enumerate(labels)}
    characters = {"minn": 2, "maxn": 5} if subwords else {}
    with TemporaryDirectory() as folder:
        path = Path(folder) / "train.txt"
        path.write_text("".join(f"{MARK}{number[label]} {_line(text)}\n" for text, label in train), encoding="utf-8")
        return FastText(_trained(path, seed=seed, **characters), labels)


def _trained(path: Path, **settings: int) -> Any:
    """The model of a file. On one thread fastText reads memory that it did not write, and now and then finds a NaN in
    it: that attempt is given up at once, and the next one starts alike."""
    fixed = {"lr": 0.5, "epoch": 50, "wordNgrams": 2, "dim": 100, "bucket": 100_000, "loss": "ova", "thread": 1}
    for _ in range(ATTEMPTS - 1):
        with suppress(RuntimeError):
            return fasttext.train_supervised(str(path), verbose=0, **fixed, **settings)
    return fasttext.train_supervised(str(path), verbose=0, **fixed, **settings)


def _line(text: str) -> str:
    return " ".join(words(text))
