"""EventBridge's and Scheduler's targets: what cannot be delivered goes to the target's dead-letter queue."""

import contextvars
import json
import logging
from collections.abc import Callable
from typing import Any

from criba.local import emulator
from criba.local.cloudwatch import counting

log = logging.getLogger("criba")

Target = dict[str, Any]
_current: contextvars.ContextVar[tuple[Target, str] | None] = contextvars.ContextVar("target", default=None)


class NotDeliveredError(Exception):
    """A target refused an event; the arguments are the error's code and its message."""


def install() -> None:
    """Have every delivery to a state machine, topic or queue end there or in a dead-letter queue."""
    bus = emulator.service("eventbridge")
    bus._invoke_target = _knowing_its_target(bus._invoke_target)
    bus._dispatch_to_stepfunctions = _or_dead_letter(_start)
    bus._dispatch_to_sns = _or_dead_letter(_existing(_publish, _topic_exists))
    bus._dispatch_to_sqs = _or_dead_letter(_existing(bus._dispatch_to_sqs, _queue_exists))


def _knowing_its_target(inner: Callable[..., None]) -> Callable[..., None]:
    """Remember the target and what fired it while an event is delivered: the dispatchers are not told."""

    def invoke(target: Target, event: Any, rule: dict[str, Any], view: Any = None) -> None:
        if rule.get("EventBusName") == "default":
            counting.triggered(rule["Name"])
        token = _current.set((target, str(rule.get("Arn", ""))))
        try:
            inner(target, event, rule, view)
        finally:
            _current.reset(token)

    return invoke


def _or_dead_letter(deliver: Callable[..., None]) -> Callable[..., None]:
    def delivered(arn: Any, payload: str, *more: Any) -> None:
        try:
            deliver(arn, payload, *more)
        except NotDeliveredError as refusal:
            code, message = refusal.args
            log.warning("not delivered to %s: %s: %s", arn, code, message)
            _bury(payload, code, message)

    return delivered


def _start(arn: str, payload: str) -> None:
    """Start an execution under a name of its own, with the event, or what the target makes of it, as its input."""
    status, _, body = emulator.service("stepfunctions")._start_execution({"stateMachineArn": arn, "input": payload})
    if status != 200:
        answer = json.loads(body)
        raise NotDeliveredError(answer["__type"], answer["message"])


def _publish(arn: str, payload: str) -> None:
    """Publish without a subject, as EventBridge does."""
    service = emulator.service("sns")
    try:
        service.publish_internal(arn, payload)
    except service.SnsPublishError as refusal:
        raise NotDeliveredError(refusal.code, str(refusal)) from refusal


def _existing(deliver: Callable[..., None], exists: Callable[[str], bool]) -> Callable[..., None]:
    def delivered(arn: Any, payload: str, *more: Any) -> None:
        if not exists(str(arn)):
            raise NotDeliveredError("RESOURCE_NOT_FOUND", f"{arn} does not exist")
        deliver(arn, payload, *more)

    return delivered


def _topic_exists(arn: str) -> bool:
    return arn in emulator.service("sns")._topics


def _queue_exists(arn: str) -> bool:
    return emulator.service("sqs")._queue_by_arn(arn) is not None


def _bury(payload: str, code: str, message: str) -> None:
    """Put an event in its target's dead-letter queue, with the attributes that tell why."""
    now = _current.get()
    queue = now and now[0].get("DeadLetterConfig", {}).get("Arn")
    if not now or not queue:
        return
    target, fired_by = now
    attributes = {
        "RULE_ARN": fired_by,
        "TARGET_ARN": target["Arn"],
        "ERROR_CODE": code,
        "ERROR_MESSAGE": message,
        "RETRY_ATTEMPTS": "0",
    }
    queues = emulator.service("sqs")
    if queues._queue_by_arn(queue) is None:
        log.warning("the dead-letter queue %s does not exist", queue)
        return
    given = {name: {"DataType": "String", "StringValue": value} for name, value in attributes.items() if value}
    name = queue.rsplit(":", 1)[-1]
    url = queues._queue_url_for_account(queue.split(":")[4], name)
    queues._act_send_message({"QueueUrl": url, "MessageBody": payload, "MessageAttributes": given}, url)
