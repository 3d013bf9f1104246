"""A deployment makes what it says, changes it, takes it away, and tells what is on paper only."""

import json
import urllib.request
from typing import Any

import pytest
from botocore.exceptions import ClientError, WaiterError


@pytest.fixture(scope="module")
def deploy(aws: Any) -> Any:
    """`deploy(name, resources)` creates or updates a stack and returns its outputs; `outputs` maps names to values."""

    def deployed(name: str, resources: dict[str, Any], **outputs: Any) -> dict[str, str]:
        cloudformation = aws("cloudformation")
        template = {"Resources": resources, "Outputs": {key: {"Value": value} for key, value in outputs.items()}}
        exists = [s for s in cloudformation.list_stacks()["StackSummaries"] if s["StackName"] == name]
        act = cloudformation.update_stack if exists else cloudformation.create_stack
        act(StackName=name, TemplateBody=json.dumps(template))
        kind = "stack_update_complete" if exists else "stack_create_complete"
        cloudformation.get_waiter(kind).wait(StackName=name, WaiterConfig={"Delay": 0.1, "MaxAttempts": 100})
        found = cloudformation.describe_stacks(StackName=name)["Stacks"][0].get("Outputs", [])
        return {output["OutputKey"]: output["OutputValue"] for output in found}

    return deployed


def remove(aws: Any, name: str) -> None:
    aws("cloudformation").delete_stack(StackName=name)
    aws("cloudformation").get_waiter("stack_delete_complete").wait(
        StackName=name, WaiterConfig={"Delay": 0.1, "MaxAttempts": 100}
    )


def resource(type_: str, **properties: Any) -> dict[str, Any]:
    return {"Type": f"AWS::{type_}", "Properties": properties}


def not_emulated(platform: Any) -> list[dict[str, str]]:
    with urllib.request.urlopen(f"{platform.endpoint}/_criba/status") as answer:  # noqa: S310 - http
        found: list[dict[str, str]] = json.load(answer)["not_emulated"]
    return found


KEY = "arn:aws:kms:eu-west-1:000000000000:key/k"


def bucket(days: int, **more: Any) -> dict[str, Any]:
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY}
    encryption = [{"ServerSideEncryptionByDefault": default, "BucketKeyEnabled": True}]
    rules = [
        {
            "Id": "batch",
            "Status": "Enabled",
            "Prefix": "batch/",
            "ExpirationInDays": days,
            "NoncurrentVersionExpiration": {"NoncurrentDays": 7},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 3},
        }
    ]
    return resource(
        "S3::Bucket",
        BucketName="data",
        BucketEncryption={"ServerSideEncryptionConfiguration": encryption},
        LifecycleConfiguration={"Rules": rules},
        NotificationConfiguration={"EventBridgeConfiguration": {"EventBridgeEnabled": True}},
        OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
        VersioningConfiguration={"Status": "Enabled"},
        **more,
    )


def test_a_bucket_has_the_encryption_lifecycle_and_events_of_its_template(aws, deploy):
    s3 = aws("s3")
    for days in (30, 60):
        deploy("bucket", {"B": bucket(days)})
        rules = s3.get_bucket_encryption(Bucket="data")["ServerSideEncryptionConfiguration"]["Rules"]
        default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY}
        assert rules == [{"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": True}]
        assert s3.get_bucket_lifecycle_configuration(Bucket="data")["Rules"] == [
            {
                "ID": "batch",
                "Status": "Enabled",
                "Filter": {"Prefix": "batch/"},
                "Expiration": {"Days": days},
                "NoncurrentVersionExpiration": {"NoncurrentDays": 7},
                "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 3},
            }
        ]
        assert "EventBridgeConfiguration" in s3.get_bucket_notification_configuration(Bucket="data")
    without = bucket(30)
    del without["Properties"]["LifecycleConfiguration"]
    deploy("bucket", {"B": without})
    with pytest.raises(ClientError, match="NoSuchLifecycleConfiguration"):
        s3.get_bucket_lifecycle_configuration(Bucket="data")
    remove(aws, "bucket")
    assert s3.list_buckets()["Buckets"] == []


