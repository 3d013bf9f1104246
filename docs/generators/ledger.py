"""The ledger's fields and the equations that must hold, made from the workflows."""

from generators.markdown import code, table
from stacks.workflows.ledger import FIELDS
from stacks.workflows.reconciliation import SCORED, TRAINED_ON, Equation


def ledger_table() -> str:
    """Every field of a ledger, and what it says."""
    return table(("field", "what it says"), ((code(name), said) for name, said in FIELDS.items()))


def equations_table() -> str:
    """What must be equal, by workflow and step."""
    rows = [
        (workflow, one.step, f"{_words(one.total)} = {' + '.join(map(_words, one.parts)) or '0'}")
        for workflow, equations in (("score", SCORED), ("train", TRAINED_ON))
        for one in equations
    ]
    return table(("workflow", "step", "must hold"), rows)


def _words(path: str) -> str:
    return Equation.word(path)
