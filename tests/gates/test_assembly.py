"""An assembly is read as CloudFormation would resolve it, nested ones too."""

import json
from pathlib import Path

import pytest

from gates.assembly import AssemblyError, read
from tests.gates.conftest import stack_of

KEY = {"Type": "AWS::KMS::Key", "Properties": {}}


def written(folder: Path, artifacts: dict[str, object], **templates: object) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "manifest.json").write_text(json.dumps({"artifacts": artifacts}))
    for name, template in templates.items():
        (folder / f"{name}.json").write_text(json.dumps(template))
    return folder


def stack(template: str, environment: str = "aws://111122223333/eu-west-1") -> dict[str, object]:
    return {
        "type": "aws:cloudformation:stack",
        "environment": environment,
        "properties": {"templateFile": f"{template}.json", "terminationProtection": True},
    }


def test_a_folder_without_a_manifest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AssemblyError, match=r"no manifest\.json: give the folder that `cdk synth --output` wrote"):
        read(tmp_path)


def test_an_assembly_without_stacks_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AssemblyError, match="holds no stack"):
        read(written(tmp_path, {}))


def test_a_stack_knows_its_place(tmp_path: Path) -> None:
    (one,) = read(written(tmp_path, {"Criba-prod-Storage": stack("a")}, a={"Resources": {"Key": KEY}}))
    assert (one.name, one.short, one.environment) == ("Criba-prod-Storage", "Storage", "prod")
    assert (one.account, one.region, one.termination_protection) == ("111122223333", "eu-west-1", True)


def test_another_apps_stack_has_no_environment_and_an_example_account(tmp_path: Path) -> None:
    artifact = stack("a", environment="aws://unknown-account/unknown-region")
    (one,) = read(written(tmp_path, {"Shop": artifact}, a={"Resources": {"Key": KEY}}))
    assert (one.short, one.environment, one.account, one.region) == ("Shop", "", "111122223333", "us-east-1")


def test_stacks_of_nested_assemblies_are_read(tmp_path: Path) -> None:
    written(tmp_path / "inner", {"Inner": stack("a")}, a={"Resources": {"Key": KEY}})
    outer = written(tmp_path, {"Stage": {"type": "cdk:cloud-assembly", "properties": {"directoryName": "inner"}}})
    assert [one.name for one in read(outer)] == ["Inner"]


def test_a_value_of_another_stack_is_resolved_and_stands_literally_in_the_template(tmp_path: Path) -> None:
    outputs = {"Arn": {"Value": {"Fn::GetAtt": ["Raw", "Arn"]}}}
    lasting = {"Resources": {"Raw": {"Type": "AWS::S3::Bucket"}}, "Outputs": outputs}
    taken = {"Fn::GetStackOutput": {"StackName": "One", "OutputName": "Arn"}}
    user = {"Resources": {"Trail": {"Type": "AWS::CloudTrail::Trail", "Properties": {"S3BucketName": taken}}}}
    _, two = read(written(tmp_path, {"One": stack("a"), "Two": stack("b")}, a=lasting, b=user))
    assert two.resources["Trail"].properties == {"S3BucketName": "arn:aws:s3:::one-raw"}
    assert two.template["Resources"]["Trail"]["Properties"] == {"S3BucketName": "arn:aws:s3:::one-raw"}
    assert two.resolver.template["Resources"]["Trail"]["Properties"] == {"S3BucketName": taken}


@pytest.mark.parametrize(
    ("function", "value"),
    [
        ({"Ref": "AWS::AccountId"}, "111122223333"),
        ({"Ref": "Topic"}, "arn:aws:sns:eu-west-1:111122223333:Topic"),
        ({"Ref": "Queue"}, "https://sqs.eu-west-1.amazonaws.com/111122223333/Queue"),
        ({"Fn::GetAtt": ["Queue", "Arn"]}, "arn:aws:sqs:eu-west-1:111122223333:Queue"),
        ({"Fn::GetAtt": "Queue.QueueName"}, "Queue"),
        ({"Fn::Join": ["/", ["a", {"Ref": "AWS::Region"}]]}, "a/eu-west-1"),
        ({"Fn::Sub": "arn:${AWS::Partition}:${Queue.Arn}"}, "arn:aws:arn:aws:sqs:eu-west-1:111122223333:Queue"),
        ({"Fn::Sub": ["${x}-${AWS::Region}", {"x": "a"}]}, "a-eu-west-1"),
        ({"Fn::Select": [1, {"Fn::Split": [":", "a:b:c"]}]}, "b"),
        ({"Fn::Select": [0, {"Fn::GetAZs": ""}]}, "eu-west-1a"),
        ({"Fn::If": ["Prod", "yes", "no"]}, "yes"),
        ({"Fn::Base64": "x"}, "eA=="),
        ([{"Ref": "AWS::NoValue"}, "x"], ["x"]),
        ({"a": {"Ref": "AWS::NoValue"}, "b": 1}, {"b": 1}),
    ],
)
def test_an_intrinsic_function_becomes_what_it_would_be(function: object, value: object) -> None:
    one = stack_of({"Topic": {"Type": "AWS::SNS::Topic"}, "Queue": {"Type": "AWS::SQS::Queue"}})
    assert one.resolver.resolve(function) == value
