"""Shifts that are made of the stream's own messages: hurried hands, and another mix of labels."""

from collections.abc import Sequence
from random import Random

from pipeline_code.classifier.typos import with_typos
from pipeline_code.records import Example

TYPO_RATE = 0.08
FAVOURED = 10
"""One label in so many is asked about more than before, two at least."""


def typos(examples: Sequence[Example]) -> list[str]:
    """The texts with eight in a hundred characters mistyped."""
    return with_typos([one.text for one in examples], TYPO_RATE, seed=0)


def label_prior(examples: Sequence[Example]) -> list[Example]:
    """The messages of some labels alone."""
    labels = sorted({one.label for one in examples})
    favoured = set(Random(0).sample(labels, max(2, len(labels) // FAVOURED)))  # noqa: S311 - reproducible on purpose
    return [one for one in examples if one.label in favoured]
