"""The calls of the state machines, read off their definitions: every task, whether a run ever came to it or not.

A parameter that is a JSONata expression is taken for what its literal parts say, with `x` for what only a run knows:
`'runs/train/' & $run_id & '/ledger.json'` is `runs/train/x/ledger.json`. A variable stands for all that it is
ever assigned.
"""

import itertools
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from tests.policies.actions import Call
from tests.policies.deployed import Environment, Resource

SERVICES = {"sfn": "states", "stepfunctions": "states", "eventbridge": "events"}
"""A service's name in a state's Resource -> its prefix in IAM, where they differ."""

KINDS = ("Training", "Processing", "Transform")
OF_JOBS = ("Describe{}Job", "Stop{}Job", "AddTags", "ListTags")
SYNC = {
    "glue:startJobRun": ("glue:GetJobRun", "glue:GetJobRuns", "glue:BatchStopJobRun"),
    "states:startExecution": ("states:DescribeExecution", "states:StopExecution"),
    **{f"sagemaker:create{kind}Job": tuple(f"sagemaker:{one.format(kind)}" for one in OF_JOBS) for kind in KINDS},
}
"""What `.sync` calls besides: to watch, to stop, and to tag what it started with the execution's ARN."""

MANAGED_RULES = {
    "states:startExecution": "StepFunctionsGetEventsForStepFunctionsExecutionRule",
    **{f"sagemaker:create{kind}Job": f"StepFunctionsGetEventsForSageMaker{kind}JobsRule" for kind in KINDS},
}
"""The rule by which EventBridge tells a waiting state of the end; Glue is asked instead."""

DELIVERY = (
    *("CreateLogDelivery", "DeleteLogDelivery", "DescribeLogGroups", "DescribeResourcePolicies", "GetLogDelivery"),
    *("ListLogDeliveries", "PutResourcePolicy", "UpdateLogDelivery"),
)
TRACING = ("GetSamplingRules", "GetSamplingTargets", "PutTelemetryRecords", "PutTraceSegments")
UNKNOWN = "x"


def calls(environment: Environment) -> Iterator[tuple[str, str, Call]]:
    """(place of the role, what makes the call, the call) for each task of each state machine."""
    roles = {role.arn: role.place for role in environment.roles.values()}
    for machine in environment.of("AWS::StepFunctions::StateMachine"):
        definition = json.loads(machine.properties["DefinitionString"])
        reading = _Reading(environment, machine, definition)
        for name, state in _states(definition["States"]):
            if state["Type"] == "Task":
                for call in reading.of_task(state):
                    yield roles[machine.properties["RoleArn"]], name, call


