"""Batch Transform follows SageMaker's documented rules."""

import gzip
import json
import threading
import time

import pytest

from criba.local.jobs import JobFailed, JobStopped, files, transform
from criba.local.jobs.container import Job
from criba.local.jobs.transform import Limits, ServedModel

from .images import SERVER, URI, image


@pytest.fixture
def job(aws, stop, tmp_path):
    return Job(
        name="score-1",
        arn="arn:aws:sagemaker:eu-west-1:000000000000:transform-job/score-1",
        work=tmp_path,
        environment=aws,
        report=lambda **_: None,
        images=(image(tmp_path, {"serve": SERVER}),),
        stop=stop,
        grace=1.0,
    )


@pytest.fixture
def model(bucket, tmp_path):
    (tmp_path / "artefact").mkdir()
    (tmp_path / "artefact" / "labels.json").write_text('["refund"]')
    files.pack(tmp_path / "artefact", tmp_path / "packed.tar.gz")
    data = bucket.put("model/model.tar.gz", (tmp_path / "packed.tar.gz").read_bytes())

    def make(**environment):
        return ServedModel(image=URI, data=data, environment=environment, isolated=True)

    return make


@pytest.fixture
def score(bucket, job, model):
    """Run a job on what lies below `in/`; returns the number of calls and what each said."""

    def run(split="Line", assemble="Line", environment=None, kind="S3Prefix", uri=None, compression="None", **request):
        full = {
            "TransformJobName": "score-1",
            "TransformInput": {
                "DataSource": {"S3DataSource": {"S3DataType": kind, "S3Uri": uri or bucket.uri("in/")}},
                "ContentType": "application/jsonlines",
                "SplitType": split,
                "CompressionType": compression,
            },
            "TransformOutput": {
                "S3OutputPath": bucket.uri("out/"),
                "Accept": "application/jsonlines",
                "AssembleWith": assemble,
            },
            **request,
        }
        transform.run(full, model(**(environment or {})), job, ready_seconds=20)
        return calls(job)

    return run


def calls(job):
    file = job.path("/opt/ml/calls.jsonl")
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def test_each_object_gets_its_output_under_its_name_below_the_input(score, bucket):
    bucket.put("in/shard-0.jsonl", "a\nb\n")
    bucket.put("in/more/shard-1.jsonl", "c\n")
    score()
    assert bucket.keys("out/") == ["out/more/shard-1.jsonl.out", "out/shard-0.jsonl.out"]
    assert bucket.text("out/shard-0.jsonl.out") == "A\nB\n"
    assert bucket.text("out/more/shard-1.jsonl.out") == "C\n"


def test_a_manifest_names_the_objects(score, bucket):
    bucket.put("in/a", "a\n")
    bucket.put("in/b", "b\n")
    manifest = bucket.put("manifest.json", json.dumps([{"prefix": bucket.uri("in/")}, "b"]))
    score(kind="ManifestFile", uri=manifest)
    assert bucket.keys("out/") == ["out/b.out"]


@pytest.mark.parametrize("content", ["not json", "[]", '["a"]', '{"prefix": "s3://b/"}'])
def test_a_manifest_of_another_form_fails_by_name(score, bucket, content):
    with pytest.raises(JobFailed, match=r"^ClientError: s3://.*/manifest\.json is no manifest"):
        score(kind="ManifestFile", uri=bucket.put("manifest.json", content))


def test_a_manifest_that_names_a_missing_object_fails(score, bucket):
    bucket.put("in/a", "a\n")
    manifest = bucket.put("manifest.json", json.dumps([{"prefix": bucket.uri("in/")}, "a", "gone"]))
    with pytest.raises(JobFailed, match=r"^ClientError: Data download failed:.*manifest\.json: 404"):
        score(kind="ManifestFile", uri=manifest)


def test_mini_batches_never_cross_files(score, bucket):
    bucket.put("in/a", "a\n")
    bucket.put("in/b", "b\n")
    assert [call["bytes"] for call in score()] == [2, 2]


