"""Model Monitor on the laptop: definitions that cannot change, schedules that are fired, executions that tell how."""

import json
import threading
from datetime import UTC, datetime

import pytest

from criba.local import sagemaker
from criba.local.errors import AwsError

from .api import ROLE, refusal
from .images import URI, image

LOOK = """
import json, os, pathlib, sys
root = pathlib.Path(os.environ["SAGEMAKER_BASE_DIR"])
here = lambda path: root / pathlib.Path(path).relative_to("/opt/ml")
names = ("dataset_format", "publish_cloudwatch_metrics", "sagemaker_monitoring_schedule_name", "start_time", "end_time")
data = here(os.environ["dataset_source"])
seen = {
    "variables": {name: os.environ[name] for name in names},
    "data": {str(path.relative_to(data)): path.read_text() for path in sorted(data.rglob("*")) if path.is_file()},
    "constraints": here(os.environ["baseline_constraints"]).read_text(),
}
here(os.environ["output_path"]).joinpath("seen.json").write_text(json.dumps(seen))
(root / "output/message").write_text(os.environ["SAY"])
sys.exit(int(os.environ["CODE"]))
"""


@pytest.fixture
def monitor(aws, bucket, tmp_path):
    """Make one call of an account whose container notes what it is given, says `SAY` and ends with `CODE`."""
    sagemaker.configure(aws, lambda *_: None, tmp_path / "work", images=(image(tmp_path, {"look": LOOK}),), grace=1.0)

    def call(operation, **request):
        return json.loads(json.dumps(sagemaker.handle(operation, request, person="anybody")))

    return call


