"""Alarms: every family is there, watches what somebody publishes, and reaches people through one composite."""

import copy
import re
from collections import Counter
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator

from tests.conftest import ROOT
from tests.infrastructure.conftest import Templates, synthesize
from tests.infrastructure.published import COUNTED_BY_AWS, OF_THE_ACCOUNT, by_our_machines

Alarm = dict[str, Any]
SECTIONS = ["## What it means", "## What to do", "## When it is over"]

EXPECTED = {
    "page": """
        score-failed score-timed-out promote-failed promote-timed-out launch-failed launch-timed-out
        close-failed close-timed-out score-overdue no-data score-stopped drift-page model-drift-page quality-page
        trail-stopped key-at-risk
    """,
    "warning": """
        score-throttled promote-throttled launch-throttled close-throttled
        train-failed train-timed-out train-throttled backfill-failed backfill-timed-out backfill-throttled
        check-failed check-timed-out check-throttled
        train-overdue score-late train-late promote-late source-silent
        quarantine-high volume-unusual messages-old train-stopped score-second-try score-unscorable
        drift-warning model-drift-warning quality-warning
        glue-job-failed training-job-failed processing-job-failed transform-job-failed
        triggers-dead-letters notices-dead-letters
        policy-changed approval-by-others calls-denied
        pages-undelivered warnings-undelivered reviews-undelivered sms-failing sms-spend
    """,
}


def alarms(templates: Templates) -> dict[str, Alarm]:
    """Metric alarms by what stands behind the environment in their names."""
    found = templates.resources("AWS::CloudWatch::Alarm").values()
    return {one["Properties"]["AlarmName"].split("-", 2)[2]: one["Properties"] for one in found}


def composites(templates: Templates) -> dict[str, Alarm]:
    found = templates.resources("AWS::CloudWatch::CompositeAlarm").values()
    return {one["Properties"]["AlarmName"].split("-", 2)[2]: one["Properties"] for one in found}


def children(composite: Alarm) -> list[str]:
    return [name.split("-", 2)[2] for name in re.findall(r'ALARM\("([^"]+)"\)', composite["AlarmRule"])]


@pytest.mark.parametrize("severity", ["page", "warning"])
def test_every_family_of_alarms_is_there_and_told_by_its_severity(prod: Templates, severity: str) -> None:
    assert Counter(children(composites(prod)[severity])) >= Counter(EXPECTED[severity].split())


def test_every_alarm_reaches_people_through_exactly_one_composite_and_by_no_action_of_its_own(
    templates: Templates,
) -> None:
    told = Counter(child for one in composites(templates).values() for child in children(one))
    assert told == Counter(alarms(templates).keys())
    for one in alarms(templates).values():
        assert not {"AlarmActions", "OKActions", "InsufficientDataActions"} & one.keys()


def test_a_page_goes_to_the_topic_with_phones_and_a_warning_to_one_without(prod: Templates) -> None:
    by_phone = {
        one["Properties"]["TopicArn"]["Ref"]
        for one in prod.resources("AWS::SNS::Subscription").values()
        if one["Properties"]["Protocol"] == "sms"
    }
    actions = {name: one["AlarmActions"] for name, one in composites(prod).items()}
    assert [one["Ref"] in by_phone for one in actions["page"]] == [True]
    assert [one["Ref"] in by_phone for one in actions["warning"]] == [False]
    assert len(by_phone) == 1


def test_a_composite_stays_within_what_cloudwatch_takes_and_waits_for_its_alarms(templates: Templates) -> None:
    made = set(templates.resources("AWS::CloudWatch::Alarm"))
    for one in templates.resources("AWS::CloudWatch::CompositeAlarm").values():
        assert len(children(one["Properties"])) <= 100
        assert len(one["Properties"]["AlarmRule"]) <= 10_240
        assert len(made & set(one["DependsOn"])) == len(children(one["Properties"]))


def named(value: Any) -> tuple[str, str]:
    """Logical id, or name of the output, of what a dimension refers to, and the stack's name if it is another's."""
    if "Ref" in value:
        return value["Ref"], ""
    if "Fn::GetAtt" in value:
        return value["Fn::GetAtt"][0], ""
    return value["Fn::GetStackOutput"]["OutputName"], value["Fn::GetStackOutput"]["StackName"]


def unpublished(alarm: Alarm) -> str | None:
    """What of an alarm's metric nobody publishes, or None."""
    namespace, metric, dimensions = alarm["Namespace"], alarm["MetricName"], alarm.get("Dimensions", [])
    if namespace == "Criba":
        key = namespace, metric, frozenset((one["Name"], one["Value"]) for one in dimensions)
        return None if key in by_our_machines() else str(key)
    if namespace.startswith("Criba/Audit/"):
        filtered = {
            (one["MetricNamespace"], one["MetricName"])
            for filter_ in synthesize("local").audit["Resources"].values()
            if filter_["Type"] == "AWS::Logs::MetricFilter"
            for one in filter_["Properties"]["MetricTransformations"]
        }
        return None if (namespace, metric) in filtered and not dimensions else f"{namespace} {metric} {dimensions}"
    if (namespace, metric) in OF_THE_ACCOUNT:
        return f"{metric} has no dimensions" if dimensions else None
    metrics, named_by = COUNTED_BY_AWS[namespace]
    if metric not in metrics or [one["Name"] for one in dimensions] != list(named_by):
        return f"{namespace} {metric} {dimensions}"
    (type_,) = named_by.values()
    id_, stack = named(dimensions[0]["Value"])
    there = synthesize("local").resources(type_)
    # An output is named after what it exports.
    exists = any(one in id_ for one in there) if stack else id_ in there
    return None if exists else f"{dimensions[0]} names nothing"


