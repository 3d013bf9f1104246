"""A lake for the tests: land raw objects, run the jobs, and look at what they wrote."""

import base64
import gzip
import json
import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import boto3
import pyarrow.parquet as pq

from glue_jobs import build_batch, build_training_set, clean_messages, publish_predictions
from pipeline_code.quality_rules import QUALITY_RULES

BUCKETS = ("raw", "curated", "predictions")
DAY = "2026-01-15"
NEVER = json.dumps(
    {
        "all": {
            "min_history": 7,
            "min_records": 50,
            **{f"{rule.name}_{verdict}": math.inf for rule in QUALITY_RULES for verdict in ("warn", "stop")},
        },
        "sources": {},
    }
)
"""Limits that nothing reaches: most tests are not about quality."""


def json_lines(*records: Any) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


@dataclass
class Lake:
    """Three buckets of a local S3 server, and the folder in which Spark sees them under the same URIs."""

    endpoint: str
    mounts: Path
    s3: Any = field(init=False)

    def __post_init__(self) -> None:
        connection = HTTPConnection(self.endpoint.removeprefix("http://"))
        connection.request("POST", "/moto-api/reset")
        connection.getresponse().read()
        connection.close()
        self.s3 = boto3.client("s3")
        for bucket in BUCKETS:
            self.s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
            self.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})

    def land(self, name: str, body: bytes, *, source: str = "web", date: str = DAY) -> str:
        """Land message records; returns the key."""
        return self.put("raw", f"messages/source={source}/date={date}/{name}", body)

    def land_labels(self, name: str, body: bytes) -> str:
        return self.put("raw", f"labels/{name}", body)

    def put(self, bucket: str, key: str, body: bytes) -> str:
        self.s3.put_object(Bucket=bucket, Key=key, Body=body)
        return key

    def keys(self, bucket: str, prefix: str = "") -> list[str]:
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        return [item["Key"] for page in pages for item in page.get("Contents", [])]

    def body(self, bucket: str, key: str) -> bytes:
        return self.s3.get_object(Bucket=bucket, Key=key)["Body"].read()

    def bodies(self, bucket: str, prefix: str) -> dict[str, bytes]:
        return {key: self.body(bucket, key) for key in self.keys(bucket, prefix)}

    def document(self, key: str) -> dict[str, Any]:
        return json.loads(self.body("curated", key))

    def lines(self, prefix: str) -> list[dict[str, Any]]:
        return [json.loads(line) for body in self.bodies("curated", prefix).values() for line in body.splitlines()]

    def quarantine(self, run_id: str) -> list[tuple[str, int, bytes]]:
        """Reason, position and bytes of every record that a run refused."""
        found = self.lines(f"quarantine/run_id={run_id}/")
        return sorted((one["reason"], one["position"], base64.b64decode(one["record_base64"])) for one in found)

    def parquet(self, folder: str, bucket: str = "curated") -> list[dict[str, Any]]:
        """Rows of the Parquet files below a folder, as Spark wrote them, each with its own folder as `folder`."""
        root = self.mounts / bucket
        return [
            {**row, "folder": str(file.parent.relative_to(root))}
            for file in sorted((root / folder).rglob("*.parquet"))
            for row in pq.ParquetFile(file).read().to_pylist()
        ]

    def clean(self, run_id: str = "r1", **changed: Any) -> dict[str, Any]:
        """Run CleanMessages and return clean.json."""
        arguments = {
            "workflow": "score",
            "run_id": run_id,
            "kind": "messages",
            "raw": "s3://raw",
            "curated": "s3://curated",
            "source": "*",
            "date_from": "*",
            "date_to": "*",
            "languages": "es,en,pt",
            "max_text_bytes": 4000,
            "sources": "web,app,mail",
            "quality": NEVER,
            "now": f"{DAY}T12:00:00Z",
            "accepted": "no",
            **changed,
        }
        clean_messages.main(argv(**arguments))
        return self.document(f"runs/{arguments['workflow']}/{run_id}/clean.json")

    def clean_labels(self, run_id: str = "t1", **changed: Any) -> dict[str, Any]:
        return self.clean(run_id, workflow="train", kind="labels", **changed)

    def build_training_set(self, run_id: str = "t1", seed: int = 7) -> dict[str, Any]:
        build_training_set.main(argv(run_id=run_id, curated="s3://curated", seed=seed))
        return self.document(f"runs/train/{run_id}/training_set.json")

    def build_batch(self, run_id: str = "r1", shard_bytes: int = 64 << 20) -> dict[str, Any]:
        build_batch.main(argv(run_id=run_id, curated="s3://curated", shard_bytes=shard_bytes))
        return self.document(f"runs/score/{run_id}/plan.json")

    def answer(self, answers: Iterable[dict[str, Any]], run_id: str = "r1", name: str = "shard-00000") -> None:
        """Put a file of batch output where Spark reads it."""
        out = self.mounts / "curated" / f"batch/run_id={run_id}/out"
        out.mkdir(parents=True, exist_ok=True)
        (out / f"{name}.jsonl.out").write_bytes(json_lines(*answers))

    def publish(self, run_id: str = "r1", model_version: str = "7") -> dict[str, Any]:
        publish_predictions.main(
            argv(run_id=run_id, curated="s3://curated", predictions="s3://predictions", model_version=model_version)
        )
        return self.document(f"runs/score/{run_id}/published.json")


def argv(**arguments: Any) -> list[str]:
    """Arguments as Glue passes them, its own among them."""
    ours = [part for name, value in arguments.items() for part in (f"--{name}", str(value))]
    return ["--job-bookmark-option", "job-bookmark-disable", *ours, "--JOB_NAME", "a-job"]


def gzipped(body: bytes) -> bytes:
    return gzip.compress(body, mtime=0)
