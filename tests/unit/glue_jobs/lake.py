"""A lake for the tests: land raw objects, run the jobs, and look at what they wrote."""

import base64
import gzip
import io
import json
import math
import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from http.client import HTTPConnection
from itertools import count
from pathlib import Path
from threading import Lock
from typing import Any

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import SparkSession

from criba.local.jobs.workspace import Workspace
from glue_jobs import build_batch, build_training_set, clean_messages, erase_messages, publish_predictions
from glue_jobs.lake.across_runs import TABLES, Erased, reconcile
from glue_jobs.lake.current import current_predictions
from pipeline_code.quality_rules import QUALITY_RULES

BUCKETS = ("raw", "curated", "predictions", "monitoring")
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
ENGINEER = "arn:aws:sts::111111111111:assumed-role/DataEngineer/ines"
ADMIN = "arn:aws:sts::111111111111:assumed-role/Admin/omar"


def json_lines(*records: Any) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


class Mains:
    """What S3 runs on: it can go off after some writes, as if the job were killed between two of them.

    A middleware in front of the server. Once the mains are off, every write is refused in a way that no job tries
    again.
    """

    def __init__(self, served: Callable[..., Any]) -> None:
        self._served = served
        self._lock = Lock()
        self._written: set[tuple[str, str]] | None = None
        self._left: int | None = None
        self.is_off = False

    def killed_at_every_write(
        self, job: Callable[[], Any], after: Callable[[], Any] = lambda: None, *, forgetful: bool = False
    ) -> int:
        """Run a job that dies before its first write, one that dies before its second, and so on till one does not.

        What an earlier attempt wrote is written again for nothing, so each gets one write further; of a `forgetful`
        job, which names anew what it writes, each attempt gets one write more than the one before. Calls `after` when
        one has died; returns how many have.
        """
        self._written = None if forgetful else set()
        for died in count():
            self._left = died if forgetful else min(died, 1)
            with suppress(Exception):
                job()
            off, self._left, self.is_off = self.is_off, None, False
            if not off:
                return died
            after()
        raise AssertionError("unreachable: count() does not end")

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        write = (environ["REQUEST_METHOD"], environ["PATH_INFO"] + "?" + environ["QUERY_STRING"])
        if write[0] in ("PUT", "POST", "DELETE") and not self._allows(write):
            start_response("403 Forbidden", [("Content-Type", "application/xml")])
            return [b"<Error><Code>AccessDenied</Code><Message>the mains are off</Message></Error>"]
        return self._served(environ, start_response)

    def _allows(self, write: tuple[str, str]) -> bool:
        with self._lock:
            if self._left is None:
                return True
            is_new = self._written is None or write not in self._written
            self.is_off = self.is_off or (is_new and self._left == 0)
            if is_new and not self.is_off:
                self._left -= 1
                if self._written is not None:
                    self._written.add(write)
            return not self.is_off


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
            "take": "new",
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

    def succeed(self, run_id: str = "r1", started_at: str = "2026-01-16T02:00:00Z", model_version: str = "7") -> None:
        """Close the run's ledger and say that its predictions are complete, as the workflow does at its very end."""
        said = {"run_id": run_id, "started_at": started_at, "model_version": model_version, "records": 1}
        self.put("predictions", f"publications/{run_id}.json", json.dumps(said).encode())
        self.put("curated", f"runs/score/{run_id}/ledger.json", b'{"status": "SUCCEEDED"}')
        self.settle()

    def put_predictions(self, run_id: str, labels: dict[str, str], date: str = DAY) -> None:
        """Write predictions as a run leaves them: a label for each `source:message_id`."""
        ids = [id_.partition(":") for id_ in labels]
        columns = {"message_id": [id_ for _, _, id_ in ids], "source": [source for source, _, _ in ids]}
        folder = self.mounts / f"predictions/predictions/date={date}/run={run_id}"
        folder.mkdir(parents=True)
        run = [run_id] * len(labels)
        pq.write_table(pa.table({**columns, "label": list(labels.values()), "run_id": run}), folder / "part.parquet")

    def current(self) -> list[tuple[str, str, str, str]]:
        """Source, id, label and run of all current predictions, in order."""
        self.settle()
        found = current_predictions(SparkSession.getActiveSession(), "s3://predictions").collect()
        return sorted((row.source, row.message_id, row.label, row.run_id) for row in found)

    def reconcile(self, erased: Erased | None = None) -> dict[str, Any]:
        """Reconcile all runs, nothing having been erased unless it is said."""
        self.settle()
        nothing: Erased = {table: Counter() for table in TABLES}
        return reconcile(SparkSession.getActiveSession(), "s3://curated", "s3://predictions", erased or nothing)

    def request(self, *ids: str, name: str = "e1", asked_by: str = ENGINEER, approved_by: str | None = ADMIN) -> None:
        """Ask for the erasure of messages, and approve it."""
        asked = {"messages": len(ids), "salt": "5a17", "asked_by": asked_by, "asked_at": "2026-02-01T09:00:00+00:00"}
        self.put("curated", f"erasures/{name}/ids.json", json.dumps({"ids": ids}).encode())
        self.put("curated", f"erasures/{name}/request.json", json.dumps(asked).encode())
        if approved_by:
            approved = {"approved_by": approved_by, "approved_at": "2026-02-01T10:00:00+00:00"}
            self.put("curated", f"erasures/{name}/approval.json", json.dumps(approved).encode())

    def carry_out(self, name: str = "e1", number: int = 1) -> dict[str, Any]:
        """Run EraseMessages and return the certificate."""
        self.settle()
        arguments = argv(request=name, raw="s3://raw", curated="s3://curated", predictions="s3://predictions")
        erase_messages.main(arguments)
        self.settle()
        return self.document(f"erasures/{name}/certificate-{number:05d}.json")

    def erase(self, *ids: str, name: str = "e1") -> dict[str, Any]:
        self.request(*ids, name=name)
        return self.carry_out(name)

    def versions(self, bucket: str, prefix: str = "") -> dict[tuple[str, str], bytes | None]:
        """The bytes of every version of every key; a delete marker has none."""
        found: dict[tuple[str, str], bytes | None] = {}
        for page in self.s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix):
            for one in page.get("Versions", []):
                key, version = one["Key"], one["VersionId"]
                found[key, version] = self.s3.get_object(Bucket=bucket, Key=key, VersionId=version)["Body"].read()
            found |= {(one["Key"], one["VersionId"]): None for one in page.get("DeleteMarkers", [])}
        return found

    def mentions(self, *words: str) -> list[str]:
        """Keys that some version mentions a word in, as it is, in gzip, in base64, or in a cell of Parquet."""
        return sorted(
            {
                f"{bucket}/{key}"
                for bucket in BUCKETS
                for (key, _), body in self.versions(bucket).items()
                for word in words
                if body and word in read_by_anybody(key, body)
            }
        )

    @cached_property
    def _workspace(self) -> Workspace:
        return Workspace(self.s3, self.mounts, [(bucket, "") for bucket in BUCKETS])

    def settle(self) -> None:
        """Make Spark's folders and the buckets the same thing, as they are on AWS."""
        for checksum in self.mounts.rglob(".*.crc"):
            checksum.unlink()
        self._workspace.push()
        self._workspace.pull()


def argv(**arguments: Any) -> list[str]:
    """Arguments as Glue passes them, its own among them."""
    ours = [part for name, value in arguments.items() for part in (f"--{name}", str(value))]
    return ["--job-bookmark-option", "job-bookmark-disable", *ours, "--JOB_NAME", "a-job"]


def read_by_anybody(key: str, body: bytes) -> str:
    """All that an object says, unpacked."""
    if key.endswith(".parquet"):
        return json.dumps(pq.read_table(io.BytesIO(body)).to_pylist(), default=str, ensure_ascii=False)
    plain = zlib.decompressobj(wbits=31).decompress(body) if key.endswith(".gz") else body
    text = plain.decode(errors="replace")
    packed = re.findall(r'"record_base64": ?"([^"]*)"', text)
    return "\n".join([text, *(base64.b64decode(one).decode(errors="replace") for one in packed)])


def gzipped(body: bytes) -> bytes:
    return gzip.compress(body, mtime=0)
