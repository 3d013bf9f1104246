"""SensitiveActions: calls that nobody should make unnoticed, counted out of the trail's log group."""

from dataclasses import dataclass

from aws_cdk import aws_logs as logs
from constructs import Construct

OUTSIDE_DEPLOYMENT = (
    '(($.userIdentity.invokedBy NOT EXISTS) || ($.userIdentity.invokedBy != "cloudformation.amazonaws.com"))'
)


@dataclass(frozen=True)
class Action:
    """One kind of call: its metric, the pattern of its events, and the words in which people are told."""

    name: str
    metric: str
    pattern: str
    cause: str
    impact: str
    pages: bool = False
    limit: int = 0


def _any(*events: str) -> str:
    return " || ".join(f'($.eventName = "{event}")' for event in events)


ACTIONS = (
    Action(
        "trail-stopped",
        "TrailStopped",
        f"{{ {_any('StopLogging', 'DeleteTrail', 'UpdateTrail', 'PutEventSelectors')} }}",
        "Somebody stopped or changed a trail",
        "what happens from now on is not on record",
        pages=True,
    ),
    Action(
        "key-at-risk",
        "KeyAtRisk",
        f'{{ ($.eventSource = "kms.amazonaws.com") && ({_any("ScheduleKeyDeletion", "DisableKey")}) }}',
        "Somebody disabled a key or scheduled its deletion",
        "all that it encrypts becomes unreadable",
        pages=True,
    ),
    Action(
        "policy-changed",
        "PolicyChanged",
        "{ ("
        + _any(
            *("PutBucketPolicy", "DeleteBucketPolicy", "PutBucketPublicAccessBlock", "DeleteBucketPublicAccessBlock"),
            *("PutKeyPolicy", "PutRolePolicy", "AttachRolePolicy", "UpdateAssumeRolePolicy"),
            *("DeleteRolePermissionsBoundary", "PutRolePermissionsBoundary", "CreatePolicyVersion"),
        )
        + f") && {OUTSIDE_DEPLOYMENT} }}",
        "Somebody changed a policy of a bucket, key or role by hand",
        "more people may do more than the templates say",
    ),
    Action(
        "approval-by-others",
        "ApprovalByOthers",
        '{ ($.eventName = "UpdateModelPackage") && ($.requestParameters.modelApprovalStatus = "*") &&'
        " (($.userIdentity.sessionContext.sessionIssuer.userName NOT EXISTS) ||"
        ' ($.userIdentity.sessionContext.sessionIssuer.userName != "*MLEngineer*")) }',
        "Somebody who is no ML Engineer decided on a model package",
        "a model may be in production that nobody entitled approved",
    ),
    Action(
        "calls-denied",
        "CallsDenied",
        '{ ($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied*") }',
        "More than ten calls were denied within five minutes",
        "somebody, or a job, tries what it may not",
        limit=10,
    ),
)


def audit_namespace(environment: str) -> str:
    """Where the figures lie: a metric filter gives no fixed dimensions, so the namespace says the environment."""
    return f"Criba/Audit/{environment}"


class SensitiveActions(Construct):
    """One metric filter an action, on the log group of a trail."""

    def __init__(self, scope: Construct, id_: str, *, log: logs.ILogGroup, environment: str) -> None:
        super().__init__(scope, id_)
        for action in ACTIONS:
            logs.MetricFilter(
                self,
                action.metric,
                log_group=log,
                filter_pattern=logs.FilterPattern.literal(action.pattern),
                metric_namespace=audit_namespace(environment),
                metric_name=action.metric,
                metric_value="1",
                default_value=0,
            )
