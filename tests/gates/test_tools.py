"""Each public checker is really asked, and its answer becomes one finding with a place and an advice."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from gates.checking import by_rules, by_tools
from gates.findings import Finding
from gates.rules.events import wrong_expression
from tests.gates.conftest import stack_of

ROOT = Path(__file__).resolve().parents[2]
ROLE = {
    "Type": "AWS::IAM::Role",
    "Properties": {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow"}]}},
}


def policy(**statement: object) -> dict[str, object]:
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]}
    return {
        "Role": ROLE,
        "Policy": {
            "Type": "AWS::IAM::Policy",
            "Properties": {"PolicyName": "P", "PolicyDocument": document, "Roles": [{"Ref": "Role"}]},
        },
    }


def said(tool: str, resources: dict[str, object], folder: Path) -> list[Finding]:
    return by_tools([stack_of(resources)], folder, [tool])


@pytest.mark.parametrize(
    ("tool", "resources", "rule", "where"),
    [
        ("cdk-nag", {"Raw": {"Type": "AWS::S3::Bucket"}}, "NIST.800.53.R5-S3BucketVersioningEnabled", "Raw"),
        ("cdk-nag", policy(Action="s3:*", Resource="*"), "AwsSolutions-IAM5", "Policy"),
        ("checkov", {"Raw": {"Type": "AWS::S3::Bucket"}}, "CKV_AWS_53", "Raw"),
        ("cfn-lint", {"Raw": {"Type": "AWS::S3::Bucket", "Properties": {"Colour": "red"}}}, "cfn-lint-E3002", "Raw"),
        ("cloudformation-validate", {"Raw": {"Type": "AWS::S3::Bukket"}}, "validate-F3006", "Raw"),
        ("parliament", policy(Action="s3:GetObjekt", Resource="*"), "parliament-UNKNOWN_ACTION", "Policy"),
    ],
)
def test_a_checker_names_the_resource(
    tool: str, resources: dict[str, object], rule: str, where: str, tmp_path: Path
) -> None:
    found = [one for one in said(tool, resources, tmp_path) if one.rule == rule]
    assert {(one.stack, one.where) for one in found} == {("Criba-prod-Storage", where)}
    assert all(one.advice for one in found)


def test_what_the_cdk_cannot_load_is_a_finding_not_a_crash(tmp_path: Path) -> None:
    broken = {
        "Raw": {"Type": "AWS::S3::BucketPolicy", "Properties": {"Bucket": {"Ref": "Nobody"}, "PolicyDocument": {}}}
    }
    (found,) = [one for one in said("cdk-nag", broken, tmp_path) if one.rule == "cdk"]
    assert "Nobody" in found.advice


def test_templates_that_a_rule_cannot_read_are_a_finding_not_a_crash() -> None:
    found = by_rules([stack_of({"Rule": {"Type": "AWS::Events::Rule", "Properties": {"Targets": [7]}}})])
    assert [one.detail for one in found if one.rule == "malformed"]


@pytest.mark.parametrize(
    ("expression", "wrong"),
    [
        ("cron(0 2 * * ? *)", None),
        ("cron(0/15 8-18 ? * MON-FRI *)", None),
        ("cron(0 4 L * ? *)", None),
        ("cron(0 4 ? * 6#1 2026-2030)", None),
        ("rate(1 hour)", None),
        ("rate(5 minutes)", None),
        ("at(2026-11-24T20:00:00)", None),
        ("cron(0 2 * * * *)", 'write "?" in exactly one of the two day fields'),
        ("cron(0 2 * * ?)", "write six fields, such as cron(0 2 * * ? *)"),
        ("cron(60 2 * * ? *)", "'60' is no field from 0 to 59"),
        ("cron(0 2 ? * SUNDAY *)", "'SUNDAY' is no field from 1 to 7"),
        ("cron(0 2 31-1 * ? *)", "'31-1' is no field from 1 to 31"),
        ("rate(1 hours)", "write rate(1 hour) or rate(2 hours)"),
        ("rate(2 hour)", "write rate(1 hour) or rate(2 hours)"),
        ("every night", "write six fields, such as cron(0 2 * * ? *)"),
    ],
)
def test_a_schedule_expression_is_one_that_aws_takes(expression: str, wrong: str | None) -> None:
    assert wrong_expression(expression) == wrong


def test_the_command_prints_one_line_a_finding_and_exits_with_1(tmp_path: Path) -> None:
    template = {"Resources": {"Raw": {"Type": "AWS::S3::Bucket"}}}
    artifact = {"type": "aws:cloudformation:stack", "properties": {"templateFile": "shop.json"}}
    (tmp_path / "shop.json").write_text(json.dumps(template))
    (tmp_path / "manifest.json").write_text(json.dumps({"artifacts": {"Shop": artifact}}))
    done = gates(tmp_path)
    assert done.returncode == 1, done.stderr
    assert "S3-02: Shop/Raw: has no policy: refuse plain transport and other keys" in done.stdout.splitlines()
    rules = {line.split(":")[0] for line in done.stdout.splitlines()}
    assert {"S3-01", "S3-06", "CKV_AWS_53", "AwsSolutions-S1"} <= rules
    assert "register" not in rules


def test_a_folder_that_is_no_assembly_is_refused_in_one_line(tmp_path: Path) -> None:
    done = gates(tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"{tmp_path}: no manifest.json: give the folder that `cdk synth --output` wrote\n"


def gates(assembly: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "gates", str(assembly)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