def test_multi_record_sends_what_fits_and_single_record_one_line_at_a_time(score, bucket):
    bucket.put("in/a", "a\nb\nc\n")
    assert [call["lines"] for call in score(BatchStrategy="MultiRecord")] == [3]
    assert [call["lines"] for call in score(BatchStrategy="SingleRecord")][1:] == [1, 1, 1]


def test_a_payload_is_at_most_the_maximum(score, bucket):
    line = b"x" * 400_000 + b"\n"
    bucket.put("in/a", line * 5)
    assert [call["bytes"] for call in score(MaxPayloadInMB=1)] == [800_002, 800_002, 400_001]
    assert bucket.get("out/a.out") == line.upper() * 5


def test_a_record_larger_than_the_payload_fails_its_file_only(score, bucket):
    bucket.put("in/a", b"x" * (1 << 20) + b"\n")
    bucket.put("in/b", "b\n")
    with pytest.raises(JobFailed, match=r"1 of 2 objects failed: a: line 1 is larger than the maximum payload of 1 MB"):
        score(MaxPayloadInMB=1)
    assert bucket.keys("out/") == ["out/b.out"]


def test_a_failing_object_fails_the_job_and_keeps_the_others_output(score, bucket):
    for name, body in (("a", "a\n"), ("b", "refuse\n"), ("c", "c\n")):
        bucket.put(f"in/{name}", body)
    with pytest.raises(JobFailed, match=r"^AlgorithmError: 1 of 3 objects failed: b: /invocations answered 400"):
        score()
    assert bucket.keys("out/") == ["out/a.out", "out/c.out"]


def test_no_output_is_left_of_an_object_whose_second_half_failed(score, bucket):
    bucket.put("in/a", "fine\nrefuse\nfine\n")
    with pytest.raises(JobFailed):
        score(BatchStrategy="SingleRecord")
    assert bucket.keys("out/") == []


def test_an_answer_of_503_is_tried_again(score, bucket):
    bucket.put("in/a", "once\n")
    assert len(score()) == 2
    assert bucket.text("out/a.out") == "ONCE\n"


def test_an_answer_of_500_is_tried_as_often_as_the_client_configuration_says(score, bucket, job):
    bucket.put("in/a", "break\n")
    with pytest.raises(JobFailed, match=r"a: /invocations answered 500 in 3 attempts"):
        score(ModelClientConfig={"InvocationsMaxRetries": 2})
    assert len(calls(job)) == 3


def test_an_answer_of_400_is_not_tried_again(score, bucket, job):
    bucket.put("in/a", "refuse\n")
    with pytest.raises(JobFailed):
        score(ModelClientConfig={"InvocationsMaxRetries": 3})
    assert len(calls(job)) == 1


def test_an_answer_that_does_not_come_in_time_fails_the_object(score, bucket):
    bucket.put("in/a", "hang\n")
    with pytest.raises(JobFailed, match=r"gave no answer within 1 s in 1 attempts"):
        score(ModelClientConfig={"InvocationsTimeoutInSeconds": 1, "InvocationsMaxRetries": 0})


def test_as_many_mini_batches_are_in_flight_as_the_request_says_and_the_order_stays(score, bucket):
    bucket.put("in/a", "".join(f"{number}\n" for number in range(12)))
    said = score(BatchStrategy="SingleRecord", MaxConcurrentTransforms=4, environment={"SLOW": "0.05"})
    assert max(call["together"] for call in said) == 4
    assert bucket.text("out/a.out") == "".join(f"{number}\n" for number in range(12))


def test_objects_of_one_mini_batch_each_are_in_flight_together(score, bucket):
    for number in range(6):
        bucket.put(f"in/{number}", f"{number}\n")
    said = score(MaxConcurrentTransforms=3, environment={"SLOW": "0.2"})
    assert max(call["together"] for call in said) >= 2


