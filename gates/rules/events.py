"""Rules and schedules: heard events by sample, targets that lose nothing, expressions that EventBridge takes."""

import json
import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from moto.events.models import EventPattern

from gates.assembly import Resource, Stack
from gates.findings import Finding
from gates.policies import statements, statements_of_role
from gates.rules import on
from gates.rules.properties import at

SAMPLES = Path(__file__).parent.parent / "samples.toml"
NEEDS_ROLE = re.compile(r"arn:aws:(states|glue|sagemaker|kinesis|firehose|ecs|batch|codebuild|codepipeline|events):")
NAMES = {"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT", "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP"}
NAMES |= {"OCT", "NOV", "DEC"}


@dataclass(frozen=True)
class Samples:
    """Events that the rules whose place starts with `name` hear, and events that they do not."""

    name: str
    hears: list[str]
    ignores: list[str]


def samples(path: Path = SAMPLES) -> list[Samples]:
    """Every entry of the samples' file."""
    return [Samples(**entry) for entry in tomllib.loads(path.read_text(encoding="utf-8"))["rule"]]


def find(stacks: Sequence[Stack]) -> Iterator[Finding]:
    """Everything wrong with rules and schedules, and sample events that nothing has."""
    known = samples()
    for stack in stacks:
        for rule in stack.of("AWS::Events::Rule"):
            yield from _rule(stack, rule, known)
            yield from _targets(stack, rule, stacks)
            yield from _announced(stack, rule, stacks)
        for schedule in stack.of("AWS::Scheduler::Schedule"):
            yield from _expression(stack, schedule)
            yield from _started(stack, schedule)
            yield from _group(stack, schedule)


def _rule(stack: Stack, rule: Resource, known: Sequence[Samples]) -> Iterator[Finding]:
    pattern = rule.properties.get("EventPattern")
    if pattern is None:
        yield from _expression(stack, rule)
        return
    for field in ("source", "detail-type"):
        if not pattern.get(field):
            yield on("EV-02", stack, rule, f"hears every {field}: name those it is for", field)
    place = f"{stack.short}/{rule.id}"
    mine = [one for one in known if place.startswith(one.name)]
    if not mine:
        yield on("EV-02", stack, rule, "has no sample events: write some into gates/samples.toml")
    for one in mine:
        for texts, wanted in ((one.hears, True), (one.ignores, False)):
            for text in texts:
                if _matches(pattern, _event(stack, text)) is not wanted:
                    said = "does not hear" if wanted else "hears"
                    yield on("EV-02", stack, rule, f"{said} the sample {text[:200]}", text[:160])


def _event(stack: Stack, text: str) -> Any:
    for name, value in (("ACCOUNT", stack.account), ("REGION", stack.region), ("ENV", stack.environment)):
        text = re.sub(rf"\b{name}\b", value, text)
    return json.loads(text)


def _matches(pattern: dict[str, Any], event: Any) -> bool | None:
    """Whether EventBridge would match; None if the pattern is one that it would refuse."""
    try:
        return bool(EventPattern.load(json.dumps(pattern)).matches_event(event))
    except Exception:  # moto says in many ways that a pattern is wrong
        return None


def _targets(stack: Stack, rule: Resource, stacks: Sequence[Stack]) -> Iterator[Finding]:
    targets = rule.properties.get("Targets", [])
    if not targets:
        yield on("EV-01", stack, rule, "has no target: what it hears is lost")
    for target in targets:
        yield from _delivery(stack, rule, target)
        role = _role(rule, target)
        arn = str(target.get("Arn"))
        if NEEDS_ROLE.match(arn) and not role:
            yield on("EV-01", stack, rule, "starts its target with a role of its own: write RoleArn", "RoleArn")
        elif role and not any(one.allows and one.covers(_verb(arn), arn) for one in statements_of_role(stack, role)):
            yield on("EV-01", stack, rule, f"its role may not {_verb(arn)}: grant it on the target", _verb(arn))
        yield from _queue(stack, rule, target, stacks)
        yield from _loop(stack, rule, target)


