"""With `network = "private"` every job is inside a network that has no way out; without it there is no network."""

import json
import re
from functools import cache
from typing import Any

import aws_cdk as cdk

from stacks.config import load
from stacks.environment import build
from tests.infrastructure.conftest import FLAGS, Templates


@cache
def private() -> dict[str, Any]:
    """Every resource of production with a private network, by logical id."""
    app = cdk.App(context=FLAGS)
    build(app, load("prod", network="private"))
    return {id_: one for stack in app.synth().stacks for id_, one in stack.template["Resources"].items()}


def of(type_: str) -> list[dict[str, Any]]:
    return [one["Properties"] for one in private().values() if one["Type"] == type_]


def test_without_it_there_is_no_network(templates: Templates) -> None:
    text = json.dumps(templates.all())
    assert "AWS::EC2::" not in text
    assert "ec2:" not in text
    assert "VpcConfig" not in text
    assert "AWS::Glue::Connection" not in text


def test_the_network_has_two_zones_and_no_way_to_the_internet() -> None:
    types = {one["Type"] for one in private().values()}
    assert not types & {"AWS::EC2::InternetGateway", "AWS::EC2::NatGateway", "AWS::EC2::EIP", "AWS::EC2::Route"}
    assert sorted(one["AvailabilityZone"] for one in of("AWS::EC2::Subnet")) == ["eu-west-1a", "eu-west-1b"]
    assert not any(one.get("MapPublicIpOnLaunch") for one in of("AWS::EC2::Subnet"))


def test_every_service_that_jobs_call_has_an_endpoint_for_this_account() -> None:
    named = [json.dumps(one["ServiceName"]) for one in of("AWS::EC2::VPCEndpoint")]
    services = [re.search(r'(?:eu-west-1|")\.([a-z0-9.]+)"[\]}]*$', one) for one in named]
    assert {service[1] for service in services if service} == {
        *("s3", "sagemaker.api", "ecr.api", "ecr.dkr", "logs", "sts", "kms", "glue", "monitoring")
    }
    for endpoint in of("AWS::EC2::VPCEndpoint"):
        ours, *layers = endpoint["PolicyDocument"]["Statement"]
        assert ours["Condition"] == {"StringEquals": {"aws:PrincipalAccount": "333333333333"}}
        assert [one["Resource"] for one in layers] in ([], ["arn:aws:s3:::prod-eu-west-1-starport-layer-bucket/*"])


def test_only_workers_of_a_job_reach_a_worker() -> None:
    (jobs,) = [
        id_ for id_, one in private().items() if one["Type"] == "AWS::EC2::SecurityGroup" and id_.startswith("Jobs")
    ]
    own = {"Fn::GetAtt": [jobs, "GroupId"]}
    entering = [one for one in of("AWS::EC2::SecurityGroupIngress") if one["GroupId"] == own]
    assert [one["SourceSecurityGroupId"] for one in entering] == [own]
    leaving = [one for one in of("AWS::EC2::SecurityGroup") if one["GroupDescription"].endswith("Jobs")]
    assert [(one["CidrIp"], one["FromPort"]) for one in leaving[0]["SecurityGroupEgress"]] == [("0.0.0.0/0", 443)]


def test_every_job_and_model_is_inside() -> None:
    jobs = of("AWS::Glue::Job")
    assert len(jobs) == 7
    assert all(len(job["Connections"]["Connections"]) == 2 for job in jobs)
    assert len(of("AWS::Glue::Connection")) == 2
    text = json.dumps([one["DefinitionString"] for one in of("AWS::StepFunctions::StateMachine")])
    starts = [text.count(f"sagemaker:create{kind}") for kind in ("TrainingJob", "ProcessingJob", "Model\\")]
    assert text.count("VpcConfig") == sum(starts) > 3


def test_roles_of_jobs_may_join_the_network_and_nothing_else_of_it() -> None:
    joining = {
        id_
        for id_, one in private().items()
        if one["Type"] == "AWS::IAM::Policy" and "ec2:CreateNetworkInterface" in json.dumps(one)
    }
    assert len(joining) == 9
    creating = [
        statement["Resource"]
        for id_ in joining
        for statement in private()[id_]["Properties"]["PolicyDocument"]["Statement"]
        if "ec2:CreateNetworkInterface" in statement["Action"]
    ]
    assert all(isinstance(resources, list) and "*" not in resources for resources in creating)
