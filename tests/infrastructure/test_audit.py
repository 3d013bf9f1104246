"""Audit: everything is on record, where nobody rewrites it, and what is sensitive is noticed."""

import json
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator

from stacks.constructs.sensitive_actions import ACTIONS
from tests.infrastructure.conftest import Templates
from tests.infrastructure.log_patterns import matches

Properties = dict[str, Any]


def of_type(templates: Templates, type_: str) -> dict[str, Properties]:
    found = templates.audit["Resources"].items()
    return {id_: one["Properties"] for id_, one in found if one["Type"] == type_}


def buckets(templates: Templates) -> tuple[Properties, Properties]:
    """The trail's bucket and that of the access logs."""
    found = of_type(templates, "AWS::S3::Bucket")
    return tuple(next(one for id_, one in found.items() if id_.startswith(name)) for name in ("Trail", "AccessLogs"))  # type: ignore[return-value]


def test_one_trail_records_every_call_in_every_region_and_proves_its_files(templates: Templates) -> None:
    (trail,) = of_type(templates, "AWS::CloudTrail::Trail").values()
    for flag in ("IsLogging", "IsMultiRegionTrail", "IncludeGlobalServiceEvents", "EnableLogFileValidation"):
        assert trail[flag] is True, flag
    assert {"KMSKeyId", "CloudWatchLogsLogGroupArn", "CloudWatchLogsRoleArn"} <= trail.keys()


def test_the_trail_records_who_touched_which_object_of_the_data_and_not_of_its_own_bucket(prod: Templates) -> None:
    (trail,) = of_type(prod, "AWS::CloudTrail::Trail").values()
    management, objects = trail["AdvancedEventSelectors"]
    assert management["FieldSelectors"] == [{"Field": "eventCategory", "Equals": ["Management"]}]
    category, kind, arn = objects["FieldSelectors"]
    assert (category["Equals"], kind["Equals"]) == (["Data"], ["AWS::S3::Object"])
    assert json.dumps(arn["StartsWith"]).endswith(':s3:::criba-prod-storage-"]]}]')


def test_cloudtrail_would_take_the_selectors(prod: Templates) -> None:
    (trail,) = of_type(prod, "AWS::CloudTrail::Trail").values()
    plain = json.loads(json.dumps(trail["AdvancedEventSelectors"]).replace('{"Ref": "AWS::Partition"}', '"aws"'))
    for one in plain[1]["FieldSelectors"]:
        if "StartsWith" in one:
            one["StartsWith"] = ["".join(part["Fn::Join"][1]) for part in one["StartsWith"]]
    shape = botocore.session.get_session().get_service_model("cloudtrail").operation_model("PutEventSelectors")
    report = ParamValidator().validate({"TrailName": "t", "AdvancedEventSelectors": plain}, shape.input_shape)
    assert not report.has_errors(), report.generate_report()


def test_in_prod_nobody_deletes_a_log_file_for_a_year(prod: Templates, dev: Templates) -> None:
    trail, access = buckets(prod)
    assert trail["ObjectLockEnabled"] is True
    assert trail["ObjectLockConfiguration"]["Rule"]["DefaultRetention"] == {"Mode": "COMPLIANCE", "Days": 365}
    assert "ObjectLockEnabled" not in access  # S3 delivers access logs to no locked bucket
    assert "ObjectLockEnabled" not in buckets(dev)[0]


