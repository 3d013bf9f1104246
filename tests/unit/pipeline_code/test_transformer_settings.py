"""The second tier's settings: the page's requests are ones that SageMaker and the recipe take, the image is locked."""

import ast
import json
import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator
from test_image import locked

from pipeline_code import contracts
from pipeline_code.transformer.recipe import LIMITS, Recipe

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs/transformer.md").read_text(encoding="utf-8")
DOCKERFILE = (ROOT / "pipeline_code/Dockerfile.gpu").read_text(encoding="utf-8")
OURS, ALL = ROOT / "pipeline_code/transformer/requirements.lock", ROOT / "requirements/transformer.lock"


@pytest.fixture(scope="module")
def request_() -> dict[str, Any]:
    (found,) = re.findall(r"^```json\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    return dict(json.loads(found))


@pytest.fixture(scope="module")
def sdk_calls() -> dict[str, dict[str, Any]]:
    """The plain keyword arguments of each call in the SDK's example, by what is called."""
    (code,) = [
        block
        for block in re.findall(r"^```python\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
        if "ModelTrainer" in block
    ]
    calls = [
        node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    ]
    return {
        call.func.id: {
            str(one.arg): ast.literal_eval(one.value) for one in call.keywords if not isinstance(one.value, ast.Call)
        }
        for call in calls
        if isinstance(call.func, ast.Name)
    }


def test_sagemakers_model_takes_the_request_as_it_stands(request_: dict[str, Any]) -> None:
    shape = botocore.session.get_session().get_service_model("sagemaker").shape_for("CreateTrainingJobRequest")
    report = ParamValidator().validate(request_, shape)
    assert not report.has_errors(), report.generate_report()
    cluster = shape.members["ResourceConfig"]
    assert request_["ResourceConfig"]["InstanceType"] in cluster.members["InstanceType"].enum
    assert re.fullmatch(shape.members["TrainingJobName"].metadata["pattern"], request_["TrainingJobName"])


def test_it_gives_the_channels_that_train_reads_and_hyperparameters_that_it_knows(request_: dict[str, Any]) -> None:
    channels = [one["ChannelName"] for one in request_["InputDataConfig"]]
    code = (ROOT / "pipeline_code/transformer/train.py").read_text(encoding="utf-8")
    assert channels == re.findall(r'layout\.channel\("(\w+)"\)', code)
    for name, value in request_["HyperParameters"].items():
        LIMITS[name](name, value)
    assert request_["AlgorithmSpecification"]["ContainerEntrypoint"] == [contracts.TRAIN]


def test_it_runs_without_a_network_and_names_no_volume_key_where_there_is_local_storage(
    request_: dict[str, Any],
) -> None:
    assert request_["EnableNetworkIsolation"] and request_["EnableInterContainerTrafficEncryption"]
    assert "VolumeKmsKeyId" not in request_["ResourceConfig"]
    assert request_["OutputDataConfig"]["KmsKeyId"]
    assert request_["StoppingCondition"]["MaxWaitTimeInSeconds"] >= request_["StoppingCondition"]["MaxRuntimeInSeconds"]


def test_the_sdks_example_asks_for_the_same(request_: dict[str, Any], sdk_calls: dict[str, dict[str, Any]]) -> None:
    given = sdk_calls["ModelTrainer"]
    assert given["training_image"] == request_["AlgorithmSpecification"]["TrainingImage"]
    assert {name: float(value) for name, value in given["hyperparameters"].items()} == {
        name: float(value) for name, value in request_["HyperParameters"].items()
    }
    assert sdk_calls["Compute"]["instance_type"] == request_["ResourceConfig"]["InstanceType"]
    assert sdk_calls["CheckpointConfig"]["s3_uri"] == request_["CheckpointConfig"]["S3Uri"]
    assert sdk_calls["OutputDataConfig"]["s3_output_path"] == request_["OutputDataConfig"]["S3OutputPath"]


def test_the_page_lists_every_hyperparameter_with_its_default() -> None:
    table = re.findall(r"^\| `(\w+)` \| ([\d.e-]+) \|", PAGE, re.MULTILINE)
    assert table == [(one.name, str(one.default)) for one in fields(Recipe)]
    assert [one.name for one in fields(Recipe)] == list(LIMITS)


def test_the_image_stands_on_the_first_ones_digest_and_copies_nothing() -> None:
    assert re.search(r"^ARG BASE_IMAGE\nFROM \$\{BASE_IMAGE\}$", DOCKERFILE, re.MULTILINE)
    assert not re.search(r"^(COPY|ADD) ", DOCKERFILE, re.MULTILINE)
    assert re.search(r"pipeline_code\.transformer\.train .*> /usr/local/bin/train$", DOCKERFILE, re.MULTILINE)
    assert "HF_HUB_OFFLINE=1" in DOCKERFILE


def test_all_of_it_is_locked_with_hashes_except_torch_which_has_its_version() -> None:
    ours, tested = locked(OURS), locked(ALL)
    assert all(ours.values()) and all(tested.values())
    assert {name: tested.get(name) for name in ours} == ours
    assert not [name for name in tested if re.match("torch|nvidia|triton", name)]
    pins = [line for line in (ROOT / "pipeline_code/transformer/torch.txt").read_text().splitlines() if line[0] != "#"]
    assert pins == ["torch==2.13.0"]
    assert "transformer/requirements.lock" in DOCKERFILE and "transformer/torch.txt" in DOCKERFILE


def test_the_second_image_changes_no_version_of_the_first() -> None:
    first = dict(name.split("==") for name in locked(ROOT / "pipeline_code/requirements.lock"))
    second = dict(name.split("==") for name in locked(OURS))
    tested = dict(name.split("==") for name in locked(ALL))
    assert {name: second[name] for name in first.keys() & second} == {
        name: first[name] for name in first.keys() & second
    }
    assert {name: tested[name] for name in first} == first


def test_ci_runs_the_second_tiers_tests_after_all_others() -> None:
    lines = (ROOT / ".ci/run").read_text().splitlines()
    assert lines[-2:] == ["make test", "make test-transformer"]