def _delivery(stack: Stack, resource: Resource, target: dict[str, Any]) -> Iterator[Finding]:
    if not target.get("DeadLetterConfig", {}).get("Arn"):
        yield on("EV-01", stack, resource, "name a dead-letter queue for what cannot be delivered", "DeadLetterConfig")
    policy = target.get("RetryPolicy", {})
    if not 1 <= int(policy.get("MaximumRetryAttempts", 0)) <= 185:
        yield on("EV-01", stack, resource, "retry its target: MaximumRetryAttempts", "MaximumRetryAttempts")
    if not 60 <= int(policy.get("MaximumEventAgeInSeconds", 0)) <= 86400:
        yield on("EV-01", stack, resource, "say how old an event may get: 60 to 86400 s", "MaximumEventAgeInSeconds")


def _role(rule: Resource, target: dict[str, Any]) -> str:
    """Logical id of the target's role."""
    raw = rule.raw.get("Properties", {})
    targets = raw.get("Targets", [raw.get("Target", {})])
    for one in targets if isinstance(targets, list) else []:
        reference = one.get("RoleArn") if isinstance(one, dict) else None
        if isinstance(reference, dict) and "Fn::GetAtt" in reference and one.get("Id") == target.get("Id"):
            return str(reference["Fn::GetAtt"][0])
    return ""


def _verb(arn: str) -> str:
    verbs = {"states": "states:StartExecution", "events": "events:PutEvents", "firehose": "firehose:PutRecord"}
    return verbs.get(arn.split(":")[2] if arn.count(":") > 2 else "", "states:StartExecution")


def _queue(stack: Stack, rule: Resource, target: dict[str, Any], stacks: Sequence[Stack]) -> Iterator[Finding]:
    """The dead-letter queue takes what this rule sends, and the target's topic what it publishes."""
    own = stack.resolver.arn(rule.id)
    for arn, verb in (
        (target.get("DeadLetterConfig", {}).get("Arn"), "sqs:SendMessage"),
        (target.get("Arn"), "sns:Publish"),
    ):
        policies = _policies_of(str(arn), stacks, verb)
        if policies is None:
            continue
        granted = [
            one
            for one in policies
            if one.allows and one.covers(verb) and "Service:events.amazonaws.com" in one.principals
        ]
        if not any(_from(one.conditions, own) for one in granted):
            yield on("EV-01", stack, rule, f"{arn} does not let it {verb}: grant it to events.amazonaws.com", verb)


def _from(conditions: dict[str, dict[str, Any]], arn: str) -> bool:
    named = [
        value for operator in conditions.values() for key, value in operator.items() if key.lower() == "aws:sourcearn"
    ]
    return not named or any(
        _name(arn) == _name(str(one)) for value in named for one in (value if isinstance(value, list) else [value])
    )


def _name(arn: str) -> str:
    return arn.rpartition("/")[2]


def _policies_of(arn: str, stacks: Sequence[Stack], verb: str) -> Any:
    """Statements on the topic or queue `arn`; None if the assembly has no such thing."""
    type_, policy, property_ = (
        ("AWS::SQS::Queue", "AWS::SQS::QueuePolicy", "Queues")
        if verb.startswith("sqs")
        else ("AWS::SNS::Topic", "AWS::SNS::TopicPolicy", "Topics")
    )
    for stack in stacks:
        for one in stack.of(type_):
            if stack.resolver.arn(one.id) == arn:
                reference = str(stack.resolver.ref(one.id))
                return [
                    s
                    for p in stack.of(policy)
                    if reference in p.properties.get(property_, [])
                    for s in statements(p.properties.get("PolicyDocument", {}))
                ]
    return None


def _loop(stack: Stack, rule: Resource, target: dict[str, Any]) -> Iterator[Finding]:
    """A rule on a machine's own end must not start that machine."""
    heard = rule.properties.get("EventPattern", {}).get("detail", {})
    if isinstance(heard, dict) and target.get("Arn") in (heard.get("stateMachineArn") or []):
        yield on("EV-04", stack, rule, "starts itself for ever: take its target out of stateMachineArn")


def _announced(stack: Stack, rule: Resource, stacks: Sequence[Stack]) -> Iterator[Finding]:
    """A bucket whose objects a rule waits for sends its events to EventBridge."""
    detail = rule.properties.get("EventPattern", {}).get("detail", {})
    names = detail.get("bucket", {}).get("name", []) if isinstance(detail, dict) else []
    for other in stacks:
        for bucket in other.of("AWS::S3::Bucket"):
            sends = at(bucket.properties, "NotificationConfiguration.EventBridgeConfiguration.EventBridgeEnabled")
            if other.resolver.name(bucket.id) in names and sends is not True:
                yield on("EV-02", stack, rule, f"{bucket.id} sends no events: EventBridgeEnabled: true", bucket.id)