def test_every_alarm_watches_a_metric_with_the_very_dimensions_that_are_published() -> None:
    wrong = {name: unpublished(one) for name, one in alarms(synthesize("local")).items()}
    assert {name: why for name, why in wrong.items() if why} == {}


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("quarantine-high", {"MetricName": "QuarantineRateRased"}),
        ("score-overdue", {"Dimensions": [{"Name": "Environment", "Value": "local"}]}),
        ("no-data", {"Dimensions": [{"Name": "environment", "Value": "local"}]}),
        ("drift-page", {"Namespace": "AWS/States"}),
        ("score-failed", {"MetricName": "ExecutionFailed"}),
        ("triggers-dead-letters", {"Dimensions": [{"Name": "Queue", "Value": {"Ref": "x"}}]}),
        ("glue-job-failed", {"Dimensions": [{"Name": "RuleName", "Value": {"Ref": "Nothing"}}]}),
        ("trail-stopped", {"Namespace": "Criba/Audit/prod"}),
        ("sms-failing", {"Dimensions": [{"Name": "Environment", "Value": "local"}]}),
    ],
)
def test_a_misspelt_metric_or_dimension_is_noticed(name: str, change: Alarm) -> None:
    assert unpublished({**copy.deepcopy(alarms(synthesize("local"))[name]), **change})


def test_no_alarm_is_bound_to_a_model_version_so_a_promotion_orphans_none(templates: Templates) -> None:
    ours = [one for one in alarms(templates).values() if one["Namespace"] == "Criba"]
    names = {dimension["Name"] for one in ours for dimension in one["Dimensions"]}
    assert names == {"Environment", "Workflow"}


def test_every_state_machine_and_every_queue_has_its_alarms(templates: Templates) -> None:
    watched = Counter(name.rsplit("-failed", 1)[0] for name in alarms(templates) if name.endswith("-failed"))
    machines = {
        re.sub(r"(Machine)?[0-9A-F]{8}$", "", id_) for id_ in templates.resources("AWS::StepFunctions::StateMachine")
    }
    assert all(any(id_.lower().endswith(name) for name in watched) for id_ in machines)
    depths = [name for name in alarms(templates) if name.endswith("dead-letters")]
    assert len(depths) == len(templates.resources("AWS::SQS::Queue"))


def test_an_alarm_says_cause_impact_first_action_and_a_runbook_with_its_sections(templates: Templates) -> None:
    told = {**alarms(templates), **composites(templates)}
    for name, one in told.items():
        text = re.fullmatch(r"[A-Z].+\. Impact: .+\. First: .+\. Runbook: (docs/\S+\.md)", one["AlarmDescription"])
        assert text, name
        assert len(one["AlarmDescription"]) <= 1024, name
        page = (ROOT / text[1]).read_text(encoding="utf-8")
        if "runbooks" in text[1]:
            assert re.findall("^## .+", page, re.MULTILINE) == SECTIONS, text[1]


def test_what_is_over_does_not_keep_a_page_open_and_hide_the_next_one(templates: Templates) -> None:
    lasting = {name for name, one in alarms(templates).items() if one["TreatMissingData"] == "ignore"}
    assert lasting == {"score-overdue", "train-overdue", "no-data", "triggers-dead-letters", "notices-dead-letters"}
    assert {one["TreatMissingData"] for one in alarms(templates).values()} == {"ignore", "notBreaching"}


def test_a_name_fits_a_phone_and_says_environment_and_what_is_wrong(prod: Templates) -> None:
    for one in (*alarms(prod).values(), *composites(prod).values()):
        assert re.fullmatch(r"Criba-prod-[a-z-]{4,24}", one["AlarmName"])


def test_limits_come_from_the_settings(prod: Templates) -> None:
    found = alarms(prod)
    assert {name: found[name]["Threshold"] for name in ("score-overdue", "train-overdue", "no-data", "sms-spend")} == {
        "score-overdue": 26,
        "train-overdue": 192,
        "no-data": 48,
        "sms-spend": 0.8,
    }
    assert (found["sms-failing"]["ComparisonOperator"], found["sms-failing"]["Threshold"]) == (
        "LessThanThreshold",
        0.9,
    )


def test_where_nobody_gets_sms_nothing_watches_sms(dev: Templates) -> None:
    assert not [name for name in alarms(dev) if name.startswith("sms")]


def test_cloudwatch_would_take_every_alarm(templates: Templates) -> None:
    model = botocore.session.get_session().get_service_model("cloudwatch")
    for operation, found in (("PutMetricAlarm", alarms(templates)), ("PutCompositeAlarm", composites(templates))):
        shape = model.operation_model(operation).input_shape
        for name, properties in found.items():
            given = {
                key: value for key, value in properties.items() if key not in ("Dimensions", "AlarmActions", "Tags")
            }
            report = ParamValidator().validate(given, shape)
            assert not report.has_errors(), f"{name}: {report.generate_report()}"
        periods = [one["Period"] * one["EvaluationPeriods"] for one in found.values() if "Period" in one]
        assert all(seconds <= 86_400 for seconds in periods)
