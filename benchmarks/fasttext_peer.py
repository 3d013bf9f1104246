"""fastText as a peer: supervised, word 1-2-grams, with or without character 2-5-grams, on one thread."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import fasttext

from benchmarks.data import Labelled
from benchmarks.words import words

MARK = "__label__"


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
        model = fasttext.train_supervised(
            str(path), lr=0.5, epoch=50, wordNgrams=2, dim=100, bucket=100_000, loss="ova", seed=seed, thread=1,
            verbose=0, **characters,
        )  # fmt: skip
    return FastText(model, labels)


def _line(text: str) -> str:
    return " ".join(words(text))