def test_a_security_configuration_is_made_changed_and_removed(aws, deploy):
    for mode in ("SSE-KMS", "SSE-S3"):
        encryption = {"S3Encryptions": [{"S3EncryptionMode": mode}]}
        outputs = deploy(
            "security",
            {"C": resource("Glue::SecurityConfiguration", Name="sec", EncryptionConfiguration=encryption)},
            Name={"Ref": "C"},
        )
        assert outputs == {"Name": "sec"}
        found = aws("glue").get_security_configuration(Name="sec")["SecurityConfiguration"]
        assert found["EncryptionConfiguration"]["S3Encryption"] == [{"S3EncryptionMode": mode}]
    remove(aws, "security")
    assert aws("glue").get_security_configurations()["SecurityConfigurations"] == []


def test_the_properties_that_the_emulator_drops_are_set(aws, deploy):
    command = {"Name": "glueetl", "ScriptLocation": "s3://b/k.py"}
    logs = {"Level": "ALL", "IncludeExecutionData": False, "Destinations": []}
    definition = json.dumps({"StartAt": "S", "States": {"S": {"Type": "Succeed"}}})
    target = {
        "Arn": "arn:aws:states:eu-west-1:000000000000:stateMachine:m",
        "RoleArn": "arn:aws:iam::000000000000:role/r",
    }
    outputs = deploy(
        "late",
        {
            "Job": resource("Glue::Job", Role="r", Command=command, ExecutionProperty={"MaxConcurrentRuns": 4}),
            "Topic": resource("SNS::Topic", TopicName="told", KmsMasterKeyId=KEY),
            "Machine": resource(
                "StepFunctions::StateMachine",
                RoleArn="arn:aws:iam::000000000000:role/r",
                DefinitionString=definition,
                LoggingConfiguration=logs,
            ),
            "Bus": resource("Events::EventBus", Name="b", KmsKeyIdentifier=KEY),
            "Nightly": resource(
                "Scheduler::Schedule",
                Name="nightly",
                ScheduleExpression="cron(0 3 * * ? *)",
                ScheduleExpressionTimezone="Europe/Madrid",
                FlexibleTimeWindow={"Mode": "OFF"},
                Target=target,
            ),
        },
        Job={"Ref": "Job"},
        Topic={"Ref": "Topic"},
        Machine={"Ref": "Machine"},
    )
    job = aws("glue").get_job(JobName=outputs["Job"])["Job"]
    assert job["ExecutionProperty"] == {"MaxConcurrentRuns": 4}
    topic = aws("sns").get_topic_attributes(TopicArn=outputs["Topic"])["Attributes"]
    assert topic["KmsMasterKeyId"] == KEY
    machine = aws("stepfunctions").describe_state_machine(stateMachineArn=outputs["Machine"])
    assert machine["loggingConfiguration"]["level"] == "ALL"
    assert aws("events").describe_event_bus(Name="b")["KmsKeyIdentifier"] == KEY
    assert aws("scheduler").get_schedule(Name="nightly")["ScheduleExpressionTimezone"] == "Europe/Madrid"
    remove(aws, "late")


def test_alarms_of_alarms_and_the_services_that_moto_keeps_are_deployed(aws, deploy):
    alarm = resource(
        "CloudWatch::Alarm",
        AlarmName="one",
        Namespace="N",
        MetricName="M",
        ComparisonOperator="GreaterThanThreshold",
        Threshold=1,
        EvaluationPeriods=1,
        Period=60,
        Statistic="Sum",
    )
    composite = resource("CloudWatch::CompositeAlarm", AlarmName="any", AlarmRule='ALARM("one")')
    admin = {"DataLakePrincipalIdentifier": "arn:aws:iam::000000000000:role/admin"}
    outputs = deploy(
        "various",
        {
            "One": alarm,
            "Any": {**composite, "DependsOn": "One"},
            "Code": resource("CodeCommit::Repository", RepositoryName="code"),
            "Lake": resource("LakeFormation::DataLakeSettings", Admins=[admin]),
        },
        Url={"Fn::GetAtt": ["Code", "CloneUrlHttp"]},
    )
    assert outputs["Url"].endswith("/code")
    composites = aws("cloudwatch").describe_alarms(AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]
    assert [each["AlarmName"] for each in composites] == ["any"]
    assert aws("codecommit").get_repository(repositoryName="code")["repositoryMetadata"]["repositoryName"] == "code"
    assert aws("lakeformation").get_data_lake_settings()["DataLakeSettings"]["DataLakeAdmins"] == [admin]
    remove(aws, "various")
    with pytest.raises(ClientError, match="RepositoryDoesNotExist"):
        aws("codecommit").get_repository(repositoryName="code")