def _group(stack: Stack, schedule: Resource) -> Iterator[Finding]:
    """A schedule names its group, which does not make CloudFormation wait for it."""
    waits = schedule.raw.get("DependsOn", [])
    for group in stack.of("AWS::Scheduler::ScheduleGroup"):
        named = schedule.properties.get("GroupName") == stack.resolver.name(group.id)
        referred = isinstance(schedule.raw["Properties"].get("GroupName"), dict)
        if named and not referred and group.id not in waits:
            yield on("DEP-12", stack, schedule, f"may start before {group.id} is there: DependsOn it", group.id)


def _expression(stack: Stack, resource: Resource) -> Iterator[Finding]:
    text = str(resource.properties.get("ScheduleExpression", ""))
    if problem := wrong_expression(text):
        yield on("EV-03", stack, resource, f"{text!r}: {problem}", "ScheduleExpression")
    if resource.properties.get("FlexibleTimeWindow", {}).get("Mode") == "FLEXIBLE" and not resource.properties[
        "FlexibleTimeWindow"
    ].get("MaximumWindowInMinutes"):
        yield on("EV-03", stack, resource, "FLEXIBLE: write MaximumWindowInMinutes", "FlexibleTimeWindow")


def wrong_expression(text: str) -> str | None:
    """What is wrong with a schedule expression, None if nothing is."""
    if match := re.fullmatch(r"rate\((\d+) (minute|hour|day)(s?)\)", text):
        count = int(match[1])
        return None if count > 0 and (count == 1) != bool(match[3]) else "write rate(1 hour) or rate(2 hours)"
    if re.fullmatch(r"at\(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\)", text):
        return None
    body = re.fullmatch(r"cron\((.+)\)", text)
    fields = body[1].split() if body else []
    if len(fields) != 6:
        return "write six fields, such as cron(0 2 * * ? *)"
    if (fields[2] == "?") == (fields[4] == "?"):
        return 'write "?" in exactly one of the two day fields'
    ranges = ((0, 59), (0, 23), (1, 31), (1, 12), (1, 7), (1970, 2199))
    for field, (low, high) in zip(fields, ranges, strict=True):
        if not _field(field, low, high):
            return f"{field!r} is no field from {low} to {high}"
    return None


def _field(field: str, low: int, high: int) -> bool:
    for part in field.split(","):
        match = re.fullmatch(r"(\*|\?|L|LW|[A-Z]{3}|\d+)(-(?:[A-Z]{3}|\d+))?(?:/\d+|#[1-5]|L|W)?", part)
        if match is None or (match[1].isalpha() and match[1] not in NAMES | {"L", "LW"}):
            return False
        numbers = [int(one) for one in re.findall(r"(?<![/#\d])\d+", part)]
        if any(not low <= one <= high for one in numbers) or numbers != sorted(numbers):
            return False
    return True


def _started(stack: Stack, schedule: Resource) -> Iterator[Finding]:
    """The schedule's role may start its target, and write to its dead-letter queue."""
    target = schedule.properties.get("Target", {})
    reference = schedule.raw.get("Properties", {}).get("Target", {}).get("RoleArn", {})
    role = reference.get("Fn::GetAtt", [""])[0] if isinstance(reference, dict) else ""
    granted = statements_of_role(stack, role) if role else []
    for arn, verb in (
        (target.get("Arn"), "states:StartExecution"),
        (target.get("DeadLetterConfig", {}).get("Arn"), "sqs:SendMessage"),
    ):
        if (
            role
            and arn
            and (verb.startswith("sqs") or str(arn).startswith("arn:aws:states:"))
            and not any(one.allows and one.covers(verb, str(arn)) for one in granted)
        ):
            yield on("EV-01", stack, schedule, f"its role may not {verb} on {arn}: grant it", verb)
    try:
        json.loads(str(target.get("Input", "{}")))
    except ValueError:
        yield on("EV-03", stack, schedule, "its Input is no JSON: write an object", "Input")
