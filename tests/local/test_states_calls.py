"""A state machine calls AWS: the integrations that our workflows use, and how their errors are named."""

import json
from typing import Any

import pytest

from tests.local.machines import call, run


@pytest.fixture(scope="module")
def bucket(aws: Any) -> str:
    aws("s3").create_bucket(Bucket="states", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    aws("s3").put_bucket_versioning(Bucket="states", VersioningConfiguration={"Status": "Enabled"})
    return "states"


def test_an_object_is_read_as_text(aws, bucket):
    aws("s3").put_object(Bucket=bucket, Key="a.json", Body='{"á": [1, 2]}'.encode())
    output = {"values": "{% $parse($states.result.Body).á %}", "bytes": "{% $states.result.ContentLength %}"}
    ended = run(aws, {"Read": call("aws-sdk:s3:getObject", {"Bucket": bucket, "Key": "a.json"}, Output=output)})
    assert ended["output"] == {"values": [1, 2], "bytes": 14}


def test_an_object_that_is_not_there_is_no_such_key(aws, bucket):
    ended = run(aws, {"Read": call("aws-sdk:s3:getObject", {"Bucket": bucket, "Key": "nothing"})})
    assert (ended["status"], ended["error"]) == ("FAILED", "S3.NoSuchKeyException")


def test_an_object_larger_than_a_state_may_hand_on_exceeds_the_data_limit(aws, bucket):
    aws("s3").put_object(Bucket=bucket, Key="large", Body=b"x" * 262_145)
    ended = run(aws, {"Read": call("aws-sdk:s3:getObject", {"Bucket": bucket, "Key": "large"})})
    assert ended["error"] == "States.DataLimitExceeded"


def test_an_object_body_is_written_as_json_and_a_text_in_quotes(aws, bucket):
    def written(body: Any) -> str:
        run(aws, {"Write": call("aws-sdk:s3:putObject", {"Bucket": bucket, "Key": "w", "Body": body})})
        return str(aws("s3").get_object(Bucket=bucket, Key="w")["Body"].read().decode())

    assert written({"ñ": 1}) == '{"ñ":1}'
    assert written("text") == '"text"'


def test_a_second_conditional_write_fails_by_the_services_own_name(aws, bucket):
    arguments = {"Bucket": bucket, "Key": "once", "Body": {}, "IfNoneMatch": "*"}
    states = {"First": call("aws-sdk:s3:putObject", arguments, Next="Second")}
    ended = run(aws, {**states, "Second": call("aws-sdk:s3:putObject", arguments)})
    assert ended["error"] == "S3.S3Exception"
    assert "Status Code: 412" in ended["cause"]


def test_a_version_of_an_object_is_copied(aws, bucket):
    first = aws("s3").put_object(Bucket=bucket, Key="v", Body=b"first")["VersionId"]
    aws("s3").put_object(Bucket=bucket, Key="v", Body=b"second")
    source = f"{bucket}/v?versionId={first}"
    run(aws, {"Copy": call("aws-sdk:s3:copyObject", {"Bucket": bucket, "Key": "copy", "CopySource": source})})
    assert aws("s3").get_object(Bucket=bucket, Key="copy")["Body"].read() == b"first"


def test_objects_are_listed_in_pascal_case_with_times_in_iso(aws, bucket):
    aws("s3").put_object(Bucket=bucket, Key="list/one", Body=b"1")
    listed = run(aws, {"List": call("aws-sdk:s3:listObjectsV2", {"Bucket": bucket, "Prefix": "list/"})})["output"]
    assert listed["KeyCount"] == 1
    assert listed["Contents"][0]["Key"] == "list/one"
    assert listed["Contents"][0]["ETag"] == '"c4ca4238a0b923820dcc509a6f75849b"'
    assert listed["Contents"][0]["LastModified"].endswith("Z")


def test_a_parameter_is_put_and_read(aws):
    put = call("aws-sdk:ssm:putParameter", {"Name": "/p", "Value": {"a": 1}, "Type": "String"}, Next="Get")
    ended = run(aws, {"Put": put, "Get": call("aws-sdk:ssm:getParameter", {"Name": "/p"})})
    assert ended["output"]["Parameter"]["Value"] == '{"a":1}'


def test_a_parameter_that_is_not_there_is_parameter_not_found(aws):
    ended = run(aws, {"Get": call("aws-sdk:ssm:getParameter", {"Name": "/nothing"})})
    assert ended["error"] == "Ssm.ParameterNotFoundException"


def test_metrics_are_published(aws):
    data = [{"MetricName": "Runs", "Value": 3, "Unit": "Count", "Dimensions": [{"Name": "W", "Value": "train"}]}]
    ended = run(aws, {"Put": call("aws-sdk:cloudwatch:putMetricData", {"Namespace": "Criba", "MetricData": data})})
    assert ended["status"] == "SUCCEEDED"
    assert aws("cloudwatch").list_metrics(Namespace="Criba")["Metrics"][0]["MetricName"] == "Runs"


def test_a_message_is_published_to_a_topic(aws):
    topic = aws("sns").create_topic(Name="t")["TopicArn"]
    ended = run(aws, {"Tell": call("sns:publish", {"TopicArn": topic, "Subject": "s", "Message": {"a": 1}})})
    assert ended["status"] == "SUCCEEDED", ended
    assert list(ended["output"]) == ["MessageId"]


def test_an_event_with_an_object_as_its_detail_reaches_the_bus(aws):
    queue = aws("sqs").create_queue(QueueName="told")["QueueUrl"]
    aws("events").create_event_bus(Name="business")
    aws("events").put_rule(Name="all", EventBusName="business", EventPattern='{"source": ["criba"]}')
    arn = "arn:aws:sqs:eu-west-1:000000000000:told"
    aws("events").put_targets(Rule="all", EventBusName="business", Targets=[{"Id": "q", "Arn": arn}])
    entry = {"EventBusName": "business", "Source": "criba", "DetailType": "Told", "Detail": {"n": 1}}
    ended = run(aws, {"Tell": call("events:putEvents", {"Entries": [entry]})})
    assert ended["status"] == "SUCCEEDED", ended
    event = json.loads(aws("sqs").receive_message(QueueUrl=queue, WaitTimeSeconds=5)["Messages"][0]["Body"])
    assert event["detail"] == {"n": 1}
    assert event["resources"] == [ended["executionArn"]]


def test_a_machine_starts_another_and_finds_a_closed_name_taken(aws):
    from tests.local.machines import machine

    other = machine(aws, {"Stop": {"Type": "Succeed"}})
    arguments = {"StateMachineArn": other, "Name": "run-1", "Input": {"a": 1}}
    again = call("aws-sdk:sfn:startExecution", {**arguments, "Input": {"a": 2}})
    ended = run(aws, {"Start": call("aws-sdk:sfn:startExecution", arguments, Next="Again"), "Again": again})
    assert ended["error"] == "Sfn.ExecutionAlreadyExistsException"
    arn = other.replace(":stateMachine:", ":execution:") + ":run-1"
    looked = run(aws, {"Look": call("aws-sdk:sfn:describeExecution", {"ExecutionArn": arn})})["output"]
    assert (looked["Status"], looked["Input"], looked["RedriveCount"]) == ("SUCCEEDED", '{"a":1}', 0)


def test_a_machine_waits_for_another_and_takes_its_output(aws):
    from tests.local.machines import machine

    other = machine(aws, {"Stop": {"Type": "Succeed", "Output": {"b": "{% $states.input.a + 1 %}"}}})
    start = call("states:startExecution.sync:2", {"StateMachineArn": other, "Input": {"a": 1}})
    assert run(aws, {"Start": start})["output"]["Output"] == {"b": 2}


@pytest.mark.parametrize(
    ("resource", "arguments", "said"),
    [
        ("aws-sdk:s3:getObject", {"Bucket": "b", "Kez": "k"}, 'The field "Kez" is not supported'),
        ("aws-sdk:s3:getObject", {"Bucket": "b"}, 'Missing required parameter in input: "Key"'),
        ("aws-sdk:s3:fetchObject", {}, "s3:fetchObject is no operation that AWS has"),
        ("aws-sdk:toaster:toast", {}, "aws-sdk:toaster is not emulated"),
        ("batch:submitJob", {}, "not yet implemented"),
    ],
)
def test_a_call_that_aws_would_refuse_is_refused_by_name(aws, resource, arguments, said):
    ended = run(aws, {"Call": call(resource, arguments, Catch=[{"ErrorEquals": ["States.ALL"], "Next": "Call"}])})
    assert ended["error"] == "States.Runtime"
    assert said in ended["cause"]
