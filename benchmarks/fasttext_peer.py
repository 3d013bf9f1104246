"""fastText as a peer: supervised, word 1-2-grams, with or without character 2-5-grams, on one thread."""

import subprocess
import sys
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
    """Train in a process of its own, as its command does: on one thread fastText fills a tenth of its table and takes
    the rest from memory as it comes, which is zeros in a new process, and may be NaNs in one that has worked before."""
    labels = sorted({label for _, label in train})
    number = {label: place for place, label in enumerate(labels)}
    with TemporaryDirectory() as folder:
        lines, model = Path(folder) / "train.txt", Path(folder) / "model"
        lines.write_text("".join(f"{MARK}{number[label]} {_line(text)}\n" for text, label in train), encoding="utf-8")
        longest = 5 if subwords else 0
        arguments = [str(lines), str(model), str(seed + 1), str(longest)]  # 0 and 1 are one seed
        subprocess.run([sys.executable, "-m", "benchmarks.fasttext_peer", *arguments], check=True)  # noqa: S603
        return FastText(fasttext.load_model(str(model)), labels)


def main(lines: str, model: str, seed: int, longest: int) -> None:
    """Train on a file of lines and write the model; character n-grams up to `longest`, 0 for none."""
    fasttext.train_supervised(
        lines, lr=0.5, epoch=50, wordNgrams=2, dim=100, bucket=100_000, loss="ova", seed=seed, thread=1, verbose=0,
        minn=2 if longest else 0, maxn=longest,
    ).save_model(model)  # fmt: skip


def _line(text: str) -> str:
    return " ".join(words(text))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], seed=int(sys.argv[3]), longest=int(sys.argv[4]))
