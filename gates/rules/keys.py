"""Key policies: an administrator, nobody from elsewhere, and every service that must use the key to deliver."""

from collections.abc import Iterator, Sequence

from gates.assembly import Resource, Stack
from gates.findings import Finding
from gates.keyring import Key, keyring
from gates.policies import Statement
from gates.rules import on

USE = ("kms:Decrypt", "kms:GenerateDataKey")
SOURCES = (
    "aws:sourceaccount",
    "aws:sourcearn",
    "kms:encryptioncontext:",
    "kms:viaservice",
    "aws:principalaccount",
    "kms:calleraccount",
)
NAMES_NO_SOURCE = ("Service:events.amazonaws.com",)
"""EventBridge names no source account or ARN to an encrypted topic or queue."""


def find(stacks: Sequence[Stack]) -> Iterator[Finding]:
    """Everything wrong with key policies, and every delivery that a key would refuse."""
    keys = keyring(stacks)
    for key in keys.values():
        yield from _policy(key)
    for stack in stacks:
        yield from _log_groups(stack, keys)
        yield from _alarms(stack, stacks, keys)
        yield from _rules(stack, stacks, keys)
        yield from _dead_letters(stack, stacks, keys)
        yield from _trails(stack, keys)
        yield from _machines(stack, keys)


def _policy(key: Key) -> Iterator[Finding]:
    root = f"AWS:arn:aws:iam::{key.stack.account}:root"
    if not any(
        one.allows and root in one.principals and one.covers("kms:PutKeyPolicy") and not one.conditions
        for one in key.policy
    ):
        yield on("KMS-13", key.stack, key.resource, "nobody could change the key any more: keep the account's root")
    for one in key.policy:
        if not one.allows:
            continue
        if one.not_actions or ("kms:*" in one.actions and one.principals != (root,)):
            yield on("KMS-02", key.stack, key.resource, "kms:* for the account's root alone: list the actions", one.sid)
        for principal in one.principals:
            yield from _principal(key, one, principal)


def _principal(key: Key, one: Statement, principal: str) -> Iterator[Finding]:
    narrowed = any(known.startswith(SOURCES) for known in one.condition_keys)
    if principal == "*" and not narrowed:
        yield on("KMS-02", key.stack, key.resource, "anybody may use the key: name the principal", one.sid)
    elif principal.startswith("AWS:") and f":{key.stack.account}:" not in principal:
        yield on("KMS-02", key.stack, key.resource, f"{principal} is of another account: remove it", principal)
    elif principal.startswith("Service:") and not narrowed and principal not in NAMES_NO_SOURCE:
        yield on("KMS-09", key.stack, key.resource, f"{principal} for any account: add aws:SourceAccount", principal)


def _refused(
    stack: Stack, resource: Resource, keys: dict[str, Key], arn: object, service: str, actions: Sequence[str], rule: str
) -> Iterator[Finding]:
    key = keys.get(str(arn))
    if key and not key.serves(service, *actions):
        yield on(rule, stack, resource, f"its key lets {service} do too little: grant {', '.join(actions)}", service)


def _log_groups(stack: Stack, keys: dict[str, Key]) -> Iterator[Finding]:
    service = f"logs.{stack.region}.amazonaws.com"
    needed = ("kms:Encrypt", "kms:Decrypt", "kms:ReEncryptTo", "kms:GenerateDataKey", "kms:DescribeKey")
    for group in stack.of("AWS::Logs::LogGroup"):
        yield from _refused(stack, group, keys, group.properties.get("KmsKeyId"), service, needed, "KMS-04")
        key = keys.get(str(group.properties.get("KmsKeyId")))
        for one in key.policy if key else ():
            context = {name: value for operator in one.conditions.values() for name, value in operator.items()}
            arn = str(context.get("kms:EncryptionContext:aws:logs:arn", ""))
            if f"Service:{service}" in one.principals and f":{stack.account}:" not in arn:
                yield on(
                    "KMS-04", stack, group, "its key serves logs of any account: name ours in the context", one.sid
                )


def _topic_keys(stacks: Sequence[Stack]) -> dict[str, str]:
    """The key's ARN of every topic and queue of the assembly, by the ARN of either."""
    return {
        one.resolver.arn(resource.id): str(resource.properties.get("KmsMasterKeyId"))
        for one in stacks
        for resource in one.of("AWS::SNS::Topic", "AWS::SQS::Queue")
    }


def _alarms(stack: Stack, stacks: Sequence[Stack], keys: dict[str, Key]) -> Iterator[Finding]:
    by_topic = _topic_keys(stacks)
    for alarm in stack.of("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"):
        actions = [alarm.properties.get(name, []) for name in ("AlarmActions", "OKActions", "InsufficientDataActions")]
        for topic in {str(one) for group in actions for one in group}:
            yield from _refused(stack, alarm, keys, by_topic.get(topic), "cloudwatch.amazonaws.com", USE, "KMS-06")


def _rules(stack: Stack, stacks: Sequence[Stack], keys: dict[str, Key]) -> Iterator[Finding]:
    by_topic = _topic_keys(stacks)
    for rule in stack.of("AWS::Events::Rule"):
        for target in rule.properties.get("Targets", []):
            for arn in (target.get("Arn"), target.get("DeadLetterConfig", {}).get("Arn")):
                yield from _refused(stack, rule, keys, by_topic.get(str(arn)), "events.amazonaws.com", USE, "KMS-07")


def _dead_letters(stack: Stack, stacks: Sequence[Stack], keys: dict[str, Key]) -> Iterator[Finding]:
    by_queue = _topic_keys(stacks)
    for subscription in stack.of("AWS::SNS::Subscription"):
        arn = subscription.properties.get("RedrivePolicy", {}).get("deadLetterTargetArn")
        yield from _refused(stack, subscription, keys, by_queue.get(str(arn)), "sns.amazonaws.com", USE, "KMS-07")


def _trails(stack: Stack, keys: dict[str, Key]) -> Iterator[Finding]:
    for trail in stack.of("AWS::CloudTrail::Trail"):
        arn = trail.properties.get("KMSKeyId")
        needed = ("kms:GenerateDataKey", "kms:DescribeKey")
        yield from _refused(stack, trail, keys, arn, "cloudtrail.amazonaws.com", needed, "KMS-05")


def _machines(stack: Stack, keys: dict[str, Key]) -> Iterator[Finding]:
    """Execution logs of an encrypted state machine are delivered with its key."""
    for machine in stack.of("AWS::StepFunctions::StateMachine"):
        arn = machine.properties.get("EncryptionConfiguration", {}).get("KmsKeyId")
        yield from _refused(stack, machine, keys, arn, "delivery.logs.amazonaws.com", ("kms:Decrypt",), "SF-04")
