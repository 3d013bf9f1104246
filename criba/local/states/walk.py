"""From state to state: one execution, one branch or one iteration."""

import contextvars
import copy
import threading
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from typing import Any

from criba.local import emulator
from criba.local.states import attempt, history
from criba.local.states.errors import state_error
from criba.local.states.task import Context, Outcome, State, within_limit

Remember = Callable[[str, Any], None]
_TAKES_EXECUTION = ("Task", "Parallel", "Map")


def walk(
    states: dict[str, State],
    start: str,
    data: Any,
    execution: history.Execution,
    context: Context,
    remember: Remember = lambda name, data: None,
) -> Any:
    """The output of the last state; `remember` is told each state's name and input before it runs."""
    name: str | None = start
    data = copy.deepcopy(data)
    while name is not None:
        attempt.check_execution()
        remember(name, data)
        state = states[name]
        context["State"] = {"Name": name, "EnteredTime": history.now(), "RetryCount": 0}
        history.entered(execution, state, name, data)
        data, following = _step(state, data, execution, context)
        within_limit(data, f"the output of the state {name!r}")
        history.exited(execution, state, name, data, context.pop("assigned", {}))
        name = following
    return data


def run_sub_machine(states: dict[str, State], start: str, data: Any, execution: Any, context: Context) -> Any:
    """MiniStack's `_run_sub_machine`: a branch of Parallel, or an iteration of Map."""
    return walk(states, start, data, execution, context)


def _step(state: State, data: Any, execution: history.Execution, context: Context) -> Outcome:
    interpreter = emulator.service("stepfunctions")
    type_ = state["Type"]
    if type_ == "Fail":
        raise state_error(*interpreter._fail_state_error(state, data, context))
    if type_ == "Succeed":
        return _succeed(state, data, context), None
    run = getattr(interpreter, f"_execute_{type_.lower()}")
    given = (state, data, execution, context) if type_ in _TAKES_EXECUTION else (state, data, context)
    outcome: Outcome = run(*given)
    return outcome


def _succeed(state: State, data: Any, context: Context) -> Any:
    interpreter = emulator.service("stepfunctions")
    if interpreter._state_query_language(state, context) == "JSONata":
        return interpreter._apply_jsonata_output(state, data, context, default=data)
    return interpreter._apply_output_path(state, interpreter._apply_input_path(state, data, context), context)


def chooses(inner: Callable[..., Outcome]) -> Callable[..., Outcome]:
    """MiniStack's `_execute_choice`, which forgets a JSONata Choice's Output when it takes the default."""

    def choose(state: State, data: Any, context: Context) -> Outcome:
        output, name = inner(state, data, context)
        interpreter = emulator.service("stepfunctions")
        by_default = name == state.get("Default") and interpreter._state_query_language(state, context) == "JSONata"
        if by_default and "Output" in state:
            output = interpreter._apply_jsonata_output(state, data, context, default=data)
        return output, name

    return choose


def runs_branches(inner: Callable[..., Outcome]) -> Callable[..., Outcome]:
    """MiniStack's `_run_parallel_branches`, which knows no JSONata: Arguments, Output and Assign are ours."""

    def run(state: State, data: Any, execution: history.Execution, context: Context) -> Outcome:
        interpreter = emulator.service("stepfunctions")
        if interpreter._state_query_language(state, context) != "JSONata":
            return inner(state, data, execution, context)
        arguments = interpreter._apply_jsonata_arguments(state, data, context)
        results = _branches(state["Branches"], arguments, execution, context)
        output = interpreter._apply_jsonata_output(state, data, context, result=results, default=results)
        interpreter._apply_state_assign(state, data, context, result=results)
        return output, interpreter._next_or_end(state)

    return run


def _branches(branches: list[State], data: Any, execution: history.Execution, context: Context) -> list[Any]:
    """All branches' outputs, in order; when one fails, the others are stopped. Variables of a branch stay in it."""
    cancelled = threading.Event()

    def branch(definition: State) -> Any:
        attempt.enter(replace(attempt.current(), cancelled=cancelled))
        return walk(definition["States"], definition["StartAt"], data, execution, copy.deepcopy(context))

    with ThreadPoolExecutor(max_workers=len(branches)) as pool:
        running: list[Future[Any]] = [
            pool.submit(contextvars.copy_context().run, branch, definition) for definition in branches
        ]
        ended, _ = wait(running, return_when=FIRST_EXCEPTION)
        failed = [future for future in ended if future.exception()]
        if failed:
            cancelled.set()
    return [future.result() for future in (failed or running)]
