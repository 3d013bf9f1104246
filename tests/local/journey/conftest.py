"""The stacks, deployed by the CDK CLI to a platform of their own, and people who act on it."""

import io
import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pyarrow.parquet as parquet
import pytest

from criba import deploying, executions, landing, registry, reports, runs
from criba.aws import LAPTOP, Aws
from criba.executions import Attempt
from criba.local import process
from criba.local.process import Endpoint
from tests.conftest import ROOT
from tests.local.conftest import free_port

LABELS = {
    "refund": "quiero que me devuelvan el dinero del pedido {}",
    "delivery": "el paquete {} no ha llegado todavía a mi casa",
    "account": "no puedo entrar en mi cuenta con la clave {}",
}


def examples(count: int, *labels: str) -> list[dict[str, Any]]:
    """`count` labelled examples of each label, all of different texts."""
    return [
        {"text": LABELS[label].format(n), "label": label, "language": "es"} for label in labels for n in range(count)
    ]


@dataclass(frozen=True)
class Person:
    """Somebody at work on the deployed environment.

    What they do in their work goes through `aws`; what a test looks at besides, through `tools`.
    """

    aws: Aws
    tools: Aws
    folder: Path

    def file(self, name: str, records: list[Any]) -> Path:
        """A JSON Lines file; a record that is bytes stands as it is."""
        lines = [one if isinstance(one, bytes) else json.dumps(one, ensure_ascii=False).encode() for one in records]
        path = self.folder / name
        path.write_bytes(b"".join(line + b"\n" for line in lines))
        return path

    def land_labels(self, name: str, records: list[Any]) -> None:
        landing.land_labels(self.aws, self.file(name, records), lambda _: None)

    def land(self, path: Path, source: str, day: str) -> None:
        landing.land_messages(self.aws, path, source, day, lambda _: None)

    def run(self, workflow: str, **options: Any) -> dict[str, Any]:
        """Start a run, wait for its end and tell its report."""
        return self.end(runs.start(self.aws, workflow, **options).run_id, workflow)

    def end(self, run_id: str, workflow: str) -> dict[str, Any]:
        """Wait until a run has ended, and tell its report; `visited` lists the states that it came to."""
        visited: list[str] = []
        latest = executions.attempts(self.aws, workflow, run_id)[-1]
        executions.follow(self.aws, latest, visited.append)
        return {**reports.report(self.aws, workflow, run_id), "visited": visited}

    def soon(self, look: Callable[[], Any], what: str) -> Any:
        """The first answer of `look` that is not empty, awaited for half a minute."""
        for pause, _ in zip(self.aws.pauses(), range(120), strict=False):
            if found := look():
                return found
            time.sleep(pause)
        raise AssertionError(f"{what}: nothing within half a minute")

    def started(self, workflow: str, matches: Callable[[dict[str, Any]], bool]) -> Attempt:
        """The latest run of a workflow whose input matches."""

        def look() -> list[Attempt]:
            recent = list(executions.recent(self.aws, workflow, 20))
            latest = [executions.attempts(self.aws, workflow, one["run_id"])[-1] for one in recent]
            return [one for one in latest if matches(one.input)]

        found: list[Attempt] = self.soon(look, f"a run of {workflow}")
        return found[0]

    def json(self, bucket: str, key: str) -> Any:
        return json.loads(self.tools.s3.get_object(Bucket=bucket, Key=key)["Body"].read())

    def client(self, service: str) -> Any:
        """A client of a service that the operator's CLI does not need."""
        return self.tools._client(service)

    def output(self, stack: str, key: str) -> str:
        told = self.client("cloudformation").describe_stacks(StackName=f"Criba-local-{stack}")["Stacks"][0]
        return next(str(one["OutputValue"]) for one in told["Outputs"] if one["OutputKey"] == key)

    def listen(self, topic_output: str) -> Callable[[], list[str]]:
        """Subscribe a queue to a topic of the Operations stack; the answer tells what has been said since."""
        topic = self.output("Operations", topic_output)
        queue = self.client("sqs").create_queue(QueueName=f"ears-{topic_output.lower()}")["QueueUrl"]
        arn = self.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
        self.client("sns").subscribe(
            TopicArn=topic,
            Protocol="sqs",
            Endpoint=arn["Attributes"]["QueueArn"],
            Attributes={"RawMessageDelivery": "true"},
        )

        def heard() -> list[str]:
            told = self.client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10)
            return [one["Body"] for one in told.get("Messages", [])]

        return heard

    def keys(self, bucket: str, prefix: str) -> list[str]:
        pages = self.tools.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        return [one["Key"] for page in pages for one in page.get("Contents", [])]


@pytest.fixture(scope="package")
def platform_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the platform keeps its buckets, logs and jobs."""
    return tmp_path_factory.mktemp("deployed") / "local"


def predictions(someone: Person, day: str, run_id: str) -> list[dict[str, Any]]:
    bucket = someone.aws.deployment.predictions_bucket
    found: list[dict[str, Any]] = []
    for key in someone.keys(bucket, f"predictions/date={day}/run={run_id}/"):
        body = someone.tools.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        found += parquet.read_table(io.BytesIO(body)).to_pylist()
    return found


def running(glue: Any, job: str) -> list[str]:
    return [one["Id"] for one in glue.get_job_runs(JobName=job)["JobRuns"] if one["JobRunState"] == "RUNNING"]


def histories(stepfunctions: Any) -> str:
    """All events of all executions, with what states were given and gave."""
    machines = stepfunctions.list_state_machines()["stateMachines"]
    arns = [
        execution["executionArn"]
        for machine in machines
        for execution in stepfunctions.list_executions(stateMachineArn=machine["stateMachineArn"])["executions"]
    ]
    events = (
        stepfunctions.get_execution_history(executionArn=arn, maxResults=1000, includeExecutionData=True)["events"]
        for arn in arns
    )
    return json.dumps(list(events), default=str, ensure_ascii=False)


@pytest.fixture(scope="package")
def deployed(platform_folder: Path) -> Iterator[Endpoint]:
    """The local environment, deployed once for all modules here."""
    before, root = Path.cwd(), platform_folder
    os.chdir(ROOT)
    try:
        endpoint = process.up(free_port(), root=root)
        try:
            deploying.deploy(endpoint, lambda _: None, root=root)
            yield endpoint
        finally:
            process.down(root=root)
    finally:
        os.chdir(before)


@pytest.fixture(scope="package")
def person(deployed: Endpoint, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Person]:
    """`person("ml-engineer")` acts under that name."""

    def aws(name: str) -> Aws:
        session = boto3.Session(aws_access_key_id=name, aws_secret_access_key="local", region_name=deployed.region)
        return Aws(LAPTOP, session, deployed.endpoint)

    def named(name: str) -> Person:
        return Person(aws(name), aws("operator"), tmp_path_factory.mktemp(name))

    return named


@pytest.fixture(scope="package")
def champion(person: Callable[[str], Person]) -> None:
    """A model in production: the journey's, or one made in a hurry where its tests did not run before."""
    scientist, reviewer = person("data-scientist"), person("ml-engineer")
    if registry.champion(reviewer.aws) is None:
        scientist.land_labels("hurry.jsonl", examples(60, "refund", "delivery", "account"))
        scientist.run("train")
        one = registry.decide(reviewer.aws, 1, registry.APPROVED, "good on every label")
        run = reviewer.started("promote", lambda given: given["model_package_arn"] == one.arn)
        reviewer.end(run.run_id, "promote")
