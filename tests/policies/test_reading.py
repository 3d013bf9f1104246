"""How calls are read: off expressions, off Spark's files, and out of a recording."""

import pytest

from tests.policies import recording, spark
from tests.policies.recording import Spark
from tests.policies.workflows import literal


@pytest.mark.parametrize(
    ("expression", "constants", "said"),
    [
        ("'runs/train/' & $run_id & '/ledger.json'", {}, ["runs/train/x/ledger.json"]),
        ("$model.model_name", {}, ["x"]),
        ("'criba-' & ($string($a & 'b')) & '-v'", {}, ["criba-x-v"]),
        ("$target", {"target": ["one", "two"]}, ["one", "two"]),
        (
            "$replace($target, ':stateMachine:', ':execution:') & ':' & $name",
            {"target": ["arn:aws:states:r:1:stateMachine:A"]},
            ["arn:aws:states:r:1:execution:A:x"],
        ),
        ("'it holds & and (' & $x", {}, ["it holds & and (x"]),
    ],
)
def test_an_expression_is_read_by_its_literals(
    expression: str, constants: dict[str, list[str]], said: list[str]
) -> None:
    assert literal(expression, constants) == said


def test_what_spark_reads_is_listed_looked_at_and_read() -> None:
    found = [(one.operation, one.parameters.get("Key") or one.parameters["Prefix"]) for one in _of(read=["b/m/d=1/f"])]
    assert found == [("ListObjectsV2", "m/d=1/"), ("HeadObject", "m/d=1/f"), ("GetObject", "m/d=1/f")]


def test_what_spark_writes_is_staged_renamed_and_its_folders_are_marked() -> None:
    found = {(one.operation, one.parameters.get("Key") or one.parameters["Prefix"]) for one in _of(wrote=["b/m/d=1/f"])}
    staged = {f"m/{staging}/d=1/f" for staging in (".spark-staging-x", "_temporary/0")}
    uploads = ("PutObject", "CreateMultipartUpload", "AbortMultipartUpload", "HeadObject", "DeleteObject")
    assert found == {
        ("ListObjectsV2", "m/"),
        *((operation, key) for operation in uploads for key in staged),
        ("CopyObject", "m/d=1/f"),
        ("DeleteObject", "m/d=1/f"),
        *((operation, f"{folder}_$folder$") for operation in ("HeadObject", "PutObject") for folder in ("m", "m/d=1")),
    }


def _of(read: list[str] | None = None, wrote: list[str] | None = None) -> list[spark.Call]:
    return list(spark.calls(Spark("role", read or [], wrote or [], [])))


def test_two_recordings_differ_by_who_called_what_where_and_by_nothing_else() -> None:
    def told(key: str) -> dict[str, object]:
        calls = {"Pipeline/A/Role": [["s3", "PutObject", {"Bucket": "<Storage/Raw/Bucket>", "Key": key}]]}
        return {"calls": calls, "spark": {}}

    same = recording.differences(recording.shape(told("runs/score/a")), recording.shape(told("runs/train/b")))
    other = recording.differences(recording.shape(told("runs/score/a")), recording.shape(told("claims/b")))
    assert same == []
    assert other == [
        "new: Pipeline/A/Role s3 PutObject <Storage/Raw/Bucket> runs",
        "gone: Pipeline/A/Role s3 PutObject <Storage/Raw/Bucket> claims",
    ]
