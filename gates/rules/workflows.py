"""State machines: what botocore would refuse, and rights, encryption and isolation of everything that they start."""

import json
import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from botocore.model import OperationModel

from gates.assembly import Stack
from gates.findings import Finding
from gates.language import operation_of, problems
from gates.machines import Machine, machines
from gates.policies import Statement, statements_of_role
from gates.rules import on
from gates.rules.properties import ABSENT, at, our_key

LOGGING = (
    *("logs:CreateLogDelivery", "logs:GetLogDelivery", "logs:UpdateLogDelivery", "logs:DeleteLogDelivery"),
    *("logs:ListLogDeliveries", "logs:PutResourcePolicy", "logs:DescribeResourcePolicies", "logs:DescribeLogGroups"),
    *("xray:PutTraceSegments", "xray:PutTelemetryRecords"),
)
PREFIXES = {"stepfunctions": "states", "cloudwatch": "cloudwatch", "eventbridge": "events"}
RULES = {"glue:startJobRun": None, "states:startExecution": "StepFunctionsGetEventsForStepFunctionsExecutionRule"}
RULES |= {
    f"sagemaker:create{kind}Job": f"StepFunctionsGetEventsForSageMaker{kind}JobsRule"
    for kind in ("Training", "Transform", "Processing")
}
"""The managed rule that wakes a state which waits with `.sync`; Glue's is polled."""
WATCHING = {
    "glue:startJobRun": ("glue:GetJobRun", "glue:GetJobRuns", "glue:BatchStopJobRun"),
    "states:startExecution": ("states:DescribeExecution", "states:StopExecution"),
    **{
        f"sagemaker:create{kind}Job": (f"sagemaker:Describe{kind}Job", f"sagemaker:Stop{kind}Job", "sagemaker:AddTags")
        for kind in ("Training", "Transform", "Processing")
    },
}
ACTIONS = {
    "s3:ListObjectsV2": ("s3:ListBucket",),
    "s3:HeadObject": ("s3:GetObject",),
    "s3:CopyObject": ("s3:GetObject", "s3:PutObject"),
    "lambda:Invoke": ("lambda:InvokeFunction",),
}
NVME = re.compile(r"ml\.(?:\w+d\w*|g4dn|g5|g6e?|p4d|p4de|p5\w*)\.")
NEEDED = {
    "sagemaker:CreateTrainingJob": {
        "InputDataConfig": "SF-05",
        "EnableNetworkIsolation": "SM-03",
        "EnableInterContainerTrafficEncryption": "SM-04",
        "OutputDataConfig.KmsKeyId": "SM-05",
        "ResourceConfig.VolumeKmsKeyId": "SM-05",
        "StoppingCondition.MaxRuntimeInSeconds": "SF-05",
    },
    "sagemaker:CreateProcessingJob": {
        "NetworkConfig.EnableNetworkIsolation": "SM-03",
        "NetworkConfig.EnableInterContainerTrafficEncryption": "SM-04",
        "ProcessingOutputConfig.KmsKeyId": "SM-05",
        "ProcessingResources.ClusterConfig.VolumeKmsKeyId": "SM-05",
        "StoppingCondition.MaxRuntimeInSeconds": "SF-05",
    },
    "sagemaker:CreateTransformJob": {
        "TransformOutput.KmsKeyId": "SM-06",
        "TransformResources.VolumeKmsKeyId": "SM-06",
        "ModelClientConfig.InvocationsTimeoutInSeconds": "SF-05",
    },
    "sagemaker:CreateModel": {"EnableNetworkIsolation": "SM-03", "PrimaryContainer": "SF-05"},
    "cloudwatch:PutMetricData": {"MetricData": "SF-05"},
    "s3:PutObject": {"Body": "SF-05"},
    "states:StartExecution": {"Name": "SF-06", "Input": "SF-06"},
    "sagemaker:CreateModelPackage": {
        "ModelPackageGroupName": "SF-05",
        "InferenceSpecification": "SF-05",
        "CustomerMetadataProperties": "SF-05",
        "SecurityConfig.KmsKeyId": "SM-05",
        "ModelApprovalStatus": "IAM-10",
    },
}
"""What a call must ask for, and the rule that says so."""