def test_the_request_goes_before_the_container_which_goes_before_the_defaults():
    proposed = {"MaxConcurrentTransforms": 8, "BatchStrategy": "SINGLE_RECORD", "MaxPayloadInMB": 2}
    asked = {"MaxConcurrentTransforms": 3, "BatchStrategy": "MultiRecord", "MaxPayloadInMB": 4}
    assert Limits.settle(asked, proposed) == Limits(concurrent=3, single=False, payload_mb=4)
    assert Limits.settle({}, proposed) == Limits(concurrent=8, single=True, payload_mb=2)
    assert Limits.settle({}, {}) == Limits(concurrent=1, single=False, payload_mb=6)


def test_the_containers_proposal_is_asked_for(score, bucket):
    bucket.put("in/a", "a\nb\n")
    proposal = json.dumps({"MaxConcurrentTransforms": 2, "BatchStrategy": "SINGLE_RECORD", "MaxPayloadInMB": 1})
    assert [call["lines"] for call in score(environment={"PROPOSED": proposal})] == [1, 1]


def test_without_a_split_the_whole_object_is_one_call_and_none_assembles_nothing(score, bucket):
    bucket.put("in/a", "a\nb")
    assert [call["bytes"] for call in score(split="None", assemble="None")] == [3]
    assert bucket.text("out/a.out") == "A\nB"


def test_assembled_lines_are_parted_by_one_line_feed(score, bucket):
    bucket.put("in/a", "a\nb\n")
    score(BatchStrategy="SingleRecord", environment={"STRIP": "yes"})
    assert bucket.text("out/a.out") == "A\nB\n"


def test_a_gzip_input_is_unpacked_on_the_way(score, bucket):
    bucket.put("in/a.gz", gzip.compress(b"a\nb\n"))
    score(compression="Gzip")
    assert bucket.text("out/a.gz.out") == "A\nB\n"


def test_a_truncated_gzip_fails_its_object(score, bucket):
    bucket.put("in/a.gz", gzip.compress(b"a\n" * 1000)[:-12])
    with pytest.raises(JobFailed, match=r"1 of 1 objects failed: a\.gz: Compressed file ended"):
        score(compression="Gzip")


def test_an_empty_object_has_an_empty_output(score, bucket):
    bucket.put("in/a", "")
    assert score() == []
    assert bucket.get("out/a.out") == b""


def test_content_type_and_accept_are_passed_on(score, bucket):
    bucket.put("in/a", "a\n")
    (call,) = score()
    assert (call["type"], call["accept"]) == ("application/jsonlines", "application/jsonlines")


def test_the_container_is_told_about_the_batch_and_gets_the_model_and_no_credential(score, bucket, job):
    bucket.put("in/a", "a\n")
    score(MaxPayloadInMB=2, BatchStrategy="MultiRecord", environment={"LABELS": "12"}, Environment={"MODE": "batch"})
    seen = json.loads(job.path("/opt/ml/environment.json").read_text())
    expected = {
        "SAGEMAKER_BATCH": "true",
        "SAGEMAKER_MAX_PAYLOAD_IN_MB": "2",
        "SAGEMAKER_BATCH_STRATEGY": "MULTI_RECORD",
        "LABELS": "12",
        "MODE": "batch",
        "SAGEMAKER_BIND_TO_HOST": "127.0.0.1",
    }
    assert {name: seen.get(name) for name in expected} == expected
    assert "SAGEMAKER_MAX_CONCURRENT_TRANSFORMS" not in seen
    assert [name for name in seen if name.startswith("AWS_")] == []
    assert job.path("/opt/ml/model/labels.json").read_text() == '["refund"]'


def test_an_input_without_objects_fails_in_sagemakers_words(score, bucket):
    with pytest.raises(JobFailed, match=rf'^ClientError: .*No S3 objects found under S3 URL "{bucket.uri("in/")}"'):
        score()


