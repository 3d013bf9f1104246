"""What each persona may do, made from the matrix that the policies are proved against."""

from itertools import groupby

from generators.markdown import code, table
from tests.policies import matrix

WORDS = ("Data Scientist", "Data Engineer", "ML Engineer", "Admin", "the source `web-form`")


def personas_table() -> str:
    """A table for each part of the matrix: what is done, and who may."""
    parts = groupby(matrix.rows(), key=lambda row: row.part)
    return "\n\n".join(f"### {part}\n\n{_table(list(rows))}" for part, rows in parts)


def actions_table() -> str:
    """The same rows as AWS has them, with what must hold even for who has AdministratorAccess."""
    rows = ((row.says, code(row.action), "yes" if row.even else "") for row in matrix.rows())
    return table(("what", "action", "even with AdministratorAccess attached"), rows)


def _table(rows: list[matrix.Row]) -> str:
    cells = ([row.says, *("yes" if name in row.may else "" for name in matrix.COLUMNS)] for row in rows)
    return table(("may", *WORDS), cells)