def find(stacks: Sequence[Stack]) -> Iterator[Finding]:
    """Everything wrong with every state machine."""
    for stack in stacks:
        for machine in machines(stack):
            if not machine.definition.get("States"):
                yield on("SF-05", stack, machine.resource, "its definition is no state machine: write JSON with States")
                continue
            yield from _sound(stack, machine)
            granted = statements_of_role(stack, machine.role)
            for name, state in machine.states():
                yield from _ends(stack, machine, name, state)
                if state.get("Type") == "Task":
                    yield from _task(stack, machine, name, state, granted)
            yield from _logging(stack, machine, granted)


def _ends(stack: Stack, machine: Machine, name: str, state: dict[str, Any]) -> Iterator[Finding]:
    """A failure says what and why; a choice has a way out for what nobody thought of."""
    if state.get("Type") == "Fail":
        for field in ("Error", "Cause"):
            if field not in state and f"{field}Path" not in state:
                advice = f"{name} fails without a word: write its {field}"
                yield on("SF-05", stack, machine.resource, advice, f"{name} {field}")
    if state.get("Type") == "Choice" and "Default" not in state:
        yield on("SF-05", stack, machine.resource, f"{name} has no way out: write its Default", f"{name} Default")


def _sound(stack: Stack, machine: Machine) -> Iterator[Finding]:
    for problem in _refused(json.dumps(machine.definition)):
        yield on("SF-05", stack, machine.resource, f"AWS would refuse it: {problem}", problem[:120])
    if not 60 <= int(machine.definition.get("TimeoutSeconds", 0)) <= 31 * 24 * 3600:
        yield on(
            "SF-05", stack, machine.resource, "ends by itself: write the machine's TimeoutSeconds", "TimeoutSeconds"
        )


@cache
def _refused(definition: str) -> tuple[str, ...]:
    try:
        return tuple(problems(json.loads(definition)))
    except (KeyError, TypeError, AttributeError) as error:
        return (f"the definition lacks {error}",)


def _task(
    stack: Stack, machine: Machine, name: str, state: dict[str, Any], granted: Sequence[Statement]
) -> Iterator[Finding]:
    model = operation_of(str(state.get("Resource", "")))
    if isinstance(model, str):
        return  # said already
    call = f"{_service(model)}:{model.name}"
    arguments = state.get("Arguments", state.get("Parameters", {}))
    waits = ".sync" in state["Resource"]
    for action in _needed(state["Resource"], call, waits):
        if not any(one.allows and one.covers(action) for one in granted):
            yield on(
                "SF-03", stack, machine.resource, f"{name}: its role may not {action}: grant it", f"{name} {action}"
            )
    if waits:
        yield from _waking(stack, machine, name, state["Resource"], granted)
    yield from _arguments(stack, machine, name, call, arguments if isinstance(arguments, dict) else {})
    yield from _reach(stack, machine, name, call, arguments if isinstance(arguments, dict) else {}, granted)


def _service(model: OperationModel) -> str:
    name = model.service_model.signing_name
    return PREFIXES.get(model.service_model.service_name, str(name))


def _needed(resource: str, call: str, waits: bool) -> list[str]:
    integration = re.sub(r"^arn:[^:]+:states:::(aws-sdk:)?|\..*$", "", resource)
    watching = WATCHING.get(integration, ()) if waits else ()
    return [*ACTIONS.get(call, (call,)), *watching]


def _waking(
    stack: Stack, machine: Machine, name: str, resource: str, granted: Sequence[Statement]
) -> Iterator[Finding]:
    rule = RULES.get(re.sub(r"^arn:[^:]+:states:::|\..*$", "", resource))
    if rule is None:
        return
    arn = f"arn:aws:events:{stack.region}:{stack.account}:rule/{rule}"
    for action in ("events:PutTargets", "events:PutRule", "events:DescribeRule"):
        if not any(one.allows and one.covers(action, arn) for one in granted):
            yield on(
                "SF-03",
                stack,
                machine.resource,
                f"{name}: nothing wakes it: grant {action} on {rule}",
                f"{name} {action}",
            )