def test_both_buckets_are_private_versioned_and_encrypted_each_as_its_writer_needs(templates: Templates) -> None:
    trail, access = buckets(templates)
    for one in (trail, access):
        assert one["VersioningConfiguration"] == {"Status": "Enabled"}
        assert set(one["PublicAccessBlockConfiguration"].values()) == {True}
    ((key,), (plain,)) = (one["BucketEncryption"]["ServerSideEncryptionConfiguration"] for one in (trail, access))
    assert key["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
    assert plain["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}


def test_only_the_trail_writes_to_its_bucket_and_uses_its_key(templates: Templates) -> None:
    trail = ":trail/Criba-"
    policies = of_type(templates, "AWS::S3::BucketPolicy")
    (policy,) = [one for id_, one in policies.items() if id_.startswith("Trail")]
    allowed = [one for one in policy["PolicyDocument"]["Statement"] if one["Effect"] == "Allow"]
    assert sorted(one["Action"] for one in allowed) == ["s3:GetBucketAcl", "s3:PutObject"]
    for one in allowed:
        assert one["Principal"] == {"Service": "cloudtrail.amazonaws.com"}
        assert trail in json.dumps(one["Condition"]["StringLike"]["aws:SourceArn"])
    (key,) = of_type(templates, "AWS::KMS::Key").values()
    by_trail = [
        one for one in key["KeyPolicy"]["Statement"] if one["Principal"] == {"Service": "cloudtrail.amazonaws.com"}
    ]
    assert sorted(json.dumps(one["Action"]) for one in by_trail) == ['"kms:DescribeKey"', '"kms:GenerateDataKey*"']
    assert all(trail in json.dumps(one["Condition"]) for one in by_trail)
    assert key["EnableKeyRotation"] is True


def test_every_bucket_logs_who_accessed_it_below_its_own_name(prod: Templates) -> None:
    logged = {
        one["Properties"]["LoggingConfiguration"]["LogFilePrefix"]
        for template in (prod.audit, prod.storage)
        for one in template["Resources"].values()
        if one["Type"] == "AWS::S3::Bucket" and "LoggingConfiguration" in one["Properties"]
    }
    assert logged == {"raw/", "curated/", "models/", "predictions/", "monitoring/", "audit/", "logs/"}
    (policy,) = [one for id_, one in of_type(prod, "AWS::S3::BucketPolicy").items() if id_.startswith("AccessLogs")]
    (statement,) = [one for one in policy["PolicyDocument"]["Statement"] if one["Effect"] == "Allow"]
    assert statement["Principal"] == {"Service": "logging.s3.amazonaws.com"}
    assert 'criba-prod-storage-*"' in json.dumps(statement["Condition"]["ArnLike"]["aws:SourceArn"])


def test_the_events_of_every_log_group_are_delivered_to_a_bucket(templates: Templates) -> None:
    (stream,) = of_type(templates, "AWS::KinesisFirehose::DeliveryStream").values()
    assert stream["DeliveryStreamEncryptionConfigurationInput"]["KeyType"] == "CUSTOMER_MANAGED_CMK"
    assert "KMSEncryptionConfig" in stream["ExtendedS3DestinationConfiguration"]["EncryptionConfiguration"]
    groups = templates.resources("AWS::Logs::LogGroup")
    delivered = {
        one["Properties"]["LogGroupName"]["Ref"]
        for one in templates.resources("AWS::Logs::SubscriptionFilter").values()
    }
    assert delivered == set(groups)
    assert len(groups) >= 7
    for one in templates.resources("AWS::Logs::SubscriptionFilter").values():
        assert one["Properties"]["FilterPattern"] == ""
        assert {"DestinationArn", "RoleArn"} <= one["Properties"].keys()


def test_the_roles_of_the_delivery_do_only_that(templates: Templates) -> None:
    policies = of_type(templates, "AWS::IAM::Policy")
    (subscriber,) = [one for id_, one in policies.items() if "Subscriber" in id_]
    (statement,) = subscriber["PolicyDocument"]["Statement"]
    assert statement["Action"] == ["firehose:PutRecord", "firehose:PutRecordBatch"]
    assert statement["Resource"] != "*"
    (writer,) = [one for id_, one in policies.items() if "Writer" in id_]
    assert '"*"' not in json.dumps([one["Resource"] for one in writer["PolicyDocument"]["Statement"]])


def test_names_of_the_data_buckets_begin_as_the_trail_and_the_log_bucket_expect(prod: Templates) -> None:
    for one in prod.storage["Resources"].values():
        if one["Type"] == "AWS::S3::Bucket":
            assert "BucketName" not in one["Properties"]  # CloudFormation begins it with the stack's name


def test_what_is_audited_outlives_its_stack(prod: Templates) -> None:
    for one in prod.audit["Resources"].values():
        if one["Type"] in ("AWS::S3::Bucket", "AWS::KMS::Key", "AWS::CloudTrail::Trail", "AWS::Logs::LogGroup"):
            assert (one["DeletionPolicy"], one["UpdateReplacePolicy"]) == ("Retain", "Retain") or (
                one["DeletionPolicy"] == "RetainExceptOnCreate"
            ), one["Type"]


def test_nothing_that_lasts_has_a_name_that_would_be_in_the_way_of_the_next(templates: Templates) -> None:
    for one in templates.audit["Resources"].values():
        assert not {"TrailName", "BucketName", "LogGroupName"} & one.get("Properties", {}).keys() or one["Type"] in (
            "AWS::Logs::MetricFilter",
            "AWS::Logs::LogStream",
        )


def test_the_buckets_of_trail_and_logs_refuse_another_key(templates: Templates) -> None:
    for id_, one in of_type(templates, "AWS::S3::BucketPolicy").items():
        if not id_.startswith("AccessLogs"):
            denied = {
                statement.get("Sid")
                for statement in one["PolicyDocument"]["Statement"]
                if statement["Effect"] == "Deny"
            }
            assert {"OnlyKms", "OnlyOurKey"} <= denied, id_


def test_digests_which_cloudtrail_writes_under_the_key_of_s3_are_let_in(prod: Templates) -> None:
    policies = of_type(prod, "AWS::S3::BucketPolicy")
    (policy,) = [one for id_, one in policies.items() if id_.startswith("Trail")]
    statements = {one["Sid"]: one for one in policy["PolicyDocument"]["Statement"] if "Sid" in one}
    assert "Resource" not in statements["OnlyKms"]
    assert "CloudTrail-Digest/*" in json.dumps(statements["OnlyKms"]["NotResource"])
    assert statements["OnlyKms"]["Condition"] == {
        "StringNotEquals": {"s3:x-amz-server-side-encryption": "aws:kms"},
        "Null": {"s3:x-amz-server-side-encryption": "false"},
    }


def test_every_sensitive_action_is_counted_in_the_environments_own_namespace(templates: Templates) -> None:
    filters = of_type(templates, "AWS::Logs::MetricFilter").values()
    transformations = [one["MetricTransformations"][0] for one in filters]
    assert {one["MetricName"] for one in transformations} == {action.metric for action in ACTIONS}
    (namespace,) = {one["MetricNamespace"] for one in transformations}
    assert namespace.startswith("Criba/Audit/")


def call(name: str, role: str | None = "Criba-prod-Access-Admin1A2B", **more: Any) -> dict[str, Any]:
    """An event of CloudTrail, of a person with a role (None: the root user)."""
    session = {"sessionContext": {"sessionIssuer": {"userName": role}}} if role else {}
    return {
        "eventName": name,
        "eventSource": "any.amazonaws.com",
        "userIdentity": {"type": "AssumedRole", **session},
        **more,
    }


def approval(role: str | None) -> dict[str, Any]:
    return call("UpdateModelPackage", role, requestParameters={"modelApprovalStatus": "Approved"})


DEPLOYED = {"userIdentity": {"type": "AssumedRole", "invokedBy": "cloudformation.amazonaws.com"}}


@pytest.mark.parametrize(
    ("event", "noticed"),
    [
        (call("StopLogging"), {"trail-stopped"}),
        (call("DeleteTrail", None), {"trail-stopped"}),
        (call("StartLogging"), set()),
        (call("ScheduleKeyDeletion", eventSource="kms.amazonaws.com"), {"key-at-risk"}),
        (call("DisableKey", eventSource="kms.amazonaws.com"), {"key-at-risk"}),
        (call("DisableKey", eventSource="other.amazonaws.com"), set()),
        (call("PutBucketPolicy"), {"policy-changed"}),
        (call("AttachRolePolicy"), {"policy-changed"}),
        ({**call("PutBucketPolicy"), **DEPLOYED}, set()),
        (approval("Criba-prod-Access-MLEngineer0A1B"), set()),
        (approval("Criba-prod-Access-DataScientist0A1B"), {"approval-by-others"}),
        (approval(None), {"approval-by-others"}),
        (call("UpdateModelPackage", requestParameters={"customerMetadataProperties": {}}), set()),
        (call("GetObject", errorCode="AccessDenied"), {"calls-denied"}),
        (call("RunInstances", errorCode="Client.UnauthorizedOperation"), {"calls-denied"}),
        (call("GetObject"), set()),
    ],
)
def test_a_sensitive_call_is_noticed_and_no_other(event: dict[str, Any], noticed: set[str]) -> None:
    assert {action.name for action in ACTIONS if matches(action.pattern, event)} == noticed


def test_a_pattern_is_no_longer_than_cloudwatch_logs_takes() -> None:
    assert all(len(action.pattern) <= 1024 for action in ACTIONS)
