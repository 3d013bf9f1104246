"""A Glue job run is the deployed script, with Glue's arguments, messages and limits."""

import json
import re
import threading
import time
import zipfile

import pytest

from criba.local.jobs import JobFailed, JobStopped, JobTimedOut, glue


@pytest.fixture
def run(aws, bucket, stop, tmp_path):
    """Run a script as a job; the arguments may name the bucket as {bucket}."""

    def start(script, *, timeout=1, defaults=None, **arguments):
        location = bucket.put("scripts/job.py", script)
        job = {
            "Name": "criba-job",
            "Command": {"Name": "glueetl", "ScriptLocation": location},
            "DefaultArguments": defaults or {},
        }
        job_run = {"Id": "jr_1", "JobName": "criba-job", "Timeout": timeout, "Arguments": arguments}
        glue.run(job, job_run, environment=aws, work=tmp_path / "run", stop=stop)

    return start


def test_a_script_gets_the_defaults_overridden_by_the_run_and_the_names_of_job_and_run(run, bucket):
    run(
        f"import sys, boto3, json\n"
        f"boto3.client('s3').put_object(Bucket='{bucket.name}', Key='argv.json', Body=json.dumps(sys.argv[1:]))",
        defaults={"--kind": "messages", "--enable-metrics": "true", "--conf": "spark.sql.ansi.enabled=true"},
        **{"--kind": "labels"},
    )
    assert json.loads(bucket.get("argv.json")) == [
        "--JOB_NAME", "criba-job", "--JOB_RUN_ID", "jr_1", "--kind", "labels", "--enable-metrics", "true",
    ]  # fmt: skip


def test_the_error_message_is_the_last_line_of_the_traceback(run):
    with pytest.raises(JobFailed, match=r"^ValueError: 3 records are missing$"):
        run("def count():\n    raise ValueError('3 records are missing')\ncount()")


def test_an_exit_with_a_reason_fails_with_that_reason(run):
    with pytest.raises(JobFailed, match=r"^SystemExit: nothing to read$"):
        run("import sys\nsys.exit('nothing to read')")


def test_an_exit_with_code_zero_is_a_success(run):
    run("import sys\nsys.exit(0)")


def test_a_script_killed_from_outside_fails_with_the_exit_code(run):
    with pytest.raises(JobFailed, match=r"^Command failed with exit code 137$"):
        run("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)")


def test_a_script_that_is_not_in_s3_fails_by_name(aws, bucket, stop, tmp_path):
    job = {"Name": "criba-job", "Command": {"ScriptLocation": bucket.uri("scripts/none.py")}}
    with pytest.raises(JobFailed, match=rf"cannot read s3://{bucket.name}/scripts/none.py: NoSuchKey"):
        glue.run(job, {"Id": "jr_1"}, environment=aws, work=tmp_path, stop=stop)


def test_a_run_past_its_timeout_ends_with_all_its_processes(run, tmp_path, lives):
    script = (
        "import subprocess, time, pathlib\n"
        "child = subprocess.Popen(['sleep', '60'])\n"
        "pathlib.Path('pid').write_text(str(child.pid))\n"
        "time.sleep(60)"
    )
    with pytest.raises(JobTimedOut, match=r"^Job run exceeded its timeout of 0\.03 minutes$"):
        run(script, timeout=0.03)
    assert not lives(int((tmp_path / "run" / "pid").read_text()))


def test_a_stopped_run_ends_at_once(run, stop):
    threading.Timer(1.0, stop.set).start()
    started = time.monotonic()
    with pytest.raises(JobStopped):
        run("import time\ntime.sleep(60)")
    assert time.monotonic() - started < 10


def test_extra_python_files_are_imported_from_their_zip(run, bucket, tmp_path):
    with zipfile.ZipFile(tmp_path / "shared.zip", "w") as archive:
        archive.writestr("criba_rules/__init__.py", "RULES = 7\n")
    location = bucket.put("assets/shared.zip", (tmp_path / "shared.zip").read_bytes())
    run("import criba_rules\nassert criba_rules.RULES == 7", **{"--extra-py-files": location})


def test_this_checkouts_own_packages_are_not_there_unless_the_job_brings_them(run):
    with pytest.raises(JobFailed, match=r"^ModuleNotFoundError: No module named 'pipeline_code'$"):
        run("import pipeline_code")


def test_the_script_sees_no_variable_of_the_platforms_own(run, monkeypatch):
    monkeypatch.setenv("CRIBA_LOCAL_ROOT", "somewhere")
    run("import os\nassert 'CRIBA_LOCAL_ROOT' not in os.environ\nassert os.environ['AWS_REGION'] == 'eu-west-1'")


SPARK_JOB = """
import sys, boto3
from pyspark.sql import SparkSession
bucket = sys.argv[sys.argv.index("--bucket") + 1]
name = bucket[5:].rstrip("/")
spark = SparkSession.builder.getOrCreate()
assert spark.conf.get("spark.sql.ansi.enabled") == "true"
lines = spark.read.json(f"{bucket}/in/")
lines.write.mode("overwrite").partitionBy("day").parquet(f"{bucket}/out")
s3 = boto3.client("s3")
found = [entry["Key"] for entry in s3.list_objects_v2(Bucket=name, Prefix="out/")["Contents"]]
assert len(found) == 2 and all(".parquet" in key for key in found), found
s3.put_object(Bucket=name, Key="late/a.json", Body=b'{"id": 9}')
assert spark.read.json(f"{bucket}/late/").collect()[0].id == 9
doubled = spark.read.parquet(f"{bucket}/out").selectExpr("id * 2 AS id").coalesce(1)
doubled.write.mode("overwrite").json(f"{bucket}/doubled")
"""


def test_spark_reads_and_writes_objects_under_unchanged_uris_and_boto3_sees_the_same(run, bucket):
    bucket.put("in/a.jsonl", '{"id": 1, "day": "mon"}\n{"id": 2, "day": "tue"}\n')
    stale = bucket.put("out/day=sun/part-0.parquet", "an earlier run's")
    untouched = bucket.put("other/day=sun/part-0.parquet", "not this job's")
    run(SPARK_JOB, **{"--bucket": bucket.uri(), "--conf": "spark.sql.ansi.enabled=true --conf spark.app.name=x"})

    written = bucket.keys("out/")
    assert [re.sub(r"part-.*", "part", key) for key in written] == ["out/day=mon/part", "out/day=tue/part"]
    assert stale.removeprefix(bucket.uri()) not in written
    assert bucket.text(untouched.removeprefix(bucket.uri())) == "not this job's"
    assert sorted(bucket.text(bucket.keys("doubled/")[0]).splitlines()) == ['{"id":2}', '{"id":4}']
    assert [key for key in bucket.keys("") if "_SUCCESS" in key or "_temporary" in key or ".crc" in key] == []


def test_a_failed_spark_run_says_what_the_worker_said_and_keeps_what_it_wrote(run, bucket):
    script = """
import sys
from pyspark.sql import SparkSession
bucket = sys.argv[sys.argv.index("--bucket") + 1]
spark = SparkSession.builder.getOrCreate()
spark.range(2).coalesce(1).write.json(f"{bucket}/first")
def refuse(row):
    raise ValueError("2 rows too many")
spark.range(2).rdd.map(refuse).count()
"""
    with pytest.raises(JobFailed, match=r"ValueError: 2 rows too many$"):
        run(script, **{"--bucket": bucket.uri()})
    assert len(bucket.keys("first/")) == 1
