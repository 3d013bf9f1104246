"""Errors by which a state fails, in the names that a Retry or a Catch knows them by."""

from criba.local import emulator


class StateError(Exception):
    """What a state's failure holds (for type checkers: MiniStack's own class has these two attributes)."""

    error: str
    cause: str


def state_error_type() -> type[StateError]:
    """The exception class that MiniStack's interpreter takes for a state's failure."""
    found: type[StateError] = emulator.service("stepfunctions")._ExecutionError
    return found


def state_error(name: str, cause: str) -> StateError:
    """A state's failure by its name, such as States.TaskFailed, and its cause in words or JSON."""
    return state_error_type()(name, cause)


def matches(names: list[str], error: str) -> bool:
    """Whether a Retry's or Catch's ErrorEquals covers an error.

    States.Runtime always fails the execution; States.DataLimitExceeded is covered by its own name only;
    States.TaskFailed covers all but States.Timeout.
    """
    if error == "States.Runtime":
        return False
    if error in names:
        return True
    if error == "States.DataLimitExceeded":
        return False
    return "States.ALL" in names or ("States.TaskFailed" in names and error != "States.Timeout")
