"""What the operator is told when a command cannot go on: one line, and the exit code that goes with it."""


class CribaError(Exception):
    """A command failed; the message says what, the value given and what to do."""

    exit_code = 1


class BadInput(CribaError):  # noqa: N818 - it is what was given that is bad
    """What the operator gave cannot be used; nothing was done."""

    exit_code = 2