def definition(bucket, noun="DataQuality", name="d-1", say="Completed: fine", code="0"):
    batch = {
        "DataCapturedDestinationS3Uri": bucket.uri("captured"),
        "DatasetFormat": {"Json": {"Line": True}},
        "LocalPath": "/opt/ml/processing/endpointdata",
    }
    given = {"BatchTransformInput": batch}
    if noun == "ModelQuality":
        batch["StartTimeOffset"], batch["EndTimeOffset"] = "-P30D", "-PT0H"
        given["GroundTruthS3Input"] = {"S3Uri": bucket.uri("ground-truth")}
    output = {"S3Uri": bucket.uri("scheduled"), "LocalPath": "/opt/ml/processing/resultdata"}
    return {
        "JobDefinitionName": name,
        f"{noun}AppSpecification": {
            "ImageUri": URI,
            "ContainerEntrypoint": ["look"],
            "Environment": {"SAY": say, "CODE": code},
        },
        f"{noun}BaselineConfig": {"ConstraintsResource": {"S3Uri": bucket.put("baseline/1/constraints.json", "{}")}},
        f"{noun}JobInput": given,
        f"{noun}JobOutputConfig": {"MonitoringOutputs": [{"S3Output": output}]},
        "JobResources": {"ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 10}},
        "NetworkConfig": {"EnableNetworkIsolation": True},
        "RoleArn": ROLE,
    }


def schedule(definition="d-1", kind="DataQuality", name="watch"):
    return {
        "MonitoringScheduleName": name,
        "MonitoringScheduleConfig": {
            "ScheduleConfig": {"ScheduleExpression": "cron(0 * ? * * *)"},
            "MonitoringJobDefinitionName": definition,
            "MonitoringType": kind,
        },
    }


def capture(bucket, hours="now"):
    """What a transform of this hour leaves: one shard with its answers, and manifests of both."""
    hour = datetime.now(UTC).strftime("%Y/%m/%d/%H") if hours == "now" else hours
    bucket.put("batch/in/shard-0.jsonl", '{"id": "web:1"}\n{"id": "web:2"}\n')
    answers = [{"id": f"web:{n}", "label": "refund", "SageMakerInferenceId": f"aaaa-{n}"} for n in (1, 2)]
    bucket.put("batch/out/shard-0.jsonl.out", "".join(json.dumps(one) + "\n" for one in answers))
    for side, name in (("in", "shard-0.jsonl"), ("out", "shard-0.jsonl.out")):
        manifest = [{"prefix": bucket.uri(f"batch/{side}/")}, name]
        bucket.put(f"captured/{side}put/{hour}/score-1.jsonl", json.dumps(manifest))
    return hour


@pytest.fixture
def fired(monitor):
    """Fire the schedule `watch` and wait for its execution's end."""

    def fire():
        (first,) = sagemaker.fire_schedules("watch")
        for _ in range(500):
            (last, *_) = monitor("ListMonitoringExecutions", MonitoringScheduleName="watch")[
                "MonitoringExecutionSummaries"
            ]
            if last["MonitoringExecutionStatus"] != "InProgress":
                return last
            threading.Event().wait(0.02)
        raise AssertionError(f"{first} has not ended")

    return fire


def test_a_definition_cannot_be_made_twice(monitor, bucket):
    arn = monitor("CreateDataQualityJobDefinition", **definition(bucket))["JobDefinitionArn"]
    assert arn.endswith(":data-quality-job-definition/d-1")
    assert refusal(monitor, "CreateDataQualityJobDefinition", **definition(bucket))[0] == "ResourceInUse"
    told = monitor("DescribeDataQualityJobDefinition", JobDefinitionName="d-1")
    assert told["DataQualityJobInput"] == definition(bucket)["DataQualityJobInput"]
    assert refusal(monitor, "DescribeModelQualityJobDefinition", JobDefinitionName="d-1")[0] == "ResourceNotFound"


def test_a_schedule_is_moved_from_one_definition_to_the_next(monitor, bucket):
    assert refusal(monitor, "DescribeMonitoringSchedule", MonitoringScheduleName="watch")[0] == "ResourceNotFound"
    assert refusal(monitor, "CreateMonitoringSchedule", **schedule())[0] == "ResourceNotFound"
    for name in ("d-1", "d-2"):
        monitor("CreateDataQualityJobDefinition", **definition(bucket, name=name))
    monitor("CreateMonitoringSchedule", **schedule("d-1"))
    assert refusal(monitor, "CreateMonitoringSchedule", **schedule("d-2"))[0] == "ResourceInUse"
    monitor("UpdateMonitoringSchedule", **schedule("d-2"))
    told = monitor("DescribeMonitoringSchedule", MonitoringScheduleName="watch")
    assert told["MonitoringScheduleConfig"]["MonitoringJobDefinitionName"] == "d-2"
    assert told["MonitoringScheduleStatus"] == "Scheduled"
    (listed,) = monitor("ListMonitoringSchedules")["MonitoringScheduleSummaries"]
    assert listed["MonitoringJobDefinitionName"] == "d-2"
    monitor("DeleteMonitoringSchedule", MonitoringScheduleName="watch")
    assert monitor("ListMonitoringSchedules")["MonitoringScheduleSummaries"] == []


@pytest.mark.parametrize(
    ("say", "code", "status"),
    [
        ("Completed: fine", "0", "Completed"),
        ("CompletedWithViolations: label drift", "0", "CompletedWithViolations"),
        ("no baseline", "1", "Failed"),
    ],
)
def test_a_fired_schedule_runs_its_container_over_what_was_captured(monitor, bucket, fired, say, code, status):
    monitor("CreateDataQualityJobDefinition", **definition(bucket, say=say, code=code))
    monitor("CreateMonitoringSchedule", **schedule())
    hour = capture(bucket)
    execution = fired()
    assert execution["MonitoringExecutionStatus"] == status
    assert (execution["MonitoringType"], execution["MonitoringJobDefinitionName"]) == ("DataQuality", "d-1")
    if status == "Failed":
        assert "no baseline" in execution["FailureReason"]
        return
    seen = json.loads(bucket.text(f"scheduled/watch/{hour}/seen.json"))
    assert set(seen["data"]) == {
        f"input/{hour}/score-1/shard-0.jsonl",
        f"output/{hour}/score-1/shard-0.jsonl.out",
    }
    assert seen["constraints"] == "{}"
    assert seen["variables"]["dataset_format"] == '{"json": {"line": true}}'
    assert seen["variables"]["sagemaker_monitoring_schedule_name"] == "watch"
    assert seen["variables"]["start_time"].endswith(":00:00Z") and seen["variables"]["end_time"].endswith(":00:00Z")
    last = monitor("DescribeMonitoringSchedule", MonitoringScheduleName="watch")["LastMonitoringExecutionSummary"]
    assert last["MonitoringExecutionStatus"] == status


def test_model_quality_gets_the_labels_merged_into_older_answers(monitor, bucket, fired):
    monitor("CreateModelQualityJobDefinition", **definition(bucket, "ModelQuality"))
    monitor("CreateMonitoringSchedule", **schedule(kind="ModelQuality"))
    capture(bucket)
    hour = datetime.now(UTC).strftime("%Y/%m/%d/%H")
    label = {
        "groundTruthData": {"data": "order", "encoding": "CSV"},
        "eventMetadata": {"eventId": "aaaa-2"},
        "eventVersion": "0",
    }
    stranger = {**label, "eventMetadata": {"eventId": "bbbb"}}
    bucket.put(f"ground-truth/{hour}/m1.jsonl", json.dumps(label) + "\n" + json.dumps(stranger) + "\n")
    assert fired()["MonitoringExecutionStatus"] == "Completed"
    seen = json.loads(bucket.text(f"scheduled/watch/{hour}/seen.json"))
    (merged,) = seen["data"].values()
    assert json.loads(merged) == {"id": "web:2", "label": "refund", "SageMakerInferenceId": "aaaa-2", **label}


def test_a_window_without_captured_data_is_a_failure_that_says_so(monitor, bucket, fired):
    monitor("CreateDataQualityJobDefinition", **definition(bucket))
    monitor("CreateMonitoringSchedule", **schedule())
    capture(bucket, "2020/01/01/00")
    execution = fired()
    assert execution["MonitoringExecutionStatus"] == "Failed"
    assert execution["FailureReason"].startswith(f"No captured data below {bucket.uri('captured')}")
    with pytest.raises(AwsError, match="another does not exist"):
        sagemaker.fire_schedules("another")
