"""Trails: data events of the buckets that hold data, and metric filters on what nobody may do unseen."""

import json
from collections.abc import Iterator, Sequence

from gates.assembly import Stack
from gates.findings import Finding
from gates.rules import on

SENSITIVE = ("StopLogging", "ScheduleKeyDeletion", "PutBucketPolicy", "UpdateModelPackage", "AccessDenied")
"""What a filter on the trail's log group hears, with the calls that are denied."""


def find(stacks: Sequence[Stack]) -> Iterator[Finding]:
    """Everything that a trail does not see; nothing to say of an assembly without one."""
    filters = json.dumps([one.properties for stack in stacks for one in stack.of("AWS::Logs::MetricFilter")])
    for stack in stacks:
        for trail in stack.of("AWS::CloudTrail::Trail"):
            selectors = trail.properties.get("EventSelectors", trail.properties.get("AdvancedEventSelectors"))
            text = json.dumps(selectors or [])
            if "AWS::S3::Object" not in text:
                yield on(
                    "CT-03", stack, trail, "sees no object read or written: select data events of the data buckets"
                )
            own = stack.resolver.resolve(trail.raw.get("Properties", {}).get("S3BucketName"))
            if f":::{own}/" in text and "NotStartsWith" not in text and "NotEquals" not in text:
                yield on("CT-03", stack, trail, f"logs its own writing to {own}: leave that bucket out")
            for action in SENSITIVE:
                if action not in filters:
                    yield on(
                        "CT-04", stack, trail, f"nobody hears of {action}: add a metric filter and an alarm", action
                    )