def _states(states: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, state in states.items():
        yield name, state
        for inner in [*state.get("Branches", []), state.get("ItemProcessor", {})]:
            yield from _states(inner.get("States", {}))


class _Reading:
    """One definition: its tasks' calls with every parameter that a policy can depend on."""

    def __init__(self, environment: Environment, machine: Resource, definition: Mapping[str, Any]) -> None:
        self._environment, self._machine = environment, machine
        self._constants = _constants(definition)
        text = json.dumps(definition)
        machines = set(re.findall(r"arn:aws:states:[\w-]*:\d*:stateMachine:[\w.-]+", text))
        self._executions = [f"{one.replace(':stateMachine:', ':execution:')}:x" for one in sorted(machines)]

    def of_task(self, state: Mapping[str, Any]) -> Iterator[Call]:
        target = state["Resource"].rpartition(":::")[2]
        name, sync, _ = target.removeprefix("aws-sdk:").partition(".sync")
        service, _, operation = name.partition(":")
        prefix = SERVICES.get(service, service)
        caught = {error for one in state.get("Catch", []) for error in one["ErrorEquals"]}
        missing = {"Missing": True} if "S3.NoSuchKeyException" in caught else {}
        for found in self._parameters(state["Arguments"]):
            parameters = {**found, **missing}
            yield Call(prefix, operation[0].upper() + operation[1:], parameters)
            if sync:
                yield from self._waiting(name, parameters)

    def _waiting(self, name: str, parameters: Mapping[str, Any]) -> Iterator[Call]:
        if rule := MANAGED_RULES.get(name):
            for operation, key in (("PutRule", "Name"), ("PutTargets", "Rule"), ("DescribeRule", "Name")):
                yield Call("events", operation, {key: rule})
        for one in SYNC[name]:
            service, _, operation = one.partition(":")
            yield Call(service, operation, {**parameters, **self._started(name, parameters)})

    def _started(self, name: str, parameters: Mapping[str, Any]) -> dict[str, str]:
        """How what was started is named."""
        if name == "states:startExecution":
            return {"ExecutionArn": f"{parameters['StateMachineArn'].replace(':stateMachine:', ':execution:')}:x"}
        kind = name.removeprefix("sagemaker:create").removesuffix("Job")
        job = parameters.get(f"{kind}JobName", "")
        return {"ResourceArn": self._environment.arn_of("sagemaker", f"{kind.lower()}-job/{job}")}

    def _parameters(self, arguments: Any) -> Iterator[dict[str, Any]]:
        """The arguments with expressions replaced; several where a variable may be several things."""
        found = {name: self._values(name, value) for name, value in arguments.items()}
        for values in itertools.product(*found.values()):
            yield dict(zip(found, values, strict=True))

    def _values(self, name: str, value: Any) -> list[Any]:
        if isinstance(value, str) and value.startswith("{%"):
            return self._expression(name, value.removeprefix("{%").removesuffix("%}").strip())
        if isinstance(value, dict):
            return list(self._parameters(value))
        if isinstance(value, list):
            return [list(one) for one in itertools.product(*(self._values(name, item) for item in value))]
        return [value]

    def _expression(self, name: str, text: str) -> list[Any]:
        if name == "Entries":
            return [[_fields(text)]]
        if name == "ExecutionArn" and text.endswith("Execution.Id"):
            return [f"{self._machine.arn.replace(':stateMachine:', ':execution:')}:x"]
        found = literal(text, self._constants)
        if found != [UNKNOWN]:
            return found
        if name == "ExecutionArn":
            return self._executions
        if name == "ModelPackageName":
            (group,) = self._environment.of("AWS::SageMaker::ModelPackageGroup")
            return [self._environment.arn_of("sagemaker", f"model-package/{group.name}/1")]
        return found


def _fields(text: str) -> dict[str, str]:
    """The object that an expression makes, as far as its values are literals."""
    return dict(re.findall(r"""['"](\w+)['"]\s*:\s*['"]([^'"]*)['"]""", text))


def _constants(definition: Mapping[str, Any]) -> dict[str, list[str]]:
    """Variables, with all that the literals in their assignments say."""
    assigned: dict[str, set[str]] = {}
    for _, state in _states(definition["States"]):
        for one in (state, *state.get("Catch", [])):
            for name, value in one.get("Assign", {}).items():
                if isinstance(value, str):
                    assigned.setdefault(name, set()).update(_text(value))
    return {name: sorted(values - {UNKNOWN}) for name, values in assigned.items() if values - {UNKNOWN}}


def _text(value: str) -> list[str]:
    """What an assigned text may be: itself, or what its expression says."""
    return literal(value[2:-2].strip(), {}) if value.startswith("{%") else [value]


def literal(expression: str, constants: Mapping[str, list[str]]) -> list[str]:
    """What a JSONata expression of text may be, by its literals; `x` for each part that only a run knows."""
    parts = [_operand(one.strip(), constants) for one in _split(expression, "&")]
    return ["".join(one) for one in itertools.product(*parts)]


def _operand(text: str, constants: Mapping[str, list[str]]) -> list[str]:
    if match := re.fullmatch(r"'([^']*)'", text):
        return [match[1]]
    if match := re.fullmatch(r"\$(\w+)", text):
        return constants.get(match[1], [UNKNOWN])
    if match := re.fullmatch(r"\$replace\((.*)\)", text, re.DOTALL):
        subject, old, new = (one.strip() for one in _split(match[1], ","))
        return [one.replace(old.strip("'"), new.strip("'")) for one in literal(subject, constants)]
    if text.startswith("(") and text.endswith(")"):
        return literal(text[1:-1], constants)
    return [UNKNOWN]


def _split(text: str, separator: str) -> list[str]:
    """Cut at separators that stand in no quotes and no brackets."""
    parts, depth, quoted = [""], 0, False
    for character in text:
        if character == "'":
            quoted = not quoted
        elif not quoted:
            depth += (character in "([{") - (character in ")]}")
        if character == separator and not quoted and not depth:
            parts.append("")
        else:
            parts[-1] += character
    return parts
