"""The published predictions as anyone would read them: Parquet files of the predictions bucket."""

from dataclasses import dataclass
from pathlib import Path

from pyarrow import parquet

from criba.aws import Aws

COLUMNS = ("source", "message_id", "language", "label", "confidence", "decision", "model_version", "run_id")


@dataclass(frozen=True)
class Prediction:
    """One published prediction; confidence in 0..1, decision auto or review."""

    record_id: str
    language: str
    label: str
    confidence: float
    decision: str
    run_id: str


def copy(aws: Aws, bucket: str, prefix: str, folder: Path) -> list[Path]:
    """Copy every object below `prefix` into `folder`, keeping its path; the files, sorted."""
    copied = []
    for page in aws.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for found in page.get("Contents", []):
            path = folder / found["Key"]
            path.parent.mkdir(parents=True, exist_ok=True)
            aws.s3.download_file(bucket, found["Key"], str(path))
            copied.append(path)
    return sorted(copied)


def read(files: list[Path]) -> list[Prediction]:
    """The predictions in Parquet files."""
    return [
        Prediction(
            record_id=f"{row['source']}:{row['message_id']}",
            language=row["language"],
            label=row["label"],
            confidence=row["confidence"],
            decision=row["decision"],
            run_id=row["run_id"],
        )
        for path in files
        if path.suffix == ".parquet"
        for row in parquet.ParquetFile(path).read(columns=list(COLUMNS)).to_pylist()
    ]