def test_a_model_package_group_is_deployed_through_the_registry(aws, deploy):
    outputs = deploy(
        "registry",
        {"G": resource("SageMaker::ModelPackageGroup", ModelPackageGroupName="criba")},
        Ref={"Ref": "G"},
        Arn={"Fn::GetAtt": ["G", "ModelPackageGroupArn"]},
    )
    assert outputs["Ref"] == outputs["Arn"] == "arn:aws:sagemaker:eu-west-1:000000000000:model-package-group/criba"
    groups = aws("sagemaker").list_model_package_groups()["ModelPackageGroupSummaryList"]
    assert [group["ModelPackageGroupName"] for group in groups] == ["criba"]
    remove(aws, "registry")
    assert aws("sagemaker").list_model_package_groups()["ModelPackageGroupSummaryList"] == []


def test_what_is_only_recorded_completes_is_listed_and_its_calls_are_refused(platform, aws, deploy):
    user = resource("SageMaker::UserProfile", DomainId="d-1", UserProfileName="me")
    deploy("studio", {"Me": user}, Arn={"Fn::GetAtt": ["Me", "UserProfileArn"]})
    entry = next(entry for entry in not_emulated(platform) if entry["stack"] == "studio")
    assert (entry["logical_id"], entry["type"], entry["what"]) == ("Me", "AWS::SageMaker::UserProfile", "resource")
    assert entry["reason"] == "Studio is a web service of AWS"
    with pytest.raises(ClientError, match=r"sagemaker:DescribeUserProfile is not emulated: .* only recorded"):
        aws("sagemaker").describe_user_profile(DomainId="d-1", UserProfileName="me")
    remove(aws, "studio")
    assert [entry for entry in not_emulated(platform) if entry["stack"] == "studio"] == []


def test_an_alarm_on_metric_math_is_only_recorded(platform, aws, deploy):
    metric = {"Metric": {"Namespace": "N", "MetricName": "M"}, "Period": 60, "Stat": "Sum"}
    metrics = [{"Id": "m", "MetricStat": metric, "ReturnData": False}, {"Id": "e", "Expression": "m * 2"}]
    alarm = resource(
        "CloudWatch::Alarm",
        Metrics=metrics,
        ComparisonOperator="GreaterThanThreshold",
        Threshold=1,
        EvaluationPeriods=1,
    )
    deploy("math", {"A": alarm})
    assert [(e["what"], e["reason"]) for e in not_emulated(platform) if e["stack"] == "math"] == [
        ("resource", "metric math is not evaluated")
    ]
    remove(aws, "math")


def test_a_property_that_no_one_keeps_is_listed(platform, aws, deploy):
    deploy("dropped", {"L": resource("Logs::LogGroup", LogGroupName="l", DataProtectionPolicy={"Name": "p"})})
    assert [(e["logical_id"], e["what"]) for e in not_emulated(platform) if e["stack"] == "dropped"] == [
        ("L", "DataProtectionPolicy")
    ]
    remove(aws, "dropped")


def test_an_unknown_type_fails_the_deployment_with_its_name(deploy):
    with pytest.raises(ClientError, match=r"Unrecognized resource types: \[AWS::QuantumToaster::Toaster\]"):
        deploy("toast", {"T": resource("QuantumToaster::Toaster")})


def test_what_a_service_refuses_fails_the_deployment_with_the_reason(aws, deploy):
    alarm = resource("CloudWatch::CompositeAlarm", AlarmName="none", AlarmRule='ALARM("nothing")')
    with pytest.raises(WaiterError):
        deploy("refused", {"A": alarm})
    events = aws("cloudformation").describe_stack_events(StackName="refused")["StackEvents"]
    reasons = [event["ResourceStatusReason"] for event in events if event["ResourceStatus"] == "CREATE_FAILED"]
    assert any("alarm:nothing" in reason for reason in reasons)
