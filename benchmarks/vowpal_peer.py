"""Vowpal Wabbit as a peer: one against all, logistic loss, word 1-2-grams and in-word character 2-4-grams."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

from vowpalwabbit import Workspace

from benchmarks.data import Labelled
from benchmarks.words import words

PASSES = 10


@dataclass(frozen=True)
class VowpalWabbit:
    """A trained workspace; it counts labels from 1."""

    workspace: Any
    labels: list[str]

    def predict(self, texts: Sequence[str]) -> Sequence[str]:
        return [self.labels[self.workspace.predict(features(text)) - 1] for text in texts]

    def prepared(self, texts: Sequence[str]) -> Callable[[], object]:
        return lambda: self.predict(texts)

    def save(self, path: Path) -> None:
        self.workspace.save(str(path))


def fit(train: Labelled, seed: int) -> VowpalWabbit:
    """Learn example by example, which is why they are shuffled before each pass."""
    labels = sorted({label for _, label in train})
    number = {label: place for place, label in enumerate(labels, 1)}
    examples = [f"{number[label]} {features(text)}" for text, label in train]
    workspace = Workspace(f"--oaa {len(labels)} --loss_function logistic --bit_precision 22 --quiet")
    random = Random(seed)  # noqa: S311 - an order, no secret
    for _ in range(PASSES):
        random.shuffle(examples)
        for example in examples:
            workspace.learn(example)
    return VowpalWabbit(workspace, labels)


def features(text: str) -> str:
    """A text in its input format: namespaces w and c with the n-grams, which its own --ngram lets cross words."""
    found = words(text)
    pairs = [f"{one}_{other}" for one, other in pairwise(found)]
    whole = [f"_{word}_" for word in found]
    pieces = [word[at : at + size] for word in whole for size in (2, 3, 4) for at in range(len(word) + 1 - size)]
    return f"|w {' '.join([*found, *pairs])} |c {' '.join(pieces)}"
