"""Reconciliation: what the steps counted, set against each other and against what was found in the lake.

A run whose counts do not add up fails as Criba.NotReconciled, with one sentence for each that does not.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from stacks.workflows.states import States, choice, fail, jsonata, note

RECONCILE = "Reconcile"


@dataclass(frozen=True)
class Equation:
    """A count of a step that must equal the sum of others; each is a path below `$steps`, such as `clean.kept`.

    Without `parts` the count must be 0. It is looked at only if the step's report `given` is there.
    """

    step: str
    total: str
    parts: tuple[str, ...] = ()
    given: str = "clean"

    @staticmethod
    def word(path: str) -> str:
        """A count in words: `published.shard_lines` is `shard lines`."""
        return path.rpartition(".")[2].replace("_", " ")

    def discrepancy(self) -> str:
        """JSONata: what is wrong in words, nothing if it holds."""
        total = f"$steps.{self.total}"
        parts = [f"$steps.{part}" for part in self.parts]
        said = " & ' + ' & ".join(
            f"{part} & ' {self.word(path)}'" for part, path in zip(parts, self.parts, strict=True)
        )
        wrong = f"$exists($steps.{self.given}) and $not({total} = {' + '.join(parts) or '0'})"
        sentence = f"'{self.step}: ' & {total} & ' {self.word(self.total)}, but ' & {said or repr('none may be')}"
        return f"{wrong} ? {sentence}"


CLEANED = Equation("Clean messages", "clean.landed", ("clean.kept", "clean.duplicates", "clean.quarantined"))

SCORED = (
    CLEANED,
    Equation("Build the batch", "clean.kept", ("plan.records",)),
    *(
        Equation(step, total, parts, given="published")
        for step, total, parts in (
            ("Build the batch", "plan.records", ("published.shard_lines",)),
            ("Score", "plan.records", ("published.answers",)),
            ("Score", "published.faults.unanswered", ()),
            ("Score", "published.faults.doubly_answered", ()),
            ("Score", "published.faults.unknown_answers", ()),
            ("Score", "published.faults.unreadable_answers", ()),
            ("Publish predictions", "clean.kept", ("published.messages",)),
            ("Publish predictions", "clean.kept", ("published.scored", "published.unscorable")),
            ("Publish predictions", "published.scored", ("published.auto", "published.review")),
            ("Publish predictions", "published.scored", ("published.published",)),
            ("Publish predictions", "published.quarantine_lines", ("clean.quarantined", "published.unscorable")),
        )
    ),
)

TRAINED_ON = (
    CLEANED,
    *(
        Equation("Build the training set", total, parts)
        for total, parts in (
            ("clean.kept", ("training_set.labelled",)),
            ("training_set.labelled", ("training_set.examples", "training_set.repeats", "training_set.refused")),
            ("training_set.examples", tuple(f"training_set.splits.{name}" for name in ("train", "validation", "test"))),
            ("training_set.examples", ("training_set.lines",)),
            ("training_set.quarantine_lines", ("clean.quarantined", "training_set.refused")),
        )
    ),
)

MATCHED = tuple(
    Equation(step, total, parts, given="matched")
    for step, total, parts in (
        (
            "Match labels",
            "matched.landed",
            tuple(
                f"matched.{name}" for name in ("joined", "unknown", "outside", "duplicates", "conflicting", "refused")
            ),
        ),
        ("Match labels", "matched.predictions", ("matched.labelled", "matched.missing")),
        ("Match labels", "matched.joined", ("matched.labelled",)),
        ("Match labels", "matched.joined", ("matched.pairs",)),
    )
)


def reconcile(equations: Sequence[Equation], *conditions: tuple[str, str], default: str) -> States:
    """Look at all equations; fail the run if one does not hold, else go on as a choice of `conditions`."""
    found = ", ".join(f"({one.discrepancy()})" for one in equations)
    return {
        RECONCILE: note("Do the counts add up?", discrepancies=jsonata(f"[{found}]")),
        "Do the counts add up?": choice(
            ("$count($discrepancies) > 0", "Refuse the counts"), *conditions, default=default
        ),
        "Refuse the counts": fail("Criba.NotReconciled", "$join($discrepancies, '; ')"),
    }
