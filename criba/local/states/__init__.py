"""Step Functions: AWS's own interpreter's manners, put in place of MiniStack's where they differ."""

import json
from typing import Any

from criba.local import emulator
from criba.local.states import attempt, executions, expressions, history, integrations, task, walk
from criba.local.states.errors import matches


def install() -> None:
    """Replace what the interpreter does differently from AWS; the rest of it stays MiniStack's."""
    interpreter = emulator.service("stepfunctions")
    interpreter._run_execution = executions.run
    interpreter._start_execution = executions.starts(interpreter._start_execution)
    interpreter._describe_execution = executions.describes(interpreter._describe_execution)
    interpreter._run_sub_machine = walk.run_sub_machine
    interpreter._run_parallel_branches = walk.runs_branches(interpreter._run_parallel_branches)
    interpreter._execute_choice = walk.chooses(interpreter._execute_choice)
    interpreter._execute_task = task.runs_task(interpreter._execute_task)
    interpreter._with_retry_and_catch = task.with_retry_and_catch
    interpreter._invoke_resource = integrations.invoke(interpreter._invoke_resource)
    interpreter._evaluate_jsonata = expressions.evaluates(interpreter._evaluate_jsonata)
    interpreter._register_sfn_jsonata_functions = expressions.knows_functions(
        interpreter._register_sfn_jsonata_functions
    )
    interpreter._evaluate_jsonata_choice_rule = expressions.decides
    interpreter._apply_state_assign = expressions.assign
    interpreter._error_matches = matches
    interpreter._scaled_sleep = attempt.pause
    interpreter._add_event = history.add
    interpreter._emit_execution_status_event = history.tell_status
    _answer_redrive()


def _answer_redrive() -> None:
    """RedriveExecution, which MiniStack does not know."""
    handlers = emulator.module("app").SERVICE_HANDLERS
    interpreter = emulator.service("stepfunctions")
    inner = handlers["states"]

    async def handler(method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]) -> Any:
        if headers.get("x-amz-target", "").endswith(".RedriveExecution"):
            return interpreter._finalize_response(executions.redrive(json.loads(body or b"{}")))
        return await inner(method, path, headers, body, query)

    handlers["states"] = handler
