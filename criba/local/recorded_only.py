"""Resource types that a deployment may hold and the platform only writes down: no call finds them.

The type is the key, and every other unknown type fails the deployment. Names of calls are refused with the reason.
"""

from typing import NamedTuple


class RecordedOnly(NamedTuple):
    """Why a type is only recorded, the attributes that templates read of it, and the calls that are refused."""

    reason: str
    attributes: tuple[str, ...] = ()
    calls: tuple[str, ...] = ()


TYPES = {
    "AWS::Budgets::Budget": RecordedOnly("nothing is billed", calls=("budgets:Budget",)),
    "AWS::EC2::FlowLog": RecordedOnly("there is no network whose traffic could be logged", calls=("ec2:FlowLogs",)),
    "AWS::Glue::DataQualityRuleset": RecordedOnly(
        "Glue's data quality engine is AWS's own", calls=("glue:DataQuality",)
    ),
    "AWS::SageMaker::Domain": RecordedOnly(
        "Studio is a web service of AWS", ("DomainId", "DomainArn", "Url"), ("sagemaker:Domain",)
    ),
    "AWS::SageMaker::MonitoringSchedule": RecordedOnly(
        "promote makes the schedules, not a stack", ("MonitoringScheduleArn",)
    ),
    "AWS::SageMaker::UserProfile": RecordedOnly(
        "Studio is a web service of AWS", ("UserProfileArn",), ("sagemaker:UserProfile",)
    ),
}


def refusal(service: str, operation: str) -> str | None:
    """Why a call to a service is refused, when it concerns a type that is only recorded; None when it does not."""
    for type_, entry in TYPES.items():
        for call in entry.calls:
            of_service, _, noun = call.partition(":")
            if of_service == service and noun in operation:
                return f"{service}:{operation} is not emulated: {type_} is only recorded here, because {entry.reason}."
    return None