def test_a_model_that_is_not_there_fails_by_name(bucket, job, score):
    bucket.put("in/a", "a\n")
    gone = ServedModel(image=URI, data=bucket.uri("none/model.tar.gz"), environment={}, isolated=True)
    source = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": bucket.uri("in/")}}
    request = {"TransformInput": {"DataSource": source}, "TransformOutput": {"S3OutputPath": bucket.uri("out")}}
    with pytest.raises(JobFailed, match=r"ClientError: cannot read s3://.*/none/model.tar.gz: NoSuchKey"):
        transform.run(request, gone, job)


def test_a_server_that_dies_during_the_job_fails_it_with_its_last_lines(score, bucket):
    bucket.put("in/a", "die\n")
    with pytest.raises(JobFailed, match=r"the model server ended with exit code 3\. Its last lines: .*out of memory"):
        score(ModelClientConfig={"InvocationsMaxRetries": 3})


def test_a_server_that_dies_before_it_answers_fails_the_job(aws, bucket, job, tmp_path):
    bucket.put("in/a", "a\n")
    (tmp_path / "serve.py").write_text("import sys\nsys.exit('labels.json is missing')")
    source = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": bucket.uri("in/")}}
    request = {"TransformInput": {"DataSource": source}, "TransformOutput": {"S3OutputPath": bucket.uri("out")}}
    with pytest.raises(JobFailed, match=r"ended with exit code 1\. Its last lines: labels\.json is missing"):
        transform.run(request, ServedModel(image=URI, data=None, environment={}, isolated=True), job)


def test_a_server_that_never_answers_fails_the_job(bucket, job, tmp_path):
    bucket.put("in/a", "a\n")
    (tmp_path / "serve.py").write_text("import time\ntime.sleep(60)")
    source = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": bucket.uri("in/")}}
    request = {"TransformInput": {"DataSource": source}, "TransformOutput": {"S3OutputPath": bucket.uri("out")}}
    with pytest.raises(JobFailed, match=r"did not answer /ping with 200 within 0\.3 s"):
        transform.run(request, ServedModel(image=URI, data=None, environment={}, isolated=True), job, ready_seconds=0.3)


def test_a_stopped_job_ends_at_once(score, bucket, stop):
    bucket.put("in/a", "hang\n")
    threading.Timer(1.0, stop.set).start()
    started = time.monotonic()
    with pytest.raises(JobStopped):
        score()
    assert time.monotonic() - started < 4


def test_an_image_that_nothing_stands_for_fails_by_name(bucket, job):
    bucket.put("in/a", "a\n")
    source = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": bucket.uri("in/")}}
    request = {"TransformInput": {"DataSource": source}, "TransformOutput": {"S3OutputPath": bucket.uri("out")}}
    stranger = "000000000000.dkr.ecr.eu-west-1.amazonaws.com/other:1"
    with pytest.raises(JobFailed, match=r"no program stands for the image .*/other:1"):
        transform.run(request, ServedModel(image=stranger, data=None, environment={}, isolated=True), job)


def test_captured_data_are_manifests_by_hour_and_answers_get_an_id_each(bucket, score):
    bucket.put("in/a.jsonl", '{"id": 1}\n{"id": 2}\n')
    capture = {"DestinationS3Uri": bucket.uri("captured"), "GenerateInferenceId": True}
    score(DataCaptureConfig=capture)
    answers = [json.loads(line) for line in bucket.text("out/a.jsonl.out").splitlines()]
    assert len({one["SageMakerInferenceId"] for one in answers}) == len(answers) > 0
    assert all(one["SageMakerInferenceTime"].endswith("Z") for one in answers)
    read, written = bucket.keys("captured/input/"), bucket.keys("captured/output/")
    assert json.loads(bucket.get(read[0])) == [{"prefix": bucket.uri("in/")}, "a.jsonl"]
    assert json.loads(bucket.get(written[0])) == [{"prefix": bucket.uri("out/")}, "a.jsonl.out"]
    assert [len(key.split("/")) for key in read + written] == [7, 7]  # captured/input/yyyy/mm/dd/hh/<job>.jsonl