def _arguments(stack: Stack, machine: Machine, name: str, call: str, arguments: dict[str, Any]) -> Iterator[Finding]:
    """Isolation and encryption of what the state starts."""
    for path, rule in NEEDED.get(call, {}).items():
        value = at(arguments, path)
        if path.endswith("VolumeKmsKeyId") and _has_nvme(arguments):
            if value is not ABSENT:
                yield on(
                    "SM-05",
                    stack,
                    machine.resource,
                    f"{name}: {path}: the API refuses a key for local storage: remove it",
                    f"{name} {path}",
                )
        elif path.endswith("KmsKeyId") and not our_key(value):
            yield on(rule, stack, machine.resource, f"{name}: {path}: name our key by its full ARN", f"{name} {path}")
        elif path.startswith(("Enable", "NetworkConfig.")) and value is not True:
            yield on(rule, stack, machine.resource, f"{name}: {path}: write true", f"{name} {path}")
        elif path == "ModelApprovalStatus" and value != "PendingManualApproval":
            yield on(
                rule, stack, machine.resource, f"{name}: a person approves: PendingManualApproval", f"{name} {path}"
            )
        elif value is ABSENT:
            yield on(rule, stack, machine.resource, f"{name}: {path} is missing: write it", f"{name} {path}")
    text = str(arguments)
    for image in re.findall(r"\d{12}\.dkr\.ecr\.[^'\"\s]+", text):
        if "@sha256:" not in image:
            yield on(
                "SM-10", stack, machine.resource, f"{name}: {image} can change: name it by digest", f"{name} image"
            )


def _has_nvme(arguments: dict[str, Any]) -> bool:
    types = re.findall(r"'InstanceType': '([^']+)'", str(arguments))
    return any(NVME.match(one) for one in types)


def _reach(
    stack: Stack, machine: Machine, name: str, call: str, arguments: dict[str, Any], granted: Sequence[Statement]
) -> Iterator[Finding]:
    """The role's right to the call is on the very resource that the call names, where the name is literal."""
    for action, arn in _targets(stack, call, arguments):
        if not any(one.allows and one.covers(action, arn) for one in granted):
            yield on(
                "SF-03", stack, machine.resource, f"{name}: its role may not {action} on {arn}", f"{name} {action}"
            )
    role = arguments.get("RoleArn", arguments.get("ExecutionRoleArn"))
    if (
        call.startswith("sagemaker:Create")
        and isinstance(role, str)
        and role.startswith("arn:")
        and not any(one.allows and one.covers("iam:PassRole", role) for one in granted)
    ):
        yield on(
            "IAM-04",
            stack,
            machine.resource,
            f"{name}: its role may not pass {role}: grant iam:PassRole",
            f"{name} iam:PassRole",
        )


def _targets(stack: Stack, call: str, arguments: dict[str, Any]) -> Iterator[tuple[str, str]]:
    here = f"{stack.region}:{stack.account}"
    for parameter, called, pattern in (
        ("JobName", "glue:StartJobRun", f"arn:aws:glue:{here}:job/{{}}"),
        ("StateMachineArn", "states:StartExecution", "{}"),
        ("StateMachineArn", "states:ListExecutions", "{}"),
    ):
        value = arguments.get(parameter)
        if call == called and isinstance(value, str) and not value.startswith("{%"):
            yield called, pattern.format(value)
    if call == "events:PutEvents":
        for entry in arguments.get("Entries", []) if isinstance(arguments.get("Entries"), list) else []:
            bus = entry.get("EventBusName", "default") if isinstance(entry, dict) else "default"
            if not str(bus).startswith(("{%", "arn:")):
                yield call, f"arn:aws:events:{here}:event-bus/{bus}"


def _logging(stack: Stack, machine: Machine, granted: Sequence[Statement]) -> Iterator[Finding]:
    for action in LOGGING:
        if not any(one.allows and one.covers(action) for one in granted):
            yield on("SF-02", stack, machine.resource, f"cannot log or trace: grant {action}", action)
    key = at(machine.resource.properties, "EncryptionConfiguration.KmsKeyId")
    for action in ("kms:Decrypt", "kms:GenerateDataKey"):
        if key is not ABSENT and not any(one.allows and one.covers(action, str(key)) for one in granted):
            yield on(
                "SF-04", stack, machine.resource, f"cannot read its own executions: grant {action} on its key", action
            )
