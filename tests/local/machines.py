"""State machines for tests: made, run to their end, and described."""

import json
import time
import uuid
from typing import Any

ROLE = "arn:aws:iam::000000000000:role/machine"


def machine(aws: Any, states: dict[str, Any], start: str | None = None, **more: Any) -> str:
    """ARN of a new JSONata state machine that starts at the first state, or at `start`."""
    definition = {"QueryLanguage": "JSONata", "StartAt": start or next(iter(states)), "States": states, **more}
    created = aws("stepfunctions").create_state_machine(
        name=f"m-{uuid.uuid4()}", roleArn=ROLE, definition=json.dumps(definition)
    )
    return str(created["stateMachineArn"])


def run(aws: Any, states: dict[str, Any], data: Any = None, **more: Any) -> dict[str, Any]:
    """A new machine's execution, ended: DescribeExecution's answer with `output` parsed."""
    arn = machine(aws, states, **more)
    started = aws("stepfunctions").start_execution(stateMachineArn=arn, input=json.dumps(data or {}))
    return ended(aws, started["executionArn"])


def ended(aws: Any, execution: str, within: float = 15) -> dict[str, Any]:
    """DescribeExecution's answer once the execution does not run any more."""
    until = time.monotonic() + within
    while time.monotonic() < until:
        found: dict[str, Any] = aws("stepfunctions").describe_execution(executionArn=execution)
        if found["status"] != "RUNNING":
            return {**found, "output": json.loads(found["output"])} if "output" in found else found
        time.sleep(0.02)
    raise AssertionError(f"{execution} still runs after {within} s")


def history(aws: Any, execution: str) -> list[str]:
    """The types of an execution's events, in order."""
    found = aws("stepfunctions").get_execution_history(executionArn=execution, maxResults=1000)["events"]
    return [event["type"] for event in found]


def call(resource: str, arguments: Any = None, **more: Any) -> dict[str, Any]:
    """A Task, the last state unless `more` says otherwise."""
    state = {"Type": "Task", "Resource": f"arn:aws:states:::{resource}", "Arguments": arguments or {}, **more}
    return state if "Next" in state else {**state, "End": True}
